// Choices: a fuzzer's input as a stream of small choices. At its end everything is zero and empty.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace mayfly::runtime {

class Choices {
 public:
  Choices(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  bool empty() const { return size_ == 0; }
  uint8_t Byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  // At most `most` bytes.
  std::string Text(size_t most) {
    const size_t length = std::min<size_t>({Byte(), most, size_});
    std::string text(reinterpret_cast<const char*>(data_), length);
    data_ += length;
    size_ -= length;
    return text;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

}  // namespace mayfly::runtime
