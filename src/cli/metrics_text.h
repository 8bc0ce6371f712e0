// The daemon's /_mayfly/metrics read again: one function's figures from Prometheus' text format.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace mayfly::cli {

// As they stand since the daemon's start.
struct FunctionFigures {
  double invocations = 0;
  double errors = 0;
  double throttles = 0;
  std::map<double, double> durations;  // milliseconds → how many invocations took at most so long
  int64_t environments = 0;
  int64_t idle = 0;
  int64_t memory_bytes = 0;
};

struct FunctionKey {
  std::string account;
  std::string region;
  std::string name;
  auto operator<=>(const FunctionKey&) const = default;
};

// Lines of other figures, of other sets of dimensions, and what is no such line, are passed over. Pure.
std::map<FunctionKey, FunctionFigures> ReadFunctionFigures(std::string_view text);

// The duration that `share` (0 to 1) of the invocations between two readings did not exceed; -1 when there were none. Told to within a fifth.
double QuantileBetween(const std::map<double, double>& before, const std::map<double, double>& after, double share);

}  // namespace mayfly::cli
