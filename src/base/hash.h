// Hashes and MACs (OpenSSL, algorithms fetched once).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace mayfly {

using Sha256Digest = std::array<unsigned char, 32>;

Sha256Digest Sha256(std::string_view bytes);
std::string Sha256Hex(std::string_view bytes);
Sha256Digest HmacSha256(std::string_view key, std::string_view bytes);

inline std::string_view AsView(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
// Compares without telling by its duration where the difference is. Different lengths are different.
bool EqualConstantTime(std::string_view a, std::string_view b);

// SHA-256 of bytes that come in pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  void Update(std::string_view bytes);
  Sha256Digest Finish();

 private:
  void* context_;
};

}  // namespace mayfly
