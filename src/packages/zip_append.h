// Adds files to a zip without touching what is in it: for `mayfly sign`. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly::packages {

struct ZipAddition {
  std::string name;
  std::string bytes;
};

// The zip with `additions` at its end, stored, 0644, dated 1980-01-01. Errors (Fault): no zip; zip64, bytes before or after
// the zip proper, or more than 65,000 entries (sign before packing such a file differently).
Result<std::string> AppendToZip(std::string_view zip, const std::vector<ZipAddition>& additions);

}  // namespace mayfly::packages
