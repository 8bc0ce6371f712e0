// CBOR (RFC 8949) item by item, without building values: what rpc-v2-cbor needs, and nothing else.
//
// Reading is strict: every length is checked against what is left, texts are UTF-8, and reserved forms, tags without an item and
// bytes behind the end are errors. Definite and indefinite lengths are both read; what is written is definite and the shortest.
// Bounds: kCborItemsMax items, kCborDepthMax levels. Pure, no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::wire {

inline constexpr size_t kCborItemsMax = 100'000;
inline constexpr int kCborDepthMax = 128;
inline constexpr uint64_t kCborTimeTag = 1;  // seconds since 1970

struct CborItem {
  enum class Kind : unsigned char { Unsigned, Negative, Bytes, Text, Array, Map, Tag, Boolean, Null, Float };
  Kind kind = Kind::Null;
  bool indefinite = false;  // of an Array or Map: it ends where AtBreak() says so
  bool boolean = false;
  // Unsigned: the number; Negative: what -1 is less by; Array and Map: how many items or pairs; Tag: its number, and the item comes next.
  uint64_t value = 0;
  double number = 0;
  std::string text;  // Bytes and Text, whole

  bool is(Kind wanted) const { return kind == wanted; }
};

class CborReader {
 public:
  // `bytes` outlives this.
  explicit CborReader(std::string_view bytes) : rest_(bytes) {}

  // The next item; of an Array, Map or Tag only its head. Error: SerializationException.
  Result<CborItem> Next();
  // Calls `each` for every element of an Array or pair of a Map, which it reads by Next, until the end.
  template <typename F>
  Result<> ForEach(const CborItem& container, F&& each) {
    if (++depth_ > kCborDepthMax) return Fail(Malformed("it has too many levels"));
    for (uint64_t i = 0; container.indefinite || i < container.value; ++i) {
      if (container.indefinite && TakeBreak()) break;
      MF_TRY_VOID(each());
    }
    --depth_;
    return {};
  }
  // Passes over an item whose head has been read, with all that it holds.
  Result<> Skip(const CborItem& item);
  bool done() const { return rest_.empty(); }

  // SerializationException that says what is wrong with the document.
  static Error Malformed(std::string_view what);

 private:
  bool TakeBreak();
  Result<uint64_t> TakeArgument(unsigned info);
  Result<std::string> TakeString(unsigned major, unsigned info);
  Result<std::string_view> TakeBytes(uint64_t count);
  Result<CborItem> TakeSimple(unsigned info);

  std::string_view rest_;
  size_t items_ = 0;
  int depth_ = 0;
};

// Appends items; a container's head is followed by its items. Never fails.
class CborWriter {
 public:
  explicit CborWriter(std::string& out) : out_(out) {}
  void Integer(int64_t number);
  void Double(double number);
  void Boolean(bool value) { out_ += value ? '\xf5' : '\xf4'; }
  void Null() { out_ += '\xf6'; }
  void Bytes(std::string_view bytes) { String(2, bytes); }
  void Text(std::string_view text) { String(3, text); }
  void Array(uint64_t count) { Head(4, count); }
  void Map(uint64_t pairs) { Head(5, pairs); }
  void Tag(uint64_t tag) { Head(6, tag); }

 private:
  void Head(unsigned major, uint64_t argument);
  void String(unsigned major, std::string_view bytes);

  std::string& out_;
};

}  // namespace mayfly::wire
