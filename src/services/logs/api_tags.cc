// Tags of groups, in the way by ARN and in the older one by name.
#include <fmt/format.h>

#include "services/logs/logs_api.h"

namespace mayfly::logs {
namespace {

Error TooManyTagsOfGroup(std::string_view resource) {
  return Error::Service("TooManyTagsException", fmt::format("A resource can have no more than {} tags.", resources::TagRules().count_max));
}

}  // namespace

static Result<GroupKey> TaggedKey(const Context& ctx, const std::string& arn) {
  const auto key = arn.starts_with("arn:") ? ParseIdentifier(ctx, arn) : std::nullopt;
  if (key) return *key;
  return Fail(InvalidParameter(fmt::format("The ARN provided is invalid: {}", arn)));
}

Task<Result<>> LogsApi::AddTags(Context& ctx, Result<GroupKey> key, const resources::Tags& tags) {
  if (!key) co_return Fail(std::move(key).error());
  co_return co_await groups_->Edit(ctx, *key, [&](GroupRow& row) { return resources::AddTags(row.tags, tags, {.too_many = &TooManyTagsOfGroup}); });
}

Task<Result<>> LogsApi::RemoveTags(Context& ctx, Result<GroupKey> key, const std::vector<std::string>& keys) {
  if (!key) co_return Fail(std::move(key).error());
  co_return co_await groups_->Edit(ctx, *key, [&](GroupRow& row) -> Result<> {
    resources::RemoveTags(row.tags, keys);
    return {};
  });
}

Task<Result<resources::Tags>> LogsApi::TagsOf(Context& ctx, Result<GroupKey> key) {
  if (!key) co_return Fail(std::move(key).error());
  MF_CO_TRY(const auto group, co_await groups_->Get(ctx, *key));
  co_return group->tags;
}

Task<Result<TagResourceResponse>> LogsApi::TagResource(Context& ctx, TagResourceRequest request) {
  MF_CO_TRY_VOID(co_await AddTags(ctx, TaggedKey(ctx, request.resource_arn), request.tags));
  co_return TagResourceResponse();
}

Task<Result<UntagResourceResponse>> LogsApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  MF_CO_TRY_VOID(co_await RemoveTags(ctx, TaggedKey(ctx, request.resource_arn), request.tag_keys));
  co_return UntagResourceResponse();
}

Task<Result<ListTagsForResourceResponse>> LogsApi::ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) {
  MF_CO_TRY(auto tags, co_await TagsOf(ctx, TaggedKey(ctx, request.resource_arn)));
  co_return ListTagsForResourceResponse{.tags = std::move(tags)};
}

Task<Result<TagLogGroupResponse>> LogsApi::TagLogGroup(Context& ctx, TagLogGroupRequest request) {
  MF_CO_TRY_VOID(co_await AddTags(ctx, GroupKey::Of(ctx, request.log_group_name), request.tags));
  co_return TagLogGroupResponse();
}

Task<Result<UntagLogGroupResponse>> LogsApi::UntagLogGroup(Context& ctx, UntagLogGroupRequest request) {
  MF_CO_TRY_VOID(co_await RemoveTags(ctx, GroupKey::Of(ctx, request.log_group_name), request.tags));
  co_return UntagLogGroupResponse();
}

Task<Result<ListTagsLogGroupResponse>> LogsApi::ListTagsLogGroup(Context& ctx, ListTagsLogGroupRequest request) {
  MF_CO_TRY(auto tags, co_await TagsOf(ctx, GroupKey::Of(ctx, request.log_group_name)));
  co_return ListTagsLogGroupResponse{.tags = std::move(tags)};
}

}  // namespace mayfly::logs
