#include "cli/metrics_text.h"

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "base/text.h"

namespace mayfly::cli {
namespace {

struct Line {
  std::string_view family;
  std::vector<std::pair<std::string_view, std::string_view>> labels;
  double value = 0;
};

// name{label="value",…} number. The daemon's labels hold no quotes.
std::optional<Line> ParseLine(std::string_view text) {
  Line line;
  const size_t open = text.find('{');
  const size_t close = text.rfind('}');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  line.family = text.substr(0, open);
  const auto value = ParseNumber<double>(Trim(text.substr(close + 1)));
  if (!value) return std::nullopt;
  line.value = *value;
  for (std::string_view rest = text.substr(open + 1, close - open - 1); !rest.empty();) {
    const size_t equals = rest.find("=\"");
    const size_t end = equals == std::string_view::npos ? equals : rest.find('"', equals + 2);
    if (end == std::string_view::npos) return std::nullopt;
    line.labels.emplace_back(rest.substr(0, equals), rest.substr(equals + 2, end - equals - 2));
    rest.remove_prefix(end + 1);
    if (rest.starts_with(',')) rest.remove_prefix(1);
  }
  return line;
}

// The function that a line is about; nullopt where it is about an account, an alias, a queue. `bound`: of a histogram's line.
std::optional<FunctionKey> KeyOf(const Line& line, std::string_view& bound) {
  FunctionKey key;
  for (const auto& [name, value] : line.labels) {
    if (name == "account") key.account = value;
    else if (name == "region") key.region = value;
    else if (name == "function_name") key.name = value;
    else if (name == "le") bound = value;
    else return std::nullopt;
  }
  return key.name.empty() ? std::nullopt : std::optional<FunctionKey>(std::move(key));
}

bool IsOfFunctions(std::string_view family) { return family.starts_with("aws_lambda_") || family.starts_with("mayfly_environments"); }

void Take(const Line& line, std::string_view bound, FunctionFigures& figures) {
  if (line.family == "aws_lambda_invocations_sum") figures.invocations = line.value;
  else if (line.family == "aws_lambda_errors_sum") figures.errors = line.value;
  else if (line.family == "aws_lambda_throttles_sum") figures.throttles = line.value;
  else if (line.family == "mayfly_environments") figures.environments = static_cast<int64_t>(line.value);
  else if (line.family == "mayfly_environments_idle") figures.idle = static_cast<int64_t>(line.value);
  else if (line.family == "mayfly_environments_memory_bytes") figures.memory_bytes = static_cast<int64_t>(line.value);
  else if (line.family == "aws_lambda_duration_bucket" && bound != "+Inf") {
    if (const auto milliseconds = ParseNumber<double>(bound)) figures.durations[*milliseconds] = line.value;
  }
}

// How many took at most `bound`: what stands for the greatest bound up to it.
double CountUpTo(const std::map<double, double>& cumulative, double bound) {
  const auto above = cumulative.upper_bound(bound);
  return above == cumulative.begin() ? 0 : std::prev(above)->second;
}

}  // namespace

std::map<FunctionKey, FunctionFigures> ReadFunctionFigures(std::string_view text) {
  std::map<FunctionKey, FunctionFigures> all;
  for (const std::string_view raw : Split(text, '\n')) {
    if (!IsOfFunctions(raw)) continue;
    const auto line = ParseLine(raw);
    if (!line) continue;
    std::string_view bound;
    if (auto key = KeyOf(*line, bound)) Take(*line, bound, all[std::move(*key)]);
  }
  return all;
}

double QuantileBetween(const std::map<double, double>& before, const std::map<double, double>& after, double share) {
  if (after.empty()) return -1;
  const double total = after.rbegin()->second - CountUpTo(before, std::numeric_limits<double>::infinity());
  if (total <= 0) return -1;
  const double wanted = std::ceil(share * total);
  for (const auto& [bound, count] : after) {
    if (count - CountUpTo(before, bound) >= wanted) return bound;
  }
  return after.rbegin()->first;
}

}  // namespace mayfly::cli
