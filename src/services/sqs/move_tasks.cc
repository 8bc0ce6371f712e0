#include "services/sqs/move_tasks.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "resources/json_members.h"
#include "services/sqs/errors.h"
#include "wire/error_response.h"
#include "model/sqs.h"

namespace mayfly::sqs {

static void VisitMembers(resources::Is<MoveTask> auto& task, auto&& visit) {
  visit("id", task.id);
  visit("destination", task.destination_arn);
  visit("perSecond", task.per_second);
  visit("status", task.status);
  visit("moved", task.moved);
  visit("toMove", task.to_move);
  visit("started", task.started_millis);
  visit("failure", task.failure);
}

namespace {

constexpr Duration kPauseAfterFault = std::chrono::seconds(1);

Error NoSuchTask(std::string_view) { return Error::Service("ResourceNotFoundException", "Task does not exist."); }

}  // namespace

std::string MoveTask::Key() const { return fmt::format("{}/{:013}-{}", source.Key(), started_millis, id); }

json::Value ToJson(const MoveTask& task) { return resources::WriteMembers(task); }

Result<> FromJson(std::string_view key, const json::Value& value, MoveTask& task) {
  const auto parts = Split(key, '/');
  if (parts.size() != 4) return Fail(Error::Fault("the key of a move task has four parts"));
  task.source = {std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
  resources::ReadMembers(value, task);
  if (task.status.empty()) return Fail(Error::Fault("a stored move task has no status"));
  return {};
}

MoveTasks::MoveTasks(Loop& loop, Queues& queues, Random& random)
    : loop_(&loop), queues_(&queues), random_(&random), table_(queues.tables(), "move-tasks", {.owners = {}, .errors = {.missing = &NoSuchTask}}), background_(loop) {}

void MoveTasks::Recover() {
  for (const auto& row : table_.ListIf("", "", SIZE_MAX, [](const auto& found) { return found.value->running(); })) background_.Spawn(Run(row.key, Begin::Interrupted));
}

Task<> MoveTasks::Stop() {
  background_.Stop();
  co_await background_.Join();
}

std::vector<MoveTasks::Pointer> MoveTasks::List(const QueueName& source) const {
  std::vector<Pointer> tasks;
  for (auto& row : table_.List(source.Key() + "/", "", 10 * kTasksKept)) tasks.push_back(std::move(row.value));
  std::ranges::reverse(tasks);
  return tasks;
}

Task<Result<MoveTasks::Pointer>> MoveTasks::Start(Context& ctx, QueuePointer source, std::string destination_arn, std::optional<int> per_second) {
  const auto tasks = List(source->name);
  if (std::ranges::any_of(tasks, [](const Pointer& task) { return task->running(); })) {
    co_return Fail(InvalidParameterValue("There is already a task running. Only one active task is allowed for a source queue arn at a given time."));
  }
  MF_CO_TRY_VOID(co_await Forget(ctx, source->name));
  MoveTask task;
  task.id = random_->Uuid();
  task.source = source->name;
  task.destination_arn = std::move(destination_arn);
  task.per_second = per_second;
  task.status = "RUNNING";
  task.to_move = std::max<int64_t>(0, queues_->Counts(*source).ready());
  task.started_millis = ToEpochMillis(loop_->WallNow());
  const std::string key = task.Key();
  resources::Change change(queues_->tables());
  MF_CO_TRY_VOID(change.Create(table_, key, std::move(task)));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  background_.Spawn(Run(key, Begin::Fresh));
  co_return table_.Find(key);
}

// Old tasks of a queue make room for a new one.
Task<Result<>> MoveTasks::Forget(Context& ctx, const QueueName& source) {
  const auto tasks = List(source);
  if (tasks.size() < kTasksKept) co_return Result<>();
  resources::Change change(queues_->tables());
  for (size_t i = kTasksKept - 1; i < tasks.size(); ++i) {
    if (!tasks[i]->running()) MF_CO_TRY_VOID(change.Delete(table_, tasks[i]->Key(), tasks[i]));
  }
  co_return co_await change.Commit(ctx);
}

Task<Result<MoveTasks::Pointer>> MoveTasks::Cancel(Context& ctx, QueueName source, std::string id) {
  const auto tasks = List(source);
  const auto found = std::ranges::find(tasks, id, [](const Pointer& task) -> const std::string& { return task->id; });
  if (found == tasks.end()) co_return Fail(NoSuchTask(id));
  if ((*found)->status != "RUNNING") co_return *found;
  const std::string key = (*found)->Key();
  const auto cancel = [](MoveTask& task) -> Result<> {
    if (task.status == "RUNNING") task.status = "CANCELLING";
    return {};
  };
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, table_, key, cancel));
  co_return table_.Get(key);
}

