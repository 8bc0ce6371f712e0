#include "services/sqs/tags.h"

#include <algorithm>

#include <fmt/format.h>

#include "services/sqs/errors.h"
#include "wire/violations.h"

namespace mayfly::sqs {

Result<> AddTags(const wire::Map<std::string>& tags, Queue& queue) {
  for (const auto& [key, value] : tags) {
    if (key.empty() || wire::CountCharacters(key) > 128) return Fail(InvalidParameterValue("Tag keys must be between 1 and 128 characters in length."));
    if (wire::CountCharacters(value) > 256) return Fail(InvalidParameterValue("Tag values must be between 0 and 256 characters in length."));
    if (key.starts_with("aws:")) return Fail(InvalidParameterValue("System tags cannot be added/updated by requester."));
    const auto found = std::ranges::find(queue.tags, key, [](const auto& tag) -> const std::string& { return tag.first; });
    if (found == queue.tags.end()) {
      queue.tags.emplace_back(key, value);
    } else {
      found->second = value;
    }
  }
  if (queue.tags.size() > kTagsMax) return Fail(InvalidParameterValue(fmt::format("Too many tags added for queue {}.", queue.name.name)));
  return {};
}

void RemoveTags(const std::vector<std::string>& keys, Queue& queue) {
  std::erase_if(queue.tags, [&](const auto& tag) { return std::ranges::find(keys, tag.first) != keys.end(); });
}

}  // namespace mayfly::sqs
