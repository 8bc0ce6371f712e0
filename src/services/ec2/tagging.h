// Tags of EC2's resources, in EC2's words.
#pragma once

#include "model/ec2.h"
#include "services/ec2/region_state.h"

namespace mayfly::ec2 {

// Those that a new resource of a kind is to have. Errors: InvalidParameterValue, TagLimitExceeded.
Result<resources::StringPairs> TagsFor(const Kind& kind, const std::optional<std::vector<TagSpecification>>& specifications);
Result<resources::StringPairs> TagsFor(std::string_view tag_type, const std::optional<std::vector<TagSpecification>>& specifications);
// Adds tags, over those of the same keys.
Result<> AddTags(resources::StringPairs& tags, const std::vector<Tag>& added);

std::vector<Tag> ShowTags(const resources::StringPairs& tags);

}  // namespace mayfly::ec2