Task<> MoveTasks::Run(std::string key, Begin begin) {
  Context ctx(*loop_);
  ctx.stop = background_.stop_token();
  bool some_may_return = begin == Begin::Interrupted;
  while (!ctx.stop.stop_requested()) {
    const Pointer task = table_.Find(key);
    if (!task || !task->running()) co_return;
    if (task->status == "CANCELLING") {
      if (co_await Finish(ctx, key, "CANCELLED", "")) co_return;
      continue;
    }
    auto moved = co_await Step(ctx, task);
    if (!moved && moved.error().kind == Error::Kind::Service && !moved.error().IsService("ResourceConflictException")) {
      const wire::ErrorAnswer answer = wire::DescribeError(kService, moved.error());
      if (co_await Finish(ctx, key, "FAILED", wire::QueryCodeOf(kService, answer))) co_return;
    } else if (!moved) {
      if (moved.error().kind == Error::Kind::Service) {
        (void)co_await table_.WaitUntilFree(ctx, key);  // somebody cancels the task at this moment
      } else {
        log::Warning("move messages of {}: {}", task->source.Arn(), moved.error().ToString());
        (void)co_await Sleep(ctx, kPauseAfterFault);
      }
      some_may_return = true;
    } else if (*moved == 0 && some_may_return) {
      some_may_return = false;
      (void)co_await Sleep(ctx, Queues::kMoveLease + kPauseAfterFault);
    } else if (*moved == 0) {
      if (co_await Finish(ctx, key, "COMPLETED", "")) co_return;
    } else if (task->per_second) {
      (void)co_await Sleep(ctx, std::chrono::nanoseconds(std::chrono::seconds(1)) * static_cast<int64_t>(*moved) / *task->per_second);
    }
  }
}

Task<Result<size_t>> MoveTasks::Step(Context& ctx, const Pointer& task) {
  MF_CO_TRY(const QueuePointer source, queues_->Get(task->source));
  QueuePointer target;
  if (!task->destination_arn.empty()) {
    const auto name = ParseQueueArn(task->destination_arn);
    target = name ? queues_->Find(*name) : nullptr;
    if (!target) co_return Fail(QueueDoesNotExist());
  }
  // With a limit: as many as a tenth of a second may have.
  const size_t count = task->per_second ? std::clamp<size_t>(static_cast<size_t>(*task->per_second) / 10, 1, kMoveAtOnce) : kMoveAtOnce;
  co_return co_await queues_->Move(ctx, source, target, count, [this, task](resources::Change& change, size_t moved) -> Result<> {
    if (moved == 0) return {};
    MoveTask changed = *task;
    changed.moved += static_cast<int64_t>(moved);
    return change.Replace(table_, task->Key(), task, std::move(changed));
  });
}

// Error: a fault of the store.
Task<Result<>> MoveTasks::Finish(Context& ctx, std::string key, std::string status, std::string failure) {
  const auto finish = [&](MoveTask& task) -> Result<> {
    task.status = status;
    task.failure = failure;
    return {};
  };
  auto done = co_await resources::Edit(ctx, table_, key, finish);
  if (done || done.error().IsService("ResourceNotFoundException")) co_return Result<>();  // or the task has gone
  (void)co_await Sleep(ctx, kPauseAfterFault);
  co_return done;
}

}  // namespace mayfly::sqs
