// Amazon EventBridge's API: the operations of model/events.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model; what the service has words of its
// own for is checked here.
#pragma once

#include "model/events.h"
#include "resources/paging.h"
#include "resources/tags.h"
#include "services/events/archives_api.h"
#include "services/events/authorizer.h"
#include "services/events/http_api.h"
#include "services/events/publisher.h"

namespace mayfly::events {

struct EventsParts {
  const Clock* clock;
  Random* random;
  EventTables* tables;
  Publisher* publisher;
  const Authorizer* authorizer;
};

class EventsApi final : public BusesHandler, public RulesHandler, public TargetsHandler, public EventsHandler, public TagsHandler {
 public:
  // What the parts name outlives it.
  explicit EventsApi(EventsParts parts) : parts_(parts) {}
  // `http`: of connections and API destinations.
  Handlers handlers(ArchivesApi& archives, HttpApi& http) { return {{}, *this, *this, *this, *this, archives, http, http, *this}; }

  // --- buses (api_buses.cc, api_permissions.cc) ---
  Task<Result<CreateEventBusResponse>> CreateEventBus(Context& ctx, CreateEventBusRequest request) override;
  Task<Result<UpdateEventBusResponse>> UpdateEventBus(Context& ctx, UpdateEventBusRequest request) override;
  Task<Result<>> DeleteEventBus(Context& ctx, DeleteEventBusRequest request) override;
  Task<Result<DescribeEventBusResponse>> DescribeEventBus(Context& ctx, DescribeEventBusRequest request) override;
  Task<Result<ListEventBusesResponse>> ListEventBuses(Context& ctx, ListEventBusesRequest request) override;
  Task<Result<>> PutPermission(Context& ctx, PutPermissionRequest request) override;
  Task<Result<>> RemovePermission(Context& ctx, RemovePermissionRequest request) override;

  // --- rules (api_rules.cc) ---
  Task<Result<PutRuleResponse>> PutRule(Context& ctx, PutRuleRequest request) override;
  Task<Result<>> DeleteRule(Context& ctx, DeleteRuleRequest request) override;
  Task<Result<DescribeRuleResponse>> DescribeRule(Context& ctx, DescribeRuleRequest request) override;
  Task<Result<>> EnableRule(Context& ctx, EnableRuleRequest request) override;
  Task<Result<>> DisableRule(Context& ctx, DisableRuleRequest request) override;
  Task<Result<ListRulesResponse>> ListRules(Context& ctx, ListRulesRequest request) override;
  Task<Result<ListRuleNamesByTargetResponse>> ListRuleNamesByTarget(Context& ctx, ListRuleNamesByTargetRequest request) override;

  // --- targets (api_targets.cc) ---
  Task<Result<PutTargetsResponse>> PutTargets(Context& ctx, PutTargetsRequest request) override;
  Task<Result<RemoveTargetsResponse>> RemoveTargets(Context& ctx, RemoveTargetsRequest request) override;
  Task<Result<ListTargetsByRuleResponse>> ListTargetsByRule(Context& ctx, ListTargetsByRuleRequest request) override;

  // --- events (api_events.cc) ---
  Task<Result<PutEventsResponse>> PutEvents(Context& ctx, PutEventsRequest request) override;
  Task<Result<TestEventPatternResponse>> TestEventPattern(Context& ctx, TestEventPatternRequest request) override;

  // --- tags (api_tags.cc) ---
  Task<Result<TagResourceResponse>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<UntagResourceResponse>> UntagResource(Context& ctx, UntagResourceRequest request) override;
  Task<Result<ListTagsForResourceResponse>> ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) override;

 private:
  using BusPointer = resources::ResourceTable<Bus>::Pointer;
  using RulePointer = resources::ResourceTable<RuleRow>::Pointer;

  int64_t NowMillis() const { return ToEpochMillis(parts_.clock->WallNow()); }
  // Errors: ResourceNotFoundException.
  Result<BusName> ExistingBus(const Context& ctx, const std::optional<std::string>& name_or_arn) const;
  Result<RulePointer> ExistingRule(const Context& ctx, const std::optional<std::string>& bus, const std::string& name) const;
  // Changes a bus; of the default one a row is made where there is none. Errors: ResourceNotFoundException; those of `edit`.
  Task<Result<>> EditBus(Context& ctx, BusName name, std::function<Result<>(Bus&)> edit);
  Task<Result<>> SetState(Context& ctx, const std::optional<std::string>& bus, const std::string& name, std::string state);
  Task<Result<>> EditTags(Context& ctx, const std::string& arn, std::function<Result<>(resources::StringPairs&)> edit);
  // What an entry puts onto a bus; nullopt: there is no such bus, and nobody is told. Error: the entry's own.
  Result<std::optional<Publisher::ToBus>> ReadEntry(Context& ctx, const PutEventsRequestEntry& entry, std::string id) const;

  EventsParts parts_;
};

// Rows by pages. Error: ValidationException for a token of others when the page is read.
resources::PageRequest PageOf(std::string prefix, const std::optional<int32_t>& limit, const std::optional<std::string>& token);
extern const resources::TagRules kTagRules;

}  // namespace mayfly::events
