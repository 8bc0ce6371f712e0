#include "base/option.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mayfly {
namespace {

Error NotOne() { return Error::Fault("takes one value"); }

template <typename T>
Result<T> ParseWithin(const std::string& text, Bounds<T> bounds) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return Fail(Error::Fault(fmt::format("'{}' is no number", text)));
  if (!(value >= bounds.low && value <= bounds.high)) {
    return Fail(Error::Fault(fmt::format("Value {} not in range [{} - {}]", text, bounds.low, bounds.high)));
  }
  return value;
}

template <typename T>
std::string FormOf(std::string_view type, Bounds<T> bounds) {
  return fmt::format("{} in [{} - {}]", type, bounds.low, bounds.high);
}

double ToSeconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Result<Duration> ParseSeconds(const std::string& text, Bounds<double> bounds) {
  MF_TRY(const double seconds, ParseWithin(text, bounds));
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

// Rows of one value: `put` gets its text.
template <typename Put>
auto OfOne(Put put) {
  return [put = std::move(put)](std::span<const std::string> texts) -> Result<> {
    if (texts.size() != 1) return Fail(NotOne());
    return put(texts[0]);
  };
}

}  // namespace

std::string Option::VariableName() const {
  std::string variable = "MAYFLY_";
  for (const char c : name) variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

Option& OptionGroup::Add(std::string_view name, std::string_view doc, std::string form) {
  MF_ASSERT(!name.empty() && !doc.empty());
  MF_ASSERT(std::ranges::none_of(options_, [&](const Option& other) { return other.name == name; }));
  Option& option = options_.emplace_back();
  option.name = name;
  option.doc = doc;
  option.form = std::move(form);
  return option;
}

void OptionGroup::Text(std::string_view name, std::string& value, std::string_view doc, Check check) {
  Option& option = Add(name, doc, "TEXT");
  option.text = [&value] { return value; };
  option.set = OfOne([&value, check = std::move(check)](const std::string& text) -> Result<> {
    if (check) MF_TRY_VOID(check(text));
    value = text;
    return {};
  });
}

void OptionGroup::Texts(std::string_view name, std::vector<std::string>& values, std::string_view doc) {
  Option& option = Add(name, doc, "TEXT");
  option.count = Option::Count::Many;
  option.text = [&values] { return fmt::format("{}", fmt::join(values, ",")); };
  option.set = [&values](std::span<const std::string> texts) -> Result<> {
    values.assign(texts.begin(), texts.end());
    return {};
  };
}

void OptionGroup::AddInteger(std::string_view name, Bounds<int64_t> bounds, std::string_view doc, std::function<int64_t()> get,
                             std::function<void(int64_t)> put) {
  Option& option = Add(name, doc, FormOf("INT", bounds));
  option.text = [get = std::move(get)] { return std::to_string(get()); };
  option.set = OfOne([bounds, put = std::move(put)](const std::string& text) -> Result<> {
    MF_TRY(const int64_t given, ParseWithin(text, bounds));
    put(given);
    return {};
  });
}

void OptionGroup::Number(std::string_view name, double& value, Bounds<double> bounds, std::string_view doc) {
  Option& option = Add(name, doc, FormOf("FLOAT", bounds));
  option.text = [&value] { return fmt::format("{}", value); };
  option.set = OfOne([&value, bounds](const std::string& text) -> Result<> {
    MF_TRY(value, ParseWithin(text, bounds));
    return {};
  });
}

void OptionGroup::Seconds(std::string_view name, Duration& value, Bounds<double> bounds, std::string_view doc) {
  Option& option = Add(name, doc, FormOf("FLOAT", bounds));
  option.text = [&value] { return fmt::format("{}", ToSeconds(value)); };
  option.set = OfOne([&value, bounds](const std::string& text) -> Result<> {
    MF_TRY(value, ParseSeconds(text, bounds));
    return {};
  });
}

void OptionGroup::ManySeconds(std::string_view name, std::vector<Duration>& values, Bounds<double> bounds, std::string_view doc) {
  Option& option = Add(name, doc, FormOf("FLOAT", bounds));
  option.count = Option::Count::ManyByComma;
  option.text = [&values] {
    std::vector<double> seconds;
    for (const Duration value : values) seconds.push_back(ToSeconds(value));
    return fmt::format("{}", fmt::join(seconds, ","));
  };
  option.set = [&values, bounds](std::span<const std::string> texts) -> Result<> {
    std::vector<Duration> given;
    for (const std::string& text : texts) {
      MF_TRY(given.emplace_back(), ParseSeconds(text, bounds));
    }
    values = std::move(given);
    return {};
  };
}

void OptionGroup::AddChoice(std::string_view name, std::vector<std::string> members, std::string_view doc, std::function<size_t()> get,
                            std::function<void(size_t)> put) {
  MF_ASSERT(get() < members.size());
  Option& option = Add(name, doc, fmt::format("{{{}}}", fmt::join(members, ",")));
  option.text = [members, get = std::move(get)] { return members[get()]; };
  option.set = OfOne([members, put = std::move(put)](const std::string& text) -> Result<> {
    const auto found = std::ranges::find(members, text);
    if (found == members.end()) return Fail(Error::Fault(fmt::format("{} not in {{{}}}", text, fmt::join(members, ","))));
    put(static_cast<size_t>(found - members.begin()));
    return {};
  });
}

}  // namespace mayfly
