#include "base/json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <simdjson.h>

namespace mayfly::json {
namespace {

namespace od = simdjson::ondemand;

od::parser& ThreadParser() {
  thread_local od::parser parser;
  return parser;
}

// Copies the text into a padded buffer of this thread: simdjson reads a little past the end.
od::parser& LoadPadded(std::string_view text, simdjson::padded_string_view& padded) {
  thread_local std::string buffer;
  constexpr size_t kKeep = 1 << 20;
  if (buffer.capacity() > kKeep && text.size() < kKeep) std::string().swap(buffer);
  buffer.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  buffer.assign(text);
  padded = simdjson::padded_string_view(buffer.data(), text.size(), buffer.capacity());
  return ThreadParser();
}

bool IsJsonNumber(std::string_view text) {
  size_t i = 0;
  auto digits = [&] {
    const size_t start = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i > start;
  };
  if (i < text.size() && text[i] == '-') ++i;
  if (i < text.size() && text[i] == '0') {
    ++i;
  } else if (!digits()) {
    return false;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

std::string_view TrimEnd(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

using Status = simdjson::error_code;

// How strings are read. simdjson refuses halves of surrogate pairs, so a document in which it finds a bad string is read once more.
enum class Surrogates : unsigned char { InPairs, Any };

void AppendCodeUnit(uint32_t unit, std::string& out) {
  if (unit < 0x80) {
    out.push_back(static_cast<char>(unit));
  } else if (unit < 0x800) {
    out.push_back(static_cast<char>(0xC0 | unit >> 6));
    out.push_back(static_cast<char>(0x80 | (unit & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xE0 | unit >> 12));
    out.push_back(static_cast<char>(0x80 | (unit >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (unit & 0x3F)));
  }
}

void AppendPair(uint32_t high, uint32_t low, std::string& out) {
  const uint32_t point = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
  out.push_back(static_cast<char>(0xF0 | point >> 18));
  out.push_back(static_cast<char>(0x80 | (point >> 12 & 0x3F)));
  out.push_back(static_cast<char>(0x80 | (point >> 6 & 0x3F)));
  out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
}

// The four hexadecimal digits at `digits`; -1 when they are none. A NUL ends the text, and is no digit.
int CodeUnitAt(const char* digits) {
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = digits[i];
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (value < 0) return -1;
    unit = unit << 4 | value;
  }
  return unit;
}

bool IsHigh(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsLow(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

// The string whose characters begin at `at`, up to its closing quote, which simdjson has found. False: an escape that JSON has not.
bool Unescape(const char* at, std::string& out) {
  for (;;) {
    const char* plain = at;
    while (*at != '"' && *at != '\\') ++at;
    out.append(plain, at);
    if (*at == '"') return true;
    ++at;
    switch (const char escape = *at++) {
      case '"':
      case '\\':
      case '/': out.push_back(escape); break;
      case 'b': out.push_back('\b'); break;
      case 'f': out.push_back('\f'); break;
      case 'n': out.push_back('\n'); break;
      case 'r': out.push_back('\r'); break;
      case 't': out.push_back('\t'); break;
      case 'u': {
        const int unit = CodeUnitAt(at);
        if (unit < 0) return false;
        at += 4;
        const int next = IsHigh(unit) && at[0] == '\\' && at[1] == 'u' ? CodeUnitAt(at + 2) : -1;
        if (IsLow(next)) {
          AppendPair(static_cast<uint32_t>(unit), static_cast<uint32_t>(next), out);
          at += 6;
        } else {
          AppendCodeUnit(static_cast<uint32_t>(unit), out);
        }
        break;
      }
      default: return false;
    }
  }
}

// The next key of an object; `out` is null where it is only checked.
template <Surrogates surrogates, typename Source>
Status ReadKey(Source& field, std::string* out) {
  if constexpr (surrogates == Surrogates::InPairs) {
    std::string_view key;
    if (Status error = field.unescaped_key().get(key)) return error;
    if (out) *out = key;
    return simdjson::SUCCESS;
  } else {
    od::raw_json_string raw;
    std::string key;
    if (Status error = field.key().get(raw)) return error;
    if (!Unescape(raw.raw(), key)) return simdjson::STRING_ERROR;
    if (out) *out = std::move(key);
    return simdjson::SUCCESS;
  }
}

template <Surrogates surrogates, typename Source>
Status ReadString(Source& source, Value* out) {
  if constexpr (surrogates == Surrogates::InPairs) {
    std::string_view text;
    if (Status error = source.get_string().get(text)) return error;
    if (out) *out = Value(text);
    return simdjson::SUCCESS;
  } else {
    od::raw_json_string raw;
    std::string text;
    if (Status error = source.get_raw_json_string().get(raw)) return error;
    if (!Unescape(raw.raw(), text)) return simdjson::STRING_ERROR;
    if (out) *out = Value(std::move(text));
    return simdjson::SUCCESS;
  }
}

// Walks a document; with `out` it builds the value, without it only checks. `depth`: of the lists and objects around it.
template <Surrogates surrogates, typename Source>
Status Read(Source&& source, Value* out, int depth) {
  od::json_type type;
  if (Status error = source.type().get(type)) return error;
  switch (type) {
    case od::json_type::object: {
      if (depth >= kJsonDepthMax) return simdjson::DEPTH_ERROR;
      od::object object;
      if (Status error = source.get_object().get(object)) return error;
      Object members;
      for (auto field : object) {
        std::string key;
        if (Status error = ReadKey<surrogates>(field, out ? &key : nullptr)) return error;
        od::value inner;
        if (Status error = field.value().get(inner)) return error;
        Value member;
        if (Status error = Read<surrogates>(inner, out ? &member : nullptr, depth + 1)) return error;
        if (out) members.emplace_back(std::move(key), std::move(member));
      }
      if (out) *out = Value(std::move(members));
      return simdjson::SUCCESS;
    }
    case od::json_type::array: {
      if (depth >= kJsonDepthMax) return simdjson::DEPTH_ERROR;
      od::array array;
      if (Status error = source.get_array().get(array)) return error;
      Array items;
      for (auto item : array) {
        od::value inner;
        if (Status error = item.get(inner)) return error;
        Value element;
        if (Status error = Read<surrogates>(inner, out ? &element : nullptr, depth + 1)) return error;
        if (out) items.push_back(std::move(element));
      }
      if (out) *out = Value(std::move(items));
      return simdjson::SUCCESS;
    }
    case od::json_type::string: return ReadString<surrogates>(source, out);
    case od::json_type::boolean: {
      bool flag;
      if (Status error = source.get_bool().get(flag)) return error;
      if (out) *out = Value(flag);
      return simdjson::SUCCESS;
    }
    case od::json_type::null: {
      if constexpr (requires { source.is_null().get(std::declval<bool&>()); }) {
        bool null = false;
        if (Status error = source.is_null().get(null)) return error;
        if (!null) return simdjson::N_ATOM_ERROR;
      } else {
        if (!source.is_null()) return simdjson::N_ATOM_ERROR;
      }
      if (out) *out = Value(nullptr);
      return simdjson::SUCCESS;
    }
    case od::json_type::number: break;
  }
  std::string_view raw;
  if constexpr (requires { source.raw_json_token().size(); }) {
    raw = source.raw_json_token();
  } else {
    if (Status error = source.raw_json_token().get(raw)) return error;
  }
  const std::string number(TrimEnd(raw));
  // Consumes the token; a number that simdjson cannot hold (more than 64 bits) is still a JSON number.
  double ignored;
  (void)source.get_double().get(ignored);
  if (!IsJsonNumber(number)) return simdjson::NUMBER_ERROR;
  if (out) *out = Value(Number{number});
  return simdjson::SUCCESS;
}

// A scalar at the root needs its own care in simdjson 3.0: numbers beyond 64 bits, trailing bytes.
template <Surrogates surrogates>
Status ReadDocumentWith(std::string_view text, Value* out) {
  std::string_view trimmed = TrimEnd(text);
  while (!trimmed.empty() && (trimmed.front() == ' ' || trimmed.front() == '\n' || trimmed.front() == '\r' || trimmed.front() == '\t')) {
    trimmed.remove_prefix(1);
  }
  if (trimmed.empty()) return simdjson::EMPTY;
  if (trimmed.front() == '-' || (trimmed.front() >= '0' && trimmed.front() <= '9')) {
    if (!IsJsonNumber(trimmed)) return simdjson::NUMBER_ERROR;
    if (out) *out = Value(Number{std::string(trimmed)});
    return simdjson::SUCCESS;
  }
  simdjson::padded_string_view padded;
  od::parser& parser = LoadPadded(trimmed, padded);
  od::document document;
  if (Status error = parser.iterate(padded).get(document)) return error;
  if (trimmed.front() == '{' || trimmed.front() == '[') {
    od::value root;
    if (Status error = document.get_value().get(root)) return error;
    if (Status error = Read<surrogates>(root, out, 0)) return error;
  } else if (Status error = Read<surrogates>(document, out, 0)) {
    return error;
  }
  const char* rest = nullptr;
  return document.current_location().get(rest) ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

Status ReadDocument(std::string_view text, Value* out) {
  const Status status = ReadDocumentWith<Surrogates::InPairs>(text, out);
  return status == simdjson::STRING_ERROR ? ReadDocumentWith<Surrogates::Any>(text, out) : status;
}

// Whether the three bytes at `at` stand for half of a surrogate pair.
bool IsHalf(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  return at + 3 <= text.size() && byte(0) == 0xED && byte(1) >= 0xA0 && byte(1) <= 0xBF && byte(2) >= 0x80 && byte(2) <= 0xBF;
}

}  // namespace

Value::Value(double value) {
  if (!std::isfinite(value)) {
    data_ = nullptr;
    return;
  }
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  data_ = Number{std::string(buffer, end.ptr)};
}

Result<int64_t> Value::AsInt64() const {
  if (!is_number()) return Fail(Error::Fault("not a number"));
  const std::string& text = number_text();
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  const auto as_double = AsDouble();
  if (as_double && std::trunc(*as_double) == *as_double && std::abs(*as_double) < 9.0e18) return static_cast<int64_t>(*as_double);
  return Fail(Error::Fault(fmt::format("not a 64-bit integer: {}", text)));
}

Result<double> Value::AsDouble() const {
  if (!is_number()) return Fail(Error::Fault("not a number"));
  const std::string& text = number_text();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return Fail(Error::Fault(fmt::format("not a double: {}", text)));
  return value;
}

const Value* Value::Find(std::string_view key) const {
  if (!is_object()) return nullptr;
  const Object& members = object();
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    if (member->first == key) return &member->second;
  }
  return nullptr;
}

Value* Value::Find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).Find(key)); }

void Value::Set(std::string_view key, Value value) {
  if (is_null()) data_ = Object();
  if (Value* found = Find(key)) {
    *found = std::move(value);
  } else {
    object().emplace_back(std::string(key), std::move(value));
  }
}

std::string_view Value::StringOr(std::string_view key, std::string_view fallback) const {
  const Value* found = Find(key);
  return found && found->is_string() ? std::string_view(found->string()) : fallback;
}

int64_t Value::IntOr(std::string_view key, int64_t fallback) const {
  const Value* found = Find(key);
  if (!found || !found->is_number()) return fallback;
  return found->AsInt64().value_or(fallback);
}

bool Value::BoolOr(std::string_view key, bool fallback) const {
  const Value* found = Find(key);
  return found && found->is_bool() ? found->boolean() : fallback;
}

Result<Value> Parse(std::string_view text) {
  Value value;
  if (Status error = ReadDocument(text, &value)) {
    return Fail(Error::Fault(fmt::format("invalid JSON: {}", simdjson::error_message(error))));
  }
  return value;
}

bool IsValidJson(std::string_view text) { return ReadDocument(text, nullptr) == simdjson::SUCCESS; }

// Of a JSON string's characters: whether it is written as it is.
constexpr std::array<bool, 256> kStandsForItself = [] {
  std::array<bool, 256> plain{};
  for (size_t byte = 0x20; byte < 0x80; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

namespace {

enum class Halves : unsigned char { Replaced, Escaped };

constexpr char kHex[] = "0123456789abcdef";

void WriteHalf(std::string_view bytes, std::string& out) {
  const auto bits = [&](size_t i) { return static_cast<unsigned char>(bytes[i]) & 0x3Fu; };
  out += "\\ud";
  out.push_back(kHex[bits(1) >> 2]);
  out.push_back(kHex[(bits(1) & 3) << 2 | bits(2) >> 4]);
  out.push_back(kHex[bits(2) & 15]);
}

void WriteStringWith(Halves halves, std::string_view text, std::string& out) {
  out.push_back('"');
  size_t i = 0;
  while (i < text.size()) {
    const size_t start = i;
    while (i < text.size() && kStandsForItself[static_cast<unsigned char>(text[i])]) ++i;
    out.append(text, start, i - start);
    if (i == text.size()) break;
    const unsigned char byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      ++i;
      switch (byte) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        default:
          out += "\\u00";
          out.push_back(kHex[byte >> 4]);
          out.push_back(kHex[byte & 15]);
      }
      continue;
    }
    if (halves == Halves::Escaped && IsHalf(text, i)) {
      WriteHalf(text.substr(i, 3), out);
      i += 3;
      continue;
    }
    size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    if (byte < 0xC2 || byte > 0xF4 || i + length > text.size() || !simdjson::validate_utf8(text.data() + i, length)) {
      out += "\xEF\xBF\xBD";
      ++i;
      continue;
    }
    out.append(text.substr(i, length));
    i += length;
  }
  out.push_back('"');
}

}  // namespace

void WriteString(std::string_view text, std::string& out) { WriteStringWith(Halves::Replaced, text, out); }

std::string ToUtf8(std::string text) {
  for (size_t at = text.find('\xED'); at != std::string::npos; at = text.find('\xED', at + 1)) {
    if (IsHalf(text, at)) text.replace(at, 3, "\xEF\xBF\xBD");
  }
  return text;
}

std::string Quote(std::string_view text) {
  std::string out;
  WriteString(text, out);
  return out;
}

void WriteTo(const Value& value, std::string& out) {
  if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.boolean() ? "true" : "false";
  } else if (value.is_number()) {
    out += value.number_text();
  } else if (value.is_string()) {
    WriteStringWith(Halves::Escaped, value.string(), out);
  } else if (value.is_array()) {
    out.push_back('[');
    bool first = true;
    for (const Value& item : value.array()) {
      if (!std::exchange(first, false)) out.push_back(',');
      WriteTo(item, out);
    }
    out.push_back(']');
  } else {
    out.push_back('{');
    bool first = true;
    for (const auto& [key, member] : value.object()) {
      if (!std::exchange(first, false)) out.push_back(',');
      WriteStringWith(Halves::Escaped, key, out);
      out.push_back(':');
      WriteTo(member, out);
    }
    out.push_back('}');
  }
}

std::string Write(const Value& value) {
  std::string out;
  WriteTo(value, out);
  return out;
}

}  // namespace mayfly::json
