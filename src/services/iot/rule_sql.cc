// What compiled SQL makes of a message.
#include "services/iot/rule_sql.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "services/iot/sql_functions.h"

namespace mayfly::iot {
namespace {

using Optional = std::optional<json::Value>;

bool IsTrue(const Optional& value) { return value && value->is_bool() && value->boolean(); }

Optional MemberOf(const Optional& value, const std::string& name) {
  const json::Value* found = value && value->is_object() ? value->Find(name) : nullptr;
  return found ? Optional(*found) : std::nullopt;
}

Optional ElementOf(const Optional& value, const Optional& index) {
  if (!value || !index) return std::nullopt;
  if (value->is_object() && index->is_string()) return MemberOf(value, index->string());
  const auto at = index->is_number() ? index->AsInt64() : Result<int64_t>(Fail(Error::Fault("no number")));
  if (!value->is_array() || !at || *at < 0 || static_cast<size_t>(*at) >= value->array().size()) return std::nullopt;
  return value->array()[static_cast<size_t>(*at)];
}

// Whole numbers stay whole as long as they fit.
Optional Calculate(char sign, const json::Value& left, const json::Value& right) {
  if (sign == '+' && (left.is_string() || right.is_string())) return json::Value(TextOf(left) + TextOf(right));
  const auto whole_left = left.is_number() ? left.AsInt64() : Result<int64_t>(Fail(Error::Fault("no number")));
  const auto whole_right = right.is_number() ? right.AsInt64() : Result<int64_t>(Fail(Error::Fault("no number")));
  if (whole_left && whole_right) {
    int64_t result = 0;
    const int64_t a = *whole_left, b = *whole_right;
    if (sign == '+' && !__builtin_add_overflow(a, b, &result)) return json::Value(result);
    if (sign == '-' && !__builtin_sub_overflow(a, b, &result)) return json::Value(result);
    if (sign == '*' && !__builtin_mul_overflow(a, b, &result)) return json::Value(result);
    const bool is_safe = b != 0 && !(a == std::numeric_limits<int64_t>::min() && b == -1);
    if (sign == '%' && is_safe) return json::Value(a % b);
    if (sign == '/' && is_safe && a % b == 0) return json::Value(a / b);
  }
  const auto a = NumberOf(left), b = NumberOf(right);
  if (!a || !b || ((sign == '/' || sign == '%') && *b == 0)) return std::nullopt;
  const double result = sign == '+' ? *a + *b : sign == '-' ? *a - *b : sign == '*' ? *a * *b : sign == '/' ? *a / *b : std::fmod(*a, *b);
  return std::isfinite(result) ? Optional(NumberValue(result)) : std::nullopt;
}

// Below, equal or above; nullopt: they cannot be compared.
std::optional<int> Order(const json::Value& left, const json::Value& right) {
  if (left.is_string() && right.is_string()) return left.string().compare(right.string()) < 0 ? -1 : left.string() != right.string();
  const auto a = NumberOf(left), b = NumberOf(right);
  if (!a || !b) return std::nullopt;
  return *a < *b ? -1 : *a > *b;
}

bool AreEqual(const json::Value& left, const json::Value& right) {
  if (left.is_number() || right.is_number()) return Order(left, right) == 0;
  return left == right;
}

Optional Compare(const std::string& sign, const json::Value& left, const json::Value& right) {
  if (sign == "=") return json::Value(AreEqual(left, right));
  if (sign == "<>") return json::Value(!AreEqual(left, right));
  const auto order = Order(left, right);
  if (!order) return std::nullopt;
  return json::Value(sign == "<" ? *order < 0 : sign == "<=" ? *order <= 0 : sign == ">" ? *order > 0 : *order >= 0);
}

class Evaluation {
 public:
  Evaluation(const RuleMessage& message, const json::Value* document) : message_(message), document_(document) {}

  Optional Of(const Expression& expression) const {
    using Kind = Expression::Kind;
    const auto part = [&](size_t at) { return Of(expression.parts[at]); };
    switch (expression.kind) {
      case Kind::Literal: return expression.value;
      case Kind::Undefined: return std::nullopt;
      case Kind::Payload: return document_ ? Optional(*document_) : std::nullopt;
      case Kind::Name: return document_ ? MemberOf(Optional(*document_), expression.name) : std::nullopt;
      case Kind::Member: return MemberOf(part(0), expression.name);
      case Kind::Element: return ElementOf(part(0), part(1));
      case Kind::Negated: {
        const Optional value = part(0);
        return value ? Calculate('-', json::Value(0), *value) : std::nullopt;
      }
      case Kind::Not: {
        const Optional value = part(0);
        return value && value->is_bool() ? Optional(!value->boolean()) : std::nullopt;
      }
      case Kind::Operation: return Operation(expression);
      case Kind::In: return In(expression);
      case Kind::Case: return Case(expression);
      case Kind::Call: return Call(expression);
    }
    return std::nullopt;
  }

