// Dialect: what the patterns of one service may say, and how it refuses others. The language is one (event_pattern.h); services allow a part
// of it, within limits of their own. Constants; they outlive all patterns.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

#include "base/result.h"

namespace mayfly::patterns {

struct Dialect {
  size_t bytes_max = 4096;
  bool has_wildcards = true;             // {"wildcard": …}
  bool has_nested_anything_but = true;   // {"anything-but": {…}}
  double number_max = 5.0e9;             // "numeric" compares numbers between -number_max and number_max
  bool has_bounds_for_plain_numbers = false;  // [5] asks for a number within number_max too
  int or_combinations_max = 1000;        // how many patterns without "$or" would say the same
  int wildcard_complexity_max = 50;      // PatternFigures::wildcard_complexity
  // The service's error for `reason` ("Empty arrays are not allowed"), which is AWS's text where it is known.
  Error (*refuse)(std::string_view reason) = nullptr;
};

}  // namespace mayfly::patterns
