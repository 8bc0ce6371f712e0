// The API of topics: making, finding, changing and removing them, their policies and tags. One per daemon, on its strand.
#pragma once

#include "model/sns.h"
#include "services/sns/topics.h"

namespace mayfly::sns {

class TopicsApi final : public TopicsHandler, public TagsHandler {
 public:
  // `topics` outlives this.
  explicit TopicsApi(Topics& topics) : topics_(&topics) {}

  Task<Result<CreateTopicResponse>> CreateTopic(Context& ctx, CreateTopicRequest request) override;
  Task<Result<>> DeleteTopic(Context& ctx, DeleteTopicRequest request) override;
  Task<Result<GetTopicAttributesResponse>> GetTopicAttributes(Context& ctx, GetTopicAttributesRequest request) override;
  Task<Result<>> SetTopicAttributes(Context& ctx, SetTopicAttributesRequest request) override;
  Task<Result<ListTopicsResponse>> ListTopics(Context& ctx, ListTopicsRequest request) override;

  // --- topic_permissions.cc ---
  Task<Result<>> AddPermission(Context& ctx, AddPermissionRequest request) override;
  Task<Result<>> RemovePermission(Context& ctx, RemovePermissionRequest request) override;

  Task<Result<TagResourceResponse>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<UntagResourceResponse>> UntagResource(Context& ctx, UntagResourceRequest request) override;
  Task<Result<ListTagsForResourceResponse>> ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) override;

 private:
  Topics* topics_;
};

}  // namespace mayfly::sns
