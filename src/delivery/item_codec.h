// What items of lanes are written with: a format byte, then members in their order: a number as 8 bytes, little-endian; a
// text as its length and its bytes. Old forms stay readable: a change of form takes another format byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mayfly::delivery {

class ItemWriter {
 public:
  // `bytes`: about how long it will be.
  ItemWriter(char format, size_t bytes) {
    out_.reserve(bytes);
    out_ += format;
  }
  ItemWriter& Number(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) out_ += static_cast<char>(value >> shift & 0xff);
    return *this;
  }
  ItemWriter& Text(std::string_view text) {
    Number(text.size());
    out_ += text;
    return *this;
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// Reads what ItemWriter wrote. Any bytes may come: after some that do not fit everything is empty, and at_end() is false.
class ItemReader {
 public:
  explicit ItemReader(std::string_view bytes) : left_(bytes), ok_(!bytes.empty()) {
    if (!ok_) return;
    format_ = left_.front();
    left_.remove_prefix(1);
  }
  char format() const { return format_; }  // '\0': there is nothing

  uint64_t Number() {
    if (!ok_ || left_.size() < 8) return Spoil(), 0;
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value |= uint64_t{static_cast<unsigned char>(left_[static_cast<size_t>(i)])} << (8 * i);
    left_.remove_prefix(8);
    return value;
  }
  int Count() { return static_cast<int>(NumberUpTo(INT32_MAX)); }
  uint64_t NumberUpTo(uint64_t most) {
    const uint64_t value = Number();
    if (value > most) return Spoil(), 0;
    return value;
  }
  std::string Text() {
    const uint64_t size = Number();
    if (!ok_ || size > left_.size()) return Spoil(), std::string();
    std::string text(left_.substr(0, size));
    left_.remove_prefix(size);
    return text;
  }
  void Spoil() { ok_ = false; }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && left_.empty(); }

 private:
  std::string_view left_;
  char format_ = '\0';
  bool ok_;
};

}  // namespace mayfly::delivery
