#include "services/logs/filter_pattern.h"

#include "services/logs/pattern_parts.h"

namespace mayfly::logs {

Result<std::shared_ptr<const FilterPattern>> FilterPattern::Parse(std::string_view pattern) {
  PatternText text(pattern);
  text.SkipBlanks();
  if (text.front() == '{') return ParseJsonPattern(text.rest());
  if (text.front() == '[') return ParseDelimited(text.rest());
  return ParseTerms(text.rest());
}

}  // namespace mayfly::logs
