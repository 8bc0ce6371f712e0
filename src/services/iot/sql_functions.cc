#include "services/iot/sql_functions.h"

#include <algorithm>
#include <cmath>

#include "base/encoding.h"
#include "base/random.h"
#include "base/text.h"

namespace mayfly::iot {
namespace {

using Argument = std::optional<json::Value>;
using Arguments = std::vector<Argument>;

struct Function {
  std::string_view name;
  size_t arguments_min;
  size_t arguments_max;
  Argument (*call)(const Arguments& arguments, const RuleMessage& message);
};

Argument Known(json::Value value) { return value; }
Argument OfNumber(double number) { return std::isfinite(number) ? Argument(NumberValue(number)) : std::nullopt; }

// All arguments as texts or numbers; nullopt where one is none.
std::optional<std::string> TextAt(const Arguments& arguments, size_t at) {
  return at < arguments.size() && arguments[at] ? std::optional(TextOf(*arguments[at])) : std::nullopt;
}
std::optional<double> NumberAt(const Arguments& arguments, size_t at) { return at < arguments.size() && arguments[at] ? NumberOf(*arguments[at]) : std::nullopt; }

template <typename Do>
Argument WithNumber(const Arguments& arguments, Do compute) {
  const auto number = NumberAt(arguments, 0);
  return number ? OfNumber(compute(*number)) : std::nullopt;
}
template <typename Do>
Argument WithText(const Arguments& arguments, Do compute) {
  const auto text = TextAt(arguments, 0);
  return text ? Argument(compute(*text)) : std::nullopt;
}
template <typename Do>
Argument WithTexts(const Arguments& arguments, Do compute) {
  const auto first = TextAt(arguments, 0), second = TextAt(arguments, 1);
  return first && second ? Argument(compute(*first, *second)) : std::nullopt;
}

std::string UpperCase(std::string text) {
  for (char& c : text) c = IsLowerCase(c) ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

// topic(n): its n-th level, from 1.
Argument Topic(const Arguments& arguments, const RuleMessage& message) {
  if (arguments.empty()) return Known(message.topic);
  const auto level = NumberAt(arguments, 0);
  const auto levels = Split(message.topic, '/');
  if (!level || *level < 1 || *level > static_cast<double>(levels.size())) return std::nullopt;
  return Known(std::string(levels[static_cast<size_t>(*level) - 1]));
}

Argument Concat(const Arguments& arguments, const RuleMessage&) {
  const bool are_arrays = std::ranges::all_of(arguments, [](const Argument& one) { return one && one->is_array(); });
  if (are_arrays) {
    json::Array all;
    for (const Argument& one : arguments) all.insert(all.end(), one->array().begin(), one->array().end());
    return Known(std::move(all));
  }
  std::string text;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto part = TextAt(arguments, i);
    if (!part) return std::nullopt;
    text += *part;
  }
  return Known(std::move(text));
}

Argument Substring(const Arguments& arguments, const RuleMessage&) {
  const auto text = TextAt(arguments, 0);
  const auto begin = NumberAt(arguments, 1);
  if (!text || !begin || *begin < 0 || *begin > static_cast<double>(text->size())) return std::nullopt;
  const auto end = arguments.size() > 2 ? NumberAt(arguments, 2) : std::optional(static_cast<double>(text->size()));
  if (!end || *end < *begin || *end > static_cast<double>(text->size())) return std::nullopt;
  return Known(text->substr(static_cast<size_t>(*begin), static_cast<size_t>(*end) - static_cast<size_t>(*begin)));
}

Argument Replace(const Arguments& arguments, const RuleMessage&) {
  const auto text = TextAt(arguments, 0), what = TextAt(arguments, 1), by = TextAt(arguments, 2);
  if (!text || !what || !by || what->empty()) return std::nullopt;
  std::string out;
  for (size_t at = 0; at < text->size();) {
    const size_t found = text->find(*what, at);
    out.append(*text, at, found == std::string::npos ? std::string::npos : found - at);
    if (found == std::string::npos) break;
    if (out.size() > kSqlBytesMax * 16) return std::nullopt;
    out += *by;
    at = found + what->size();
  }
  return Known(std::move(out));
}

Argument Cast(const Arguments& arguments, const RuleMessage&) {
  const auto kind = TextAt(arguments, 1);
  if (!arguments[0] || !kind) return std::nullopt;
  const std::string name = LowerCase(*kind);
  const json::Value& value = *arguments[0];
  if (name == "string") return Known(TextOf(value));
  if (name == "boolean") return value.is_bool() ? Argument(value) : EqualIgnoringCase(TextOf(value), "true") ? Known(true) : EqualIgnoringCase(TextOf(value), "false") ? Known(false) : std::nullopt;
  const auto number = value.is_bool() ? std::optional(value.boolean() ? 1.0 : 0.0) : NumberOf(value);
  if (!number) return std::nullopt;
  return name == "int" || name == "bigint" ? OfNumber(std::round(*number)) : name == "decimal" ? OfNumber(*number) : std::nullopt;
}

Argument Base64(const Arguments& arguments, std::string (*apply)(const std::string&, bool&)) {
  const auto text = TextAt(arguments, 0), scheme = TextAt(arguments, 1);
  if (!text || scheme != "base64") return std::nullopt;
  bool is_good = true;
  std::string applied = apply(*text, is_good);
  return is_good ? Known(std::move(applied)) : std::nullopt;
}

Argument Get(const Arguments& arguments, const RuleMessage&) {
  if (!arguments[0] || !arguments[1]) return std::nullopt;
  if (arguments[0]->is_object() && arguments[1]->is_string()) {
    const json::Value* found = arguments[0]->Find(arguments[1]->string());
    return found ? Argument(*found) : std::nullopt;
  }
  const auto index = NumberAt(arguments, 1);
  if (!arguments[0]->is_array() || !index || *index < 0 || *index >= static_cast<double>(arguments[0]->array().size())) return std::nullopt;
  return arguments[0]->array()[static_cast<size_t>(*index)];
}

Argument NewUuid(const Arguments&, const RuleMessage&) {
  SystemRandom random;
  return Known(random.Uuid());
}

constexpr Function kFunctions[] = {
    {"abs", 1, 1, [](const Arguments& a, const RuleMessage&) { return WithNumber(a, [](double n) { return std::fabs(n); }); }},
    {"accountid", 0, 0, [](const Arguments&, const RuleMessage& m) { return Known(m.account_id); }},
    {"cast", 2, 2, Cast},
    {"ceil", 1, 1, [](const Arguments& a, const RuleMessage&) { return WithNumber(a, [](double n) { return std::ceil(n); }); }},
    {"clientid", 0, 0, [](const Arguments&, const RuleMessage&) { return Known("n/a"); }},
    {"concat", 1, 100, Concat},
    {"decode", 2, 2,
     [](const Arguments& a, const RuleMessage&) {
       return Base64(a, [](const std::string& text, bool& is_good) {
         const auto decoded = Base64Decode(text);
         is_good = decoded.has_value();
         return decoded.value_or("");
       });
     }},
    {"encode", 2, 2, [](const Arguments& a, const RuleMessage&) { return Base64(a, [](const std::string& text, bool&) { return Base64Encode(text); }); }},
    {"endswith", 2, 2, [](const Arguments& a, const RuleMessage&) { return WithTexts(a, [](const std::string& x, const std::string& y) { return x.ends_with(y); }); }},
    {"floor", 1, 1, [](const Arguments& a, const RuleMessage&) { return WithNumber(a, [](double n) { return std::floor(n); }); }},
    {"get", 2, 2, Get},
    {"indexof", 2, 2,
     [](const Arguments& a, const RuleMessage&) {
       return WithTexts(a, [](const std::string& x, const std::string& y) {
         const size_t at = x.find(y);
         return at == std::string::npos ? int64_t{-1} : static_cast<int64_t>(at);
       });
     }},
    {"isnull", 1, 1, [](const Arguments& a, const RuleMessage&) { return Known(a[0] && a[0]->is_null()); }},
    {"isundefined", 1, 1, [](const Arguments& a, const RuleMessage&) { return Known(!a[0]); }},
    {"length", 1, 1, [](const Arguments& a, const RuleMessage&) { return WithText(a, [](const std::string& x) { return static_cast<int64_t>(x.size()); }); }},
    {"lower", 1, 1, [](const Arguments& a, const RuleMessage&) { return WithText(a, [](const std::string& x) { return LowerCase(x); }); }},
    {"mod", 2, 2,
     [](const Arguments& a, const RuleMessage&) {
       const auto divisor = NumberAt(a, 1);
       return divisor && *divisor != 0 ? WithNumber(a, [&](double n) { return std::fmod(n, *divisor); }) : std::nullopt;
     }},
    {"newuuid", 0, 0, NewUuid},
    {"power", 2, 2,
     [](const Arguments& a, const RuleMessage&) {
       const auto exponent = NumberAt(a, 1);
       return exponent ? WithNumber(a, [&](double n) { return std::pow(n, *exponent); }) : std::nullopt;
     }},
    {"principal", 0, 0, [](const Arguments&, const RuleMessage& m) { return Known(m.principal); }},
    {"qos", 0, 0, [](const Arguments&, const RuleMessage& m) { return Known(m.qos); }},
    {"replace", 3, 3, Replace},
    {"round", 1, 1, [](const Arguments& a, const RuleMessage&) { return WithNumber(a, [](double n) { return std::round(n); }); }},
    {"sqrt", 1, 1, [](const Arguments& a, const RuleMessage&) { return WithNumber(a, [](double n) { return std::sqrt(n); }); }},
    {"startswith", 2, 2, [](const Arguments& a, const RuleMessage&) { return WithTexts(a, [](const std::string& x, const std::string& y) { return x.starts_with(y); }); }},
    {"substring", 2, 3, Substring},
    {"timestamp", 0, 0, [](const Arguments&, const RuleMessage& m) { return Known(m.millis); }},
    {"topic", 0, 1, Topic},
    {"traceid", 0, 0, [](const Arguments&, const RuleMessage& m) { return Known(m.trace_id); }},
    {"trim", 1, 1, [](const Arguments& a, const RuleMessage&) { return WithText(a, [](const std::string& x) { return std::string(Trim(x, " \t\r\n")); }); }},
    {"trunc", 1, 1, [](const Arguments& a, const RuleMessage&) { return WithNumber(a, [](double n) { return std::trunc(n); }); }},
    {"upper", 1, 1, [](const Arguments& a, const RuleMessage&) { return WithText(a, [](const std::string& x) { return UpperCase(x); }); }},
};

const Function* FindFunction(std::string_view name) {
  const auto found = std::ranges::find(kFunctions, name, &Function::name);
  return found == std::end(kFunctions) ? nullptr : found;
}

}  // namespace

bool IsFunction(std::string_view name, size_t arguments) {
  const Function* function = FindFunction(name);
  return function && arguments >= function->arguments_min && arguments <= function->arguments_max;
}

std::optional<json::Value> CallFunction(std::string_view name, const std::vector<std::optional<json::Value>>& arguments, const RuleMessage& message) {
  const Function* function = FindFunction(name);
  MF_ASSERT(function);
  return function->call(arguments, message);
}

std::string TextOf(const json::Value& value) { return value.is_string() ? value.string() : json::Write(value); }

std::optional<double> NumberOf(const json::Value& value) {
  if (value.is_number()) {
    const auto number = value.AsDouble();
    return number ? std::optional(*number) : std::nullopt;
  }
  return value.is_string() ? ParseNumber<double>(value.string()) : std::nullopt;
}

json::Value NumberValue(double number) {
  if (std::trunc(number) == number && std::fabs(number) < 9e15) return json::Value(static_cast<int64_t>(number));
  return json::Value(number);
}

}  // namespace mayfly::iot
