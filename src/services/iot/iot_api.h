// AWS IoT's control plane: the operations of model/iot.model that are about topic rules. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model.
#pragma once

#include "model/iot.h"
#include "resources/paging.h"
#include "services/iot/topic_rules.h"

namespace mayfly::iot {

class IotApi final : public RulesHandler, public EndpointsHandler, public TagsHandler {
 public:
  // What it is given outlives it. `origin`: "http://127.0.0.1:4566".
  IotApi(const Clock& clock, TopicRules& rules, std::string origin) : clock_(&clock), rules_(&rules), origin_(std::move(origin)) {}
  Handlers handlers() { return {{}, *this, *this, *this}; }

  Task<Result<>> CreateTopicRule(Context& ctx, CreateTopicRuleRequest request) override;
  Task<Result<GetTopicRuleResponse>> GetTopicRule(Context& ctx, GetTopicRuleRequest request) override;
  Task<Result<ListTopicRulesResponse>> ListTopicRules(Context& ctx, ListTopicRulesRequest request) override;
  Task<Result<>> ReplaceTopicRule(Context& ctx, ReplaceTopicRuleRequest request) override;
  Task<Result<>> DeleteTopicRule(Context& ctx, DeleteTopicRuleRequest request) override;
  Task<Result<>> EnableTopicRule(Context& ctx, EnableTopicRuleRequest request) override;
  Task<Result<>> DisableTopicRule(Context& ctx, DisableTopicRuleRequest request) override;
  Task<Result<DescribeEndpointResponse>> DescribeEndpoint(Context& ctx, DescribeEndpointRequest request) override;
  Task<Result<TagResourceResponse>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<UntagResourceResponse>> UntagResource(Context& ctx, UntagResourceRequest request) override;
  Task<Result<ListTagsForResourceResponse>> ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) override;

 private:
  Task<Result<>> SetDisabled(Context& ctx, std::string name, bool is_disabled);
  Task<Result<>> EditTags(Context& ctx, const std::string& arn, std::function<Result<>(resources::StringPairs&)> edit);

  const Clock* clock_;
  TopicRules* rules_;
  std::string origin_;
};

}  // namespace mayfly::iot
