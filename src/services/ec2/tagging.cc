#include "services/ec2/tagging.h"

#include <fmt/format.h>

#include "resources/tags.h"
#include "services/ec2/limits.h"

namespace mayfly::ec2 {
namespace {

Error ReservedKey() { return InvalidValue("Tag keys starting with 'aws:' are reserved for internal use"); }
Error BadTagKey() { return InvalidValue("Tag keys must be 1 to 128 characters long"); }
Error BadTagValue() { return InvalidValue("Tag value exceeds the maximum length of 256 characters"); }
Error TooManyTags(std::string_view) {
  return Error::Service("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.");
}

constexpr resources::TagRules kTagRules{
    .count_max = kTagsMax, .reserved = &ReservedKey, .bad_key = &BadTagKey, .bad_value = &BadTagValue, .too_many = &TooManyTags};

}  // namespace

Result<resources::StringPairs> TagsFor(const Kind& kind, const std::optional<std::vector<TagSpecification>>& specifications) {
  return TagsFor(kind.tag_type, specifications);
}

Result<resources::StringPairs> TagsFor(std::string_view tag_type, const std::optional<std::vector<TagSpecification>>& specifications) {
  resources::StringPairs tags;
  if (!specifications) return tags;
  for (const TagSpecification& specification : *specifications) {
    const std::string type = specification.resource_type.value_or("");
    if (type != tag_type) return Fail(InvalidValue(fmt::format("'{}' is not a valid taggable resource type for this operation.", type)));
    if (!specification.tags || specification.tags->empty()) return Fail(InvalidValue("Tag specification must have at least one tag"));
    MF_TRY_VOID(AddTags(tags, *specification.tags));
  }
  return tags;
}

Result<> AddTags(resources::StringPairs& tags, const std::vector<Tag>& added) {
  resources::Tags pairs;
  for (const Tag& tag : added) pairs.emplace_back(tag.key.value_or(""), tag.value.value_or(""));
  return resources::AddTags(tags, pairs, kTagRules);
}

std::vector<Tag> ShowTags(const resources::StringPairs& tags) {
  std::vector<Tag> shown;
  for (const auto& [key, value] : tags) shown.push_back({.key = key, .value = value});
  return shown;
}

}  // namespace mayfly::ec2
