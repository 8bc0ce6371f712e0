// Filters: a mapping's FilterCriteria, compiled. The language is patterns/event_pattern.h; what mappings allow of it is here.
//
// Compiled when a mapping is made or changed (that is its validation) and by the mapping's poller. Immutable, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "patterns/event_pattern.h"

namespace mayfly::sources {

inline constexpr size_t kFilterBytesMax = 4096;

// Error (Service): InvalidParameterValueException "Invalid filter pattern definition."
Result<patterns::EventPattern> CompileFilter(std::string_view text);

// The patterns of one mapping; an event passes if one of them matches, or if there are none.
class Filters {
 public:
  // Error: as CompileFilter.
  static Result<Filters> Compile(const std::vector<std::string>& patterns);

  bool Matches(const json::Value& event) const;
  const std::vector<patterns::EventPattern>& patterns() const { return patterns_; }

 private:
  std::vector<patterns::EventPattern> patterns_;
};

}  // namespace mayfly::sources
