// DigestStream: MD5, SHA-1 or SHA-256 of bytes that come in pieces (OpenSSL). MD5 and SHA-1 are checksums that protocols ask for, not for
// secrets. A value that moves; one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace mayfly {

enum class DigestKind : unsigned char { Md5, Sha1, Sha256 };

class DigestStream {
 public:
  explicit DigestStream(DigestKind kind);
  DigestStream(DigestStream&&) noexcept;
  DigestStream& operator=(DigestStream&&) noexcept;
  ~DigestStream();

  void Update(std::string_view bytes);
  // The digest's bytes. Once.
  std::string Finish();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

// Of bytes that are here.
std::string DigestOf(DigestKind kind, std::string_view bytes);

}  // namespace mayfly
