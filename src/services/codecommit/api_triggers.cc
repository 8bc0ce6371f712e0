// PutRepositoryTriggers, GetRepositoryTriggers, TestRepositoryTriggers.
#include "services/codecommit/codecommit_api.h"

namespace mayfly::codecommit {

Task<Result<PutRepositoryTriggersResponse>> CodeCommitApi::PutRepositoryTriggers(Context& ctx, PutRepositoryTriggersRequest request) {
  MF_CO_TRY(const RepositoryPointer row, Existing(ctx, request.repository_name));
  MF_CO_TRY_VOID(CheckTriggers(row->name, request.triggers));
  // What was pushed before there were triggers is told to nobody.
  if (row->triggers.empty()) {
    const GitRefs git = co_await parts_.watcher->Read(row->name);
    MF_CO_TRY_VOID(co_await parts_.watcher->Know(ctx, row->name, git.refs));
  }
  const std::string configuration = parts_.random->Uuid();
  MF_CO_TRY_VOID(co_await Edit(ctx, row->name, [&](RepositoryRow& changed) -> Result<> {
    changed.configuration_id = configuration;
    changed.triggers = request.triggers.empty() ? std::string() : WriteTriggers(request.triggers);
    return {};
  }));
  co_return PutRepositoryTriggersResponse{.configuration_id = configuration};
}

Task<Result<GetRepositoryTriggersResponse>> CodeCommitApi::GetRepositoryTriggers(Context& ctx, GetRepositoryTriggersRequest request) {
  MF_CO_TRY(const RepositoryPointer row, Existing(ctx, request.repository_name));
  GetRepositoryTriggersResponse response{.configuration_id = std::nullopt, .triggers = ReadTriggers(row->triggers)};
  if (!row->configuration_id.empty()) response.configuration_id = row->configuration_id;
  co_return response;
}

// Of a commit that is there, or of none.
Task<Result<TestRepositoryTriggersResponse>> CodeCommitApi::TestRepositoryTriggers(Context& ctx, TestRepositoryTriggersRequest request) {
  MF_CO_TRY(const RepositoryPointer row, Existing(ctx, request.repository_name));
  MF_CO_TRY_VOID(CheckTriggers(row->name, request.triggers));
  const GitRefs git = co_await parts_.watcher->Read(row->name);
  RefChange sample{.ref = "refs/heads/main", .commit = std::string(40, '0')};
  if (const auto head = git.refs.find(git.head); head != git.refs.end()) sample = {.ref = head->first, .commit = head->second};
  TestRepositoryTriggersResponse response{.successful_executions = std::vector<std::string>(), .failed_executions = std::vector<RepositoryTriggerExecutionFailure>()};
  for (const RepositoryTrigger& trigger : request.triggers) {
    const TriggerEvent event{.repository = *row, .trigger = trigger, .changes = {sample}, .time = parts_.clock->WallNow(), .name = "TriggerEventTest"};
    const auto sent = co_await parts_.targets->Deliver(ctx, MakeTriggerDelivery(event, parts_.random->Uuid()));
    if (sent) response.successful_executions->push_back(trigger.name);
    else response.failed_executions->push_back({.trigger = trigger.name, .failure_message = sent.error().message});
  }
  co_return response;
}

}  // namespace mayfly::codecommit
