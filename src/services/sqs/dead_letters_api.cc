#include "services/sqs/dead_letters_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "services/sqs/errors.h"
#include "services/sqs/queue_lookup.h"
#include "services/sqs/queue_url.h"

namespace mayfly::sqs {
namespace {

constexpr int kTasksListedMax = 10;
constexpr int kPerSecondMax = 500;

Error NoResource(std::string_view parameter) {
  return Error::Service("ResourceNotFoundException",
                        fmt::format("The resource that you specified for the {} parameter doesn't exist.", parameter));
}

// A handle holds the task and its source.
std::string HandleOf(const MoveTask& task) {
  json::Object handle;
  handle.emplace_back("taskId", task.id);
  handle.emplace_back("sourceArn", task.source.Arn());
  return Base64Encode(json::Write(json::Value(std::move(handle))));
}

Result<std::pair<QueueName, std::string>> ReadHandle(std::string_view handle) {
  const auto bytes = Base64Decode(handle);
  const auto document = bytes ? json::Parse(*bytes) : Result<json::Value>(Fail(Error::Fault("no base64")));
  const auto source = document ? ParseQueueArn(document->StringOr("sourceArn", "")) : std::nullopt;
  if (!source || document->StringOr("taskId", "").empty()) return Fail(InvalidParameterValue("Value for parameter TaskHandle is invalid."));
  return std::pair(*source, std::string(document->StringOr("taskId", "")));
}

Result<QueueName> ReadArn(std::string_view arn, std::string_view parameter) {
  if (auto name = ParseQueueArn(arn)) return std::move(*name);
  return Fail(InvalidParameterValue(
      fmt::format("You must use this format to specify the {}: arn:<partition>:<service>:<region>:<account-id>:<resource-id>", parameter)));
}

ListMessageMoveTasksResultEntry Describe(const MoveTask& task) {
  ListMessageMoveTasksResultEntry entry;
  if (task.status == "RUNNING") entry.task_handle = HandleOf(task);
  entry.status = task.status;
  entry.source_arn = task.source.Arn();
  if (!task.destination_arn.empty()) entry.destination_arn = task.destination_arn;
  entry.max_number_of_messages_per_second = task.per_second;
  entry.approximate_number_of_messages_moved = task.moved;
  entry.approximate_number_of_messages_to_move = task.to_move;
  if (!task.failure.empty()) entry.failure_reason = task.failure;
  entry.started_timestamp = task.started_millis;
  return entry;
}

}  // namespace

Task<Result<ListDeadLetterSourceQueuesResponse>> DeadLettersApi::ListDeadLetterSourceQueues(Context& ctx,
                                                                                            ListDeadLetterSourceQueuesRequest request) {
  MF_CO_TRY(const QueuePointer target, FindQueue(queues_, ctx, request.queue_url));
  MF_CO_TRY(const auto wanted, PageOf(request, fmt::format("{}/{}/", target->name.account_id, target->name.region)));
  const auto uses_it = [arn = target->name.Arn()](const auto& row) { return row.value->redrive && row.value->redrive->target_arn == arn; };
  MF_CO_TRY(auto page, resources::NextPageIf(queues_.table(), wanted, uses_it));
  ListDeadLetterSourceQueuesResponse response;
  for (const auto& row : page.rows) response.queue_urls.push_back(QueueUrlOf(origin_, request.host, row.value->name));
  response.next_token = TokenOf(request, page);
  co_return response;
}

Task<Result<StartMessageMoveTaskResponse>> DeadLettersApi::StartMessageMoveTask(Context& ctx, StartMessageMoveTaskRequest request) {
  MF_CO_TRY(const QueueName name, ReadArn(request.source_arn, "SourceArn"));
  const QueuePointer source = queues_.Find(name);
  if (!source) co_return Fail(NoResource("SourceArn"));
  const std::string arn = name.Arn();
  const auto uses_it = [&](const auto& row) { return row.value->redrive && row.value->redrive->target_arn == arn; };
  if (queues_.table().ListIf(fmt::format("{}/{}/", name.account_id, name.region), "", 1, uses_it).empty()) {
    co_return Fail(InvalidParameterValue("Source queue must be configured as a Dead Letter Queue."));
  }
  const std::string destination = request.destination_arn.value_or("");
  if (!destination.empty()) {
    MF_CO_TRY(const QueueName target, ReadArn(destination, "DestinationArn"));
    const QueuePointer found = queues_.Find(target);
    if (!found) co_return Fail(NoResource("DestinationArn"));
    if (found->fifo != source->fifo) {
      co_return Fail(InvalidParameterValue("Source queue and destination queue must be of the same type."));
    }
    if (target == name) co_return Fail(InvalidParameterValue("Source queue arn and destination queue arn cannot be the same."));
  }
  const auto& rate = request.max_number_of_messages_per_second;
  if (rate && (*rate < 1 || *rate > kPerSecondMax)) {
    co_return Fail(InvalidValue(fmt::to_string(*rate), "MaxNumberOfMessagesPerSecond", "Must be between 1 and 500, if provided."));
  }
  MF_CO_TRY(const auto task, co_await move_tasks_.Start(ctx, source, destination, rate));
  co_return StartMessageMoveTaskResponse{.task_handle = HandleOf(*task)};
}

Task<Result<ListMessageMoveTasksResponse>> DeadLettersApi::ListMessageMoveTasks(Context& ctx, ListMessageMoveTasksRequest request) {
  MF_CO_TRY(const QueueName name, ReadArn(request.source_arn, "SourceArn"));
  if (!queues_.Find(name)) co_return Fail(NoResource("SourceArn"));
  const int limit = request.max_results.value_or(1);
  if (limit < 1 || limit > kTasksListedMax)
    co_return Fail(InvalidValue(fmt::to_string(limit), "MaxResults", "Must be between 1 and 10, if provided."));
  ListMessageMoveTasksResponse response;
  auto& results = response.results.emplace();
  for (const auto& task : move_tasks_.List(name)) {
    if (results.size() < static_cast<size_t>(limit)) results.push_back(Describe(*task));
  }
  co_return response;
}

Task<Result<CancelMessageMoveTaskResponse>> DeadLettersApi::CancelMessageMoveTask(Context& ctx, CancelMessageMoveTaskRequest request) {
  MF_CO_TRY(const auto handle, ReadHandle(request.task_handle));
  if (!queues_.Find(handle.first)) co_return Fail(NoResource("SourceArn"));
  MF_CO_TRY(const auto task, co_await move_tasks_.Cancel(ctx, handle.first, handle.second));
  co_return CancelMessageMoveTaskResponse{.approximate_number_of_messages_moved = task->moved};
}

}  // namespace mayfly::sqs
