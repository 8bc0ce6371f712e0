// JSON values for the control plane. Invoke payloads never become a Value: they are passed on as bytes (IsValidJson).
//
// Numbers keep their text (1.0 stays "1.0", 20 digits stay 20 digits). Key order and duplicate keys are kept; Find gives
// the last of duplicates. Parsing refuses documents with more than kJsonDepthMax lists and objects in each other, invalid UTF-8 and
// trailing bytes.
//
// Half of a surrogate pair ("\\ud83d", what JavaScript writes for a cut emoji) is JSON, and no character: in a Value's strings it stands as
// the three bytes that UTF-8 would have for it, and is written as the escape again. Who takes such a string elsewhere calls ToUtf8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace mayfly::json {

inline constexpr int kJsonDepthMax = 1000;  // as AWS's parsers have it

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;
using Object = std::vector<Member>;

struct Number {
  std::string text;
  bool operator==(const Number&) const = default;
};

class Value {
 public:
  Value() : data_(nullptr) {}
  Value(std::nullptr_t) : data_(nullptr) {}
  Value(bool value) : data_(value) {}
  Value(int value) : Value(static_cast<int64_t>(value)) {}
  Value(int64_t value) : data_(Number{std::to_string(value)}) {}
  Value(uint64_t value) : data_(Number{std::to_string(value)}) {}
  Value(double value);
  Value(Number value) : data_(std::move(value)) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(Array value) : data_(std::move(value)) {}
  Value(Object value) : data_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_number() const { return std::holds_alternative<Number>(data_); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_object() const { return std::holds_alternative<Object>(data_); }

  // Callers have asked is_…() before; a wrong one is a bug.
  bool boolean() const { return std::get<bool>(data_); }
  const std::string& number_text() const { return std::get<Number>(data_).text; }
  const std::string& string() const { return std::get<std::string>(data_); }
  std::string& string() { return std::get<std::string>(data_); }
  const Array& array() const { return std::get<Array>(data_); }
  Array& array() { return std::get<Array>(data_); }
  const Object& object() const { return std::get<Object>(data_); }
  Object& object() { return std::get<Object>(data_); }

  // The number as an integer; error when it has a fraction or does not fit ("1e3" and "5.0" are integers).
  Result<int64_t> AsInt64() const;
  Result<double> AsDouble() const;

  // nullptr when this is no object or has no such member.
  const Value* Find(std::string_view key) const;
  Value* Find(std::string_view key);
  // Replaces or appends. A null value becomes an object first.
  void Set(std::string_view key, Value value);
  // Convenience for stored documents: the member's text or number, or the fallback when absent or of another type.
  std::string_view StringOr(std::string_view key, std::string_view fallback) const;
  int64_t IntOr(std::string_view key, int64_t fallback) const;
  bool BoolOr(std::string_view key, bool fallback) const;

  bool operator==(const Value&) const = default;

 private:
  std::variant<std::nullptr_t, bool, Number, std::string, Array, Object> data_;
};

// Error: a Fault whose message says what is wrong and where.
Result<Value> Parse(std::string_view text);
// Whether `text` is one JSON document, by the same rules as Parse, without building it.
bool IsValidJson(std::string_view text);

std::string Write(const Value& value);
void WriteTo(const Value& value, std::string& out);
// `text` as a JSON string with quotes. Invalid UTF-8 becomes U+FFFD.
void WriteString(std::string_view text, std::string& out);
std::string Quote(std::string_view text);
// A Value's string as text for others: halves of surrogate pairs become U+FFFD.
std::string ToUtf8(std::string text);

}  // namespace mayfly::json
