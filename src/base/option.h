// Options: what an operator may set, each as one row beside what it configures.
//
//   OptionGroup OptionsOf(QueuesOptions& queues) {
//     OptionGroup group("Amazon SQS");
//     group.Seconds("queue-name-rest", queues.name_rest, {0, 3600}, "seconds for which the name of a deleted queue cannot be used (AWS: 60)");
//     …
//
// A row binds a name to a variable, whose value at that moment is the default; whoever reads a command line, a variable of the
// environment or a file gives texts to `set`. Command line, --help, configuration file and manual page are made of the rows
// (mayflyd/command_line.h); nothing else knows an option. One thread, before there is a loop; the variables outlive the rows.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly {

struct Option {
  std::string name;  // "data-dir": --data-dir, MAYFLY_DATA_DIR, and data-dir in the configuration file
  std::string doc;   // one line
  std::string form;  // what a value looks like: "TEXT", "INT in [1 - 1000]", "FLOAT in [0 - 3600]", "{open,strict}"
  enum class Count : unsigned char { One, Many, ManyByComma };
  Count count = Count::One;
  // The present value, as it would be given; several are joined by commas.
  std::function<std::string()> text;
  // Error: Fault, "Value 5 not in range [1 - 3]". Nothing has changed then.
  std::function<Result<>(std::span<const std::string> texts)> set;

  // "MAYFLY_DATA_DIR"
  std::string VariableName() const;
};

template <typename T>
struct Bounds {
  T low;
  T high;
};

// Rows that belong together: those of a room or a service.
class OptionGroup {
 public:
  using Check = std::function<Result<>(const std::string& text)>;

  explicit OptionGroup(std::string title) : title_(std::move(title)) {}

  // `check`: Fault where the text cannot be used; null: anything can.
  void Text(std::string_view name, std::string& value, std::string_view doc, Check check = nullptr);
  // Given again and again, one text each time.
  void Texts(std::string_view name, std::vector<std::string>& values, std::string_view doc);
  template <std::integral T>
  void Number(std::string_view name, T& value, Bounds<int64_t> bounds, std::string_view doc) {
    Scaled(name, value, 1, bounds, doc);
  }
  void Number(std::string_view name, double& value, Bounds<double> bounds, std::string_view doc);
  // The variable holds bytes.
  template <std::integral T>
  void Kibibytes(std::string_view name, T& bytes, Bounds<int64_t> bounds, std::string_view doc) {
    Scaled(name, bytes, 1 << 10, bounds, doc);
  }
  template <std::integral T>
  void Mebibytes(std::string_view name, T& bytes, Bounds<int64_t> bounds, std::string_view doc) {
    Scaled(name, bytes, 1 << 20, bounds, doc);
  }
  void Seconds(std::string_view name, Duration& value, Bounds<double> bounds, std::string_view doc);
  // Separated by commas.
  void ManySeconds(std::string_view name, std::vector<Duration>& values, Bounds<double> bounds, std::string_view doc);
  template <typename Enum>
  void Choice(std::string_view name, Enum& value, std::vector<std::pair<std::string, Enum>> members, std::string_view doc);

  const std::string& title() const { return title_; }
  const std::vector<Option>& options() const { return options_; }

 private:
  template <std::integral T>
  void Scaled(std::string_view name, T& value, int64_t unit, Bounds<int64_t> bounds, std::string_view doc) {
    AddInteger(name, bounds, doc, [&value, unit] { return static_cast<int64_t>(value) / unit; },
               [&value, unit](int64_t given) { value = static_cast<T>(given * unit); });
  }
  void AddInteger(std::string_view name, Bounds<int64_t> bounds, std::string_view doc, std::function<int64_t()> get, std::function<void(int64_t)> put);
  void AddChoice(std::string_view name, std::vector<std::string> members, std::string_view doc, std::function<size_t()> get, std::function<void(size_t)> put);
  Option& Add(std::string_view name, std::string_view doc, std::string form);

  std::string title_;
  std::vector<Option> options_;
};

template <typename Enum>
void OptionGroup::Choice(std::string_view name, Enum& value, std::vector<std::pair<std::string, Enum>> members, std::string_view doc) {
  std::vector<std::string> names;
  std::vector<Enum> values;
  for (auto& [member, of_it] : members) {
    names.push_back(std::move(member));
    values.push_back(of_it);
  }
  const auto index = [&value, values] {
    size_t at = 0;
    while (at < values.size() && values[at] != value) ++at;
    return at;
  };
  AddChoice(name, std::move(names), doc, index, [&value, values](size_t at) { value = values[at]; });
}

}  // namespace mayfly
