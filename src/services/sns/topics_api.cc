#include "services/sns/topics_api.h"

#include <algorithm>

#include "services/sns/sns_errors.h"
#include "services/sns/topic_attributes.h"

namespace mayfly::sns {
namespace {

constexpr size_t kPageMax = 100;

Error InvalidToken() { return InvalidParameter("NextToken"); }

Error NoResource() { return Error::Service("ResourceNotFoundException", "Resource does not exist"); }

constexpr resources::TagRules kTagRules{
    .reserved = [] { return InvalidParameter("Tag keys that start with aws: are reserved for internal use."); },
    .bad_key = [] { return InvalidParameter("Tag keys must be between 1 and 128 characters in length."); },
    .bad_value = [] { return InvalidParameter("Tag values must be between 0 and 256 characters in length."); },
    .too_many = [](std::string_view) {
      return Error::Service("TagLimitExceededException", "Could not complete request: tag quota of per resource exceeded");
    }};

resources::Tags TagsOf(std::vector<Tag> given) {
  resources::Tags tags;
  for (Tag& tag : given) tags.emplace_back(std::move(tag.key), std::move(tag.value));
  return tags;
}

bool AreTheSame(resources::Tags one, resources::Tags other) {
  std::ranges::sort(one);
  std::ranges::sort(other);
  return one == other;
}

// What CreateTopic says of one that is there: `request` names nothing that is different there.
Result<> CheckSame(const TopicRow& existing, const CreateTopicRequest& request, const TopicRow& wanted) {
  if (request.tags && !AreTheSame(existing.tags, wanted.tags)) {
    return Fail(InvalidParameter("Tags", "Topic already exists with different tags"));
  }
  if (!request.attributes) return {};
  const auto there = DescribeTopic(existing, {}), here = DescribeTopic(wanted, {});
  for (const auto& [name, value] : *request.attributes) {
    const auto is_it = [&name](const auto& entry) { return entry.first == name; };
    const auto one = std::ranges::find_if(there, is_it), other = std::ranges::find_if(here, is_it);
    const std::string_view old_value = one == there.end() ? std::string_view() : one->second;
    const std::string_view new_value = other == here.end() ? std::string_view() : other->second;
    if (old_value != new_value) return Fail(InvalidParameter("Attributes", "Topic already exists with different attributes"));
  }
  return {};
}

}  // namespace

Task<Result<CreateTopicResponse>> TopicsApi::CreateTopic(Context& ctx, CreateTopicRequest request) {
  if (!IsTopicName(request.name)) co_return Fail(InvalidParameter("Topic Name"));
  TopicRow wanted;
  wanted.name = {ctx.principal.account_id, ctx.principal.region, request.name};
  bool is_fifo = false;
  for (const auto& [name, value] : request.attributes.value_or(wire::Map<std::string>())) {
    MF_CO_TRY_VOID(ApplyTopicAttribute(name, value, "Attributes Reason: ", wanted));
    is_fifo = is_fifo || name == "FifoTopic";
  }
  if (wanted.name.is_fifo() && !is_fifo) co_return Fail(InvalidParameter("Topic Name"));
  if (request.tags) MF_CO_TRY_VOID(resources::AddTags(wanted.tags, TagsOf(*request.tags), kTagRules));
  wanted.data_protection_policy = request.data_protection_policy.value_or("");
  const auto accepts = [&](const TopicRow& existing) { return CheckSame(existing, request, wanted); };
  MF_CO_TRY_VOID(co_await topics_->Create(ctx, wanted, accepts));
  co_return CreateTopicResponse{.topic_arn = wanted.name.Arn()};
}

Task<Result<>> TopicsApi::DeleteTopic(Context& ctx, DeleteTopicRequest request) {
  const auto name = ParseTopicArn(request.topic_arn);
  if (!name) co_return Fail(topics_->Get(request.topic_arn).error());
  co_return co_await topics_->Delete(ctx, *name);
}

Task<Result<GetTopicAttributesResponse>> TopicsApi::GetTopicAttributes(Context&, GetTopicAttributesRequest request) {
  MF_CO_TRY(const TopicPointer topic, topics_->Get(request.topic_arn));
  SubscriptionCounts counts;
  for (const auto& row : topics_->subscriptions().List(topic->name.Key() + "/", "", kSubscriptionsMax)) {
    ++(row.value->is_confirmed() ? counts.confirmed : row.value->is_pending() ? counts.pending : counts.deleted);
  }
  co_return GetTopicAttributesResponse{.attributes = DescribeTopic(*topic, counts)};
}

Task<Result<>> TopicsApi::SetTopicAttributes(Context& ctx, SetTopicAttributesRequest request) {
  MF_CO_TRY(const TopicPointer topic, topics_->Get(request.topic_arn));
  if (request.attribute_name == "FifoTopic") co_return Fail(InvalidParameter("AttributeName"));
  const std::string value = request.attribute_value.value_or("");
  co_return co_await topics_->Edit(ctx, topic->name, [&](TopicRow& changed) { return ApplyTopicAttribute(request.attribute_name, value, "", changed); });
}

Task<Result<ListTopicsResponse>> TopicsApi::ListTopics(Context& ctx, ListTopicsRequest request) {
  const resources::PageRequest wanted{.prefix = ctx.principal.account_id + "/" + ctx.principal.region + "/",
                                      .marker = request.next_token == "" ? std::nullopt : request.next_token,
                                      .limit = kPageMax,
                                      .bad_marker = &InvalidToken};
  MF_CO_TRY(auto page, resources::NextPage(topics_->topics(), wanted));
  ListTopicsResponse response;
  auto& topics = response.topics.emplace();
  for (const auto& row : page.rows) topics.push_back({.topic_arn = row.value->name.Arn()});
  response.next_token = std::move(page.next_marker);
  co_return response;
}

Task<Result<TagResourceResponse>> TopicsApi::TagResource(Context& ctx, TagResourceRequest request) {
  const auto name = ParseTopicArn(request.resource_arn);
  if (!name || !topics_->Find(*name)) co_return Fail(NoResource());
  const resources::Tags added = TagsOf(std::move(request.tags));
  MF_CO_TRY_VOID(co_await topics_->Edit(ctx, *name, [&](TopicRow& topic) { return resources::AddTags(topic.tags, added, kTagRules); }));
  co_return TagResourceResponse{};
}

Task<Result<UntagResourceResponse>> TopicsApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  const auto name = ParseTopicArn(request.resource_arn);
  if (!name || !topics_->Find(*name)) co_return Fail(NoResource());
  const auto untag = [&](TopicRow& topic) -> Result<> {
    resources::RemoveTags(topic.tags, request.tag_keys);
    return {};
  };
  MF_CO_TRY_VOID(co_await topics_->Edit(ctx, *name, untag));
  co_return UntagResourceResponse{};
}

Task<Result<ListTagsForResourceResponse>> TopicsApi::ListTagsForResource(Context&, ListTagsForResourceRequest request) {
  const auto name = ParseTopicArn(request.resource_arn);
  const TopicPointer topic = name ? topics_->Find(*name) : nullptr;
  if (!topic) co_return Fail(NoResource());
  ListTagsForResourceResponse response;
  auto& tags = response.tags.emplace();
  for (const auto& [key, value] : topic->tags) tags.push_back({.key = key, .value = value});
  co_return response;
}

}  // namespace mayfly::sns