 private:
  Optional Operation(const Expression& expression) const {
    const Optional left = Of(expression.parts[0]);
    if (expression.name == "AND") return json::Value(IsTrue(left) && IsTrue(Of(expression.parts[1])));
    if (expression.name == "OR") return json::Value(IsTrue(left) || IsTrue(Of(expression.parts[1])));
    const Optional right = Of(expression.parts[1]);
    if (!left || !right) return std::nullopt;
    const char sign = expression.name.front();
    if (std::string_view("+-*/%").contains(sign)) return Calculate(sign, *left, *right);
    return Compare(expression.name, *left, *right);
  }

  Optional In(const Expression& expression) const {
    const Optional value = Of(expression.parts[0]);
    if (!value) return std::nullopt;
    const auto is_it = [&](const json::Value& item) { return AreEqual(*value, item); };
    if (expression.name == "array") {
      const Optional array = Of(expression.parts[1]);
      return array && array->is_array() ? Optional(std::ranges::any_of(array->array(), is_it)) : std::nullopt;
    }
    for (size_t i = 1; i < expression.parts.size(); ++i) {
      const Optional item = Of(expression.parts[i]);
      if (item && is_it(*item)) return json::Value(true);
    }
    return json::Value(false);
  }

  Optional Case(const Expression& expression) const {
    const auto& parts = expression.parts;
    for (size_t i = 0; i + 1 < parts.size(); i += 2) {
      if (IsTrue(Of(parts[i]))) return Of(parts[i + 1]);
    }
    return parts.size() % 2 == 1 ? Of(parts.back()) : std::nullopt;
  }

  Optional Call(const Expression& expression) const {
    std::vector<Optional> arguments;
    // encode(*, …) is of the payload's bytes, whatever they are.
    for (const Expression& part : expression.parts) {
      const bool is_raw = expression.name == "encode" && part.kind == Expression::Kind::Payload;
      arguments.push_back(is_raw ? Optional(json::Value(message_.payload)) : Of(part));
    }
    return CallFunction(expression.name, arguments, message_);
  }

  const RuleMessage& message_;
  const json::Value* document_;
};

}  // namespace

std::optional<json::Value> Evaluate(const Expression& expression, const RuleMessage& message, const json::Value* document) {
  return Evaluation(message, document).Of(expression);
}

bool RuleSql::Wants(const RuleMessage& message) const {
  if (!where_) return true;
  const auto document = json::Parse(message.payload);
  return IsTrue(Evaluate(*where_, message, document ? &*document : nullptr));
}

std::string RuleSql::Select(const RuleMessage& message) const {
  if (selected_.size() == 1 && selected_.front().expression.kind == Expression::Kind::Payload && selected_.front().name.empty()) return message.payload;
  const auto document = json::Parse(message.payload);
  const json::Value* payload = document ? &*document : nullptr;
  if (is_value_) {
    const Optional value = Evaluate(selected_.front().expression, message, payload);
    return value ? json::Write(*value) : std::string("{}");
  }
  json::Value result{json::Object()};
  for (const Selected& item : selected_) {
    const Optional value = Evaluate(item.expression, message, payload);
    if (!value) continue;
    if (!item.name.empty()) {
      result.Set(item.name, *value);
    } else if (value->is_object()) {
      for (const auto& [name, member] : value->object()) result.Set(name, member);
    }
  }
  return json::Write(result);
}

Result<std::string> RuleSql::FillTemplate(std::string_view text, const RuleMessage& message) {
  if (!text.contains("${")) return std::string(text);
  const auto document = json::Parse(message.payload);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (!text.substr(at).starts_with("${")) {
      out += text[at++];
      continue;
    }
    at += 2;
    MF_TRY(const Expression expression, ParseExpression(text, at));
    if (at >= text.size() || text[at] != '}') return Fail(Error::Service("SqlParseException", "A substitution template is not closed"));
    ++at;
    const Optional value = Evaluate(expression, message, document ? &*document : nullptr);
    out += value ? TextOf(*value) : "undefined";
  }
  return out;
}

}  // namespace mayfly::iot
