#include "wire/cbor.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/encoding.h"
#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

constexpr unsigned kIndefinite = 31;
constexpr char kBreak = '\xff';

// IEEE 754 of 16 bits.
double HalfToDouble(unsigned half) {
  const int exponent = static_cast<int>(half >> 10 & 0x1f);
  const int fraction = static_cast<int>(half & 0x3ff);
  double value = std::numeric_limits<double>::infinity();
  if (exponent == 0) value = std::ldexp(fraction, -24);
  else if (exponent < 31) value = std::ldexp(fraction + 1024, exponent - 25);
  else if (fraction != 0) value = std::numeric_limits<double>::quiet_NaN();
  return half & 0x8000 ? -value : value;
}

CborItem::Kind KindOf(unsigned major) { return static_cast<CborItem::Kind>(major); }

void PutNumber(uint64_t number, int bytes, std::string& out) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift & 0xff));
}

}  // namespace

Error CborReader::Malformed(std::string_view what) { return SerializationError(fmt::format("The request body is not valid CBOR: {}", what)); }

Result<std::string_view> CborReader::TakeBytes(uint64_t count) {
  if (count > rest_.size()) return Fail(Malformed("it ends too early"));
  const std::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

// What the low five bits of a head say, or the bytes behind it.
Result<uint64_t> CborReader::TakeArgument(unsigned info) {
  if (info < 24) return info;
  if (info > 27) return Fail(Malformed("it has a reserved length"));
  MF_TRY(const std::string_view bytes, TakeBytes(uint64_t{1} << (info - 24)));
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

bool CborReader::TakeBreak() {
  if (!rest_.starts_with(kBreak)) return false;
  rest_.remove_prefix(1);
  return true;
}

// A string of definite length, or the chunks of an indefinite one, which are definite strings of the same kind.
Result<std::string> CborReader::TakeString(unsigned major, unsigned info) {
  if (info != kIndefinite) {
    MF_TRY(const uint64_t size, TakeArgument(info));
    MF_TRY(const std::string_view bytes, TakeBytes(size));
    return std::string(bytes);
  }
  std::string all;
  while (!TakeBreak()) {
    MF_TRY(const std::string_view head, TakeBytes(1));
    const auto byte = static_cast<unsigned char>(head[0]);
    if (byte >> 5 != major || (byte & 0x1f) == kIndefinite) return Fail(Malformed("a string has a part that is none"));
    MF_TRY(const std::string part, TakeString(major, byte & 0x1f));
    all += part;
  }
  return all;
}

Result<CborItem> CborReader::TakeSimple(unsigned info) {
  switch (info) {
    case 20:
    case 21: return CborItem{.kind = CborItem::Kind::Boolean, .boolean = info == 21};
    case 22:
    case 23: return CborItem{.kind = CborItem::Kind::Null};  // undefined is absence as well
    case 25:
    case 26:
    case 27: break;
    default: return Fail(Malformed("it has a simple value that means nothing"));
  }
  MF_TRY(const uint64_t bits, TakeArgument(info));
  CborItem item{.kind = CborItem::Kind::Float};
  if (info == 25) item.number = HalfToDouble(static_cast<unsigned>(bits));
  else if (info == 26) item.number = std::bit_cast<float>(static_cast<uint32_t>(bits));
  else item.number = std::bit_cast<double>(bits);
  return item;
}

Result<CborItem> CborReader::Next() {
  if (++items_ > kCborItemsMax) return Fail(Malformed("it has too many items"));
  MF_TRY(const std::string_view head, TakeBytes(1));
  const unsigned major = static_cast<unsigned char>(head[0]) >> 5;
  const unsigned info = static_cast<unsigned char>(head[0]) & 0x1f;
  if (major == 7) return TakeSimple(info);
  CborItem item{.kind = KindOf(major)};
  if (item.is(CborItem::Kind::Bytes) || item.is(CborItem::Kind::Text)) {
    MF_TRY(item.text, TakeString(major, info));
    if (item.is(CborItem::Kind::Text) && !IsValidUtf8(item.text)) return Fail(Malformed("a text is not in UTF-8"));
    return item;
  }
  item.indefinite = info == kIndefinite && (item.is(CborItem::Kind::Array) || item.is(CborItem::Kind::Map));
  if (!item.indefinite) {
    MF_TRY(item.value, TakeArgument(info));
  }
  return item;
}

Result<> CborReader::Skip(const CborItem& item) {
  const auto skip_one = [this]() -> Result<> {
    MF_TRY(const CborItem inner, Next());
    return Skip(inner);
  };
  if (item.is(CborItem::Kind::Array)) return ForEach(item, skip_one);
  if (item.is(CborItem::Kind::Tag)) return ForEach(CborItem{.value = 1}, skip_one);
  if (!item.is(CborItem::Kind::Map)) return {};
  return ForEach(item, [&]() -> Result<> {
    MF_TRY_VOID(skip_one());
    return skip_one();
  });
}

void CborWriter::Head(unsigned major, uint64_t argument) {
  const auto put = [&](unsigned info, int bytes) {
    out_.push_back(static_cast<char>(major << 5 | info));
    PutNumber(argument, bytes, out_);
  };
  if (argument < 24) put(static_cast<unsigned>(argument), 0);
  else if (argument <= 0xff) put(24, 1);
  else if (argument <= 0xffff) put(25, 2);
  else if (argument <= 0xffff'ffff) put(26, 4);
  else put(27, 8);
}

void CborWriter::String(unsigned major, std::string_view bytes) {
  Head(major, bytes.size());
  out_ += bytes;
}

void CborWriter::Integer(int64_t number) {
  if (number >= 0) Head(0, static_cast<uint64_t>(number));
  else Head(1, ~static_cast<uint64_t>(number));
}

void CborWriter::Double(double number) {
  out_ += '\xfb';
  PutNumber(std::bit_cast<uint64_t>(number), 8, out_);
}

}  // namespace mayfly::wire
