#include "sources/record_filters.h"

#include <algorithm>
#include <limits>

namespace mayfly::sources {
namespace {

// Mappings have one text for whatever is wrong.
Error RefuseFilter(std::string_view) { return Error::Service("InvalidParameterValueException", "Invalid filter pattern definition."); }

constexpr patterns::Dialect kMappingDialect{.bytes_max = kFilterBytesMax,
                                            .number_max = std::numeric_limits<double>::max(),
                                            .refuse = RefuseFilter};

}  // namespace

Result<patterns::EventPattern> CompileFilter(std::string_view text) { return patterns::EventPattern::Compile(text, kMappingDialect); }

Result<Filters> Filters::Compile(const std::vector<std::string>& patterns) {
  Filters filters;
  for (const std::string& text : patterns) {
    MF_TRY(patterns::EventPattern pattern, CompileFilter(text));
    filters.patterns_.push_back(std::move(pattern));
  }
  return filters;
}

bool Filters::Matches(const json::Value& event) const {
  return patterns_.empty() || std::ranges::any_of(patterns_, [&](const patterns::EventPattern& pattern) { return pattern.Matches(event); });
}

}  // namespace mayfly::sources
