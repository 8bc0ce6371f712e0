// TagResource, UntagResource, ListTagsForResource.
#include "resources/edit.h"
#include "services/events/events_api.h"

namespace mayfly::events {
namespace {

Error NoResource(std::string_view arn) { return Invalid("Parameter " + std::string(arn) + " is not valid. Reason: Provided Arn is not in correct format."); }

}  // namespace

const resources::TagRules kTagRules{.reserved = [] { return Invalid("System tags cannot be added or changed by requester."); },
                                    .too_many = [](std::string_view) { return LimitExceeded(); }};

Task<Result<>> EventsApi::EditTags(Context& ctx, const std::string& arn, std::function<Result<>(resources::StringPairs&)> edit) {
  if (auto bus = ParseBusArn(arn)) {
    co_return co_await EditBus(ctx, std::move(*bus), [&](Bus& changed) { return edit(changed.tags); });
  }
  const auto rule = ParseRuleArn(arn);
  if (!rule) co_return Fail(NoResource(arn));
  co_return co_await resources::Edit(ctx, parts_.tables->rules, rule->Key(), [&](RuleRow& changed) { return edit(changed.tags); });
}

Task<Result<TagResourceResponse>> EventsApi::TagResource(Context& ctx, TagResourceRequest request) {
  resources::Tags added;
  for (const Tag& tag : request.tags) added.emplace_back(tag.key, tag.value);
  MF_CO_TRY_VOID(co_await EditTags(ctx, request.resource_arn, [&](resources::StringPairs& tags) { return resources::AddTags(tags, added, kTagRules); }));
  co_return TagResourceResponse();
}

Task<Result<UntagResourceResponse>> EventsApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  MF_CO_TRY_VOID(co_await EditTags(ctx, request.resource_arn, [&](resources::StringPairs& tags) -> Result<> {
    resources::RemoveTags(tags, request.tag_keys);
    return {};
  }));
  co_return UntagResourceResponse();
}

Task<Result<ListTagsForResourceResponse>> EventsApi::ListTagsForResource(Context&, ListTagsForResourceRequest request) {
  resources::StringPairs tags;
  if (const auto bus = ParseBusArn(request.resource_arn)) {
    if (!parts_.tables->Has(*bus)) co_return Fail(NoBus(bus->name));
    if (const auto row = parts_.tables->buses.Find(bus->Key())) tags = row->tags;
  } else if (const auto rule = ParseRuleArn(request.resource_arn)) {
    MF_CO_TRY(const auto row, parts_.tables->rules.Get(rule->Key()));
    tags = row->tags;
  } else {
    co_return Fail(NoResource(request.resource_arn));
  }
  ListTagsForResourceResponse response{.tags = std::vector<Tag>()};
  for (const auto& [key, value] : tags) response.tags->push_back({.key = key, .value = value});
  co_return response;
}

}  // namespace mayfly::events
