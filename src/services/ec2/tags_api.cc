// CreateTags, DeleteTags, DescribeTags.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "resources/tags.h"
#include "services/ec2/ec2_api.h"
#include "services/ec2/selection.h"
#include "services/ec2/tagging.h"

namespace mayfly::ec2 {
namespace {

Error BadId(std::string_view id) { return Error::Service("InvalidID", fmt::format("The ID '{}' is not valid", id)); }

template <typename... Ts>
struct KindList {};
using TaggedKinds = KindList<vpc::Vpc, vpc::Subnet, vpc::RouteTable, vpc::InternetGateway, vpc::NatGateway, vpc::SecurityGroup,
                             vpc::NetworkAcl, vpc::Endpoint, vpc::ElasticAddress, vpc::Interface>;

using EditTags = std::function<Result<>(resources::StringPairs& tags)>;

template <typename T>
Result<bool> EditOfKind(RegionState& region, const std::string& id, const EditTags& edit) {
  if (!IsIdOf(kKindOf<T>, id)) return false;
  MF_TRY(const auto old, region.Get<T>(id));
  T row = *old;
  MF_TRY_VOID(edit(row.tags));
  region.Put(std::move(row));
  return true;
}

Result<> EditOfRule(RegionState& region, const std::string& id, const EditTags& edit) {
  const auto has = [&](const vpc::GroupRule& rule) { return rule.id == id; };
  const auto old = region.FindIf<vpc::SecurityGroup>([&](const vpc::SecurityGroup& row) { return std::ranges::any_of(row.rules, has); });
  if (!old)
    return Fail(Error::Service("InvalidSecurityGroupRuleId.NotFound", fmt::format("The security group rule ID '{}' does not exist", id)));
  vpc::SecurityGroup group = *old;
  MF_TRY_VOID(edit(std::ranges::find_if(group.rules, has)->tags));
  region.Put(std::move(group));
  return {};
}

template <typename... Ts>
Result<> EditOfAny(KindList<Ts...>, RegionState& region, const std::string& id, const EditTags& edit) {
  if (id.starts_with("sgr-")) return EditOfRule(region, id, edit);
  Result<bool> found = false;
  ((found = found && !*found ? EditOfKind<Ts>(region, id, edit) : std::move(found)), ...);
  MF_TRY(const bool is_done, std::move(found));
  return is_done ? Result<>() : Fail(BadId(id));
}

// Of one kind, by resource and key.
template <typename T>
void AddTagsOf(const RegionState& region, std::vector<TagDescription>& all) {
  for (const auto& row : region.All<T>()) {
    for (const auto& [key, value] : row->tags) {
      all.push_back({.key = key, .resource_id = row->id, .resource_type = std::string(kKindOf<T>.tag_type), .value = value});
    }
  }
}

void AddTagsOfRules(const RegionState& region, std::vector<TagDescription>& all) {
  for (const auto& group : region.All<vpc::SecurityGroup>()) {
    for (const vpc::GroupRule& rule : group->rules) {
      for (const auto& [key, value] : rule.tags)
        all.push_back({.key = key, .resource_id = rule.id, .resource_type = "security-group-rule", .value = value});
    }
  }
}

template <typename... Ts>
std::vector<TagDescription> AllTags(KindList<Ts...>, const RegionState& region) {
  std::vector<TagDescription> all;
  (AddTagsOf<Ts>(region, all), ...);
  AddTagsOfRules(region, all);
  std::ranges::sort(all, {}, [](const TagDescription& one) { return std::pair(one.resource_id, one.key); });
  return all;
}

Result<bool> PassesTag(const TagDescription& tag, const std::vector<Filter>& filters) {
  for (const Filter& filter : filters) {
    std::vector<std::string> values;
    if (*filter.name == "key")
      values = {*tag.key};
    else if (*filter.name == "value")
      values = {*tag.value};
    else if (*filter.name == "resource-id")
      values = {*tag.resource_id};
    else if (*filter.name == "resource-type")
      values = {*tag.resource_type};
    else if (!ReadTagFilter(*filter.name, {{*tag.key, *tag.value}}, values))
      return Fail(UnknownFilter(*filter.name));
    if (!IsWanted(filter.values.value_or(std::vector<std::string>()), values)) return false;
  }
  return true;
}

// A tag as PageOf takes it.
struct TagRow {
  std::string id;  // of its place in the order
  TagDescription shown;
};

}  // namespace

Task<Result<>> TagsApi::CreateTags(Context& ctx, CreateTagsRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    for (const std::string& id : request.resources) {
      MF_TRY_VOID(EditOfAny(TaggedKinds(), region, id, [&](resources::StringPairs& tags) { return AddTags(tags, request.tags); }));
    }
    return {};
  });
}

Task<Result<>> TagsApi::DeleteTags(Context& ctx, DeleteTagsRequest request) {
  const auto remove = [&](resources::StringPairs& tags) -> Result<> {
    if (!request.tags) tags.clear();
    for (const Tag& tag : request.tags.value_or(std::vector<Tag>())) {
      std::erase_if(tags, [&](const auto& one) { return one.first == tag.key.value_or("") && (!tag.value || one.second == *tag.value); });
    }
    return {};
  };
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    for (const std::string& id : request.resources) MF_TRY_VOID(EditOfAny(TaggedKinds(), region, id, remove));
    return {};
  });
}

Task<Result<DescribeTagsResponse>> TagsApi::DescribeTags(Context& ctx, DescribeTagsRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  const Asked asked = AskedOf(request, std::nullopt);
  if (asked.filters) MF_CO_TRY_VOID(CheckFilters(*asked.filters));
  std::vector<std::shared_ptr<const TagRow>> rows;
  for (TagDescription& tag : AllTags(TaggedKinds(), region)) {
    MF_CO_TRY(const bool passes, PassesTag(tag, request.filters.value_or(std::vector<Filter>())));
    if (passes) rows.push_back(std::make_shared<const TagRow>(*tag.resource_id + '\x1f' + *tag.key, tag));
  }
  MF_CO_TRY(auto page, PageOf(std::move(rows), asked));
  DescribeTagsResponse response{.next_token = std::move(page.next_token), .tags = std::vector<TagDescription>()};
  for (const auto& row : page.rows) response.tags->push_back(row->shown);
  co_return response;
}

}  // namespace mayfly::ec2
