// SecretBytes: key material in memory, overwritten when it goes.
//
// Moved, never copied by accident. Any thread, one at a time.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace mayfly::keyring {

// Overwrites what the text holds, and empties it.
void Cleanse(std::string& text);

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  ~SecretBytes() { Cleanse(bytes_); }
  SecretBytes(SecretBytes&& other) noexcept : bytes_(other.bytes_) { Cleanse(other.bytes_); }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this == &other) return *this;
    Cleanse(bytes_);
    bytes_ = other.bytes_;
    Cleanse(other.bytes_);
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  std::string_view view() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
};

// Of the kernel's randomness, by OpenSSL. Any thread.
SecretBytes RandomBytes(size_t count);

}  // namespace mayfly::keyring
