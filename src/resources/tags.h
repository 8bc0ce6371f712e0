// Tags of resources: what a service allows, and how they are changed. What AWS's services say differs, what they mean does not:
// their words are data (TagRules). Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mayfly::resources {

using Tags = std::vector<std::pair<std::string, std::string>>;

// A rule whose error is null is none (the service's model checks it, or nobody does).
struct TagRules {
  size_t count_max = 50;
  size_t key_characters_max = 128;    // at least 1
  size_t value_characters_max = 256;
  enum class Case : unsigned char { Exact, Any };
  Case reserved_case = Case::Any;     // of "aws:" before a key
  Error (*reserved)() = nullptr;      // a key of AWS's own
  Error (*bad_key)() = nullptr;       // too short, too long
  Error (*bad_value)() = nullptr;     // too long
  Error (*too_many)(std::string_view resource) = nullptr;
};

// Whether a new resource may have these tags. `resource`: as the service's errors name it.
Result<> CheckTags(const Tags& tags, const TagRules& rules, std::string_view resource = {});
// Adds tags, over those of the same keys. Nothing is added when it fails.
Result<> AddTags(Tags& tags, const Tags& added, const TagRules& rules, std::string_view resource = {});
// Not an error: there is no such tag.
void RemoveTags(Tags& tags, const std::vector<std::string>& keys);

}  // namespace mayfly::resources
