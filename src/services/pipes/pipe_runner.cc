#include "services/pipes/pipe_runner.h"

#include <fmt/format.h>

#include "base/log.h"
#include "delivery/bus_event.h"
#include "identity/arn.h"
#include "sources/batch_item_failures.h"
#include "sources/queue_filter.h"

namespace mayfly::pipes {
namespace {

constexpr std::chrono::seconds kReceiveWait{20};
constexpr std::chrono::seconds kRestAfterFailure{1};
constexpr std::chrono::minutes kExecutionMax{5};  // AWS's, for a whole batch

delivery::DeliveryPrincipal PrincipalOf(const PipePlan& plan, const std::string& session) {
  const auto role = identity::ParseArn(plan.role_arn);
  MF_ASSERT(role);  // the model has looked at it
  const std::string_view name = role->resource.substr(role->resource.rfind('/') + 1);
  return delivery::DeliveryPrincipal::Role(fmt::format("arn:{}:sts::{}:assumed-role/{}/{}", role->partition, role->account_id, name, session),
                                           std::string(role->account_id));
}

std::string ListOf(const std::vector<std::string>& items) {
  std::string list = "[";
  for (const std::string& item : items) list += (list.size() > 1 ? "," : "") + item;
  return list + ']';
}

// What an enrichment's answer says: several events, one, or none ("", {} and []).
std::vector<json::Value> EventsOf(const std::string& answer) {
  auto value = json::Parse(answer);
  if (!value || value->is_null() || (value->is_string() && value->string().empty()) || (value->is_object() && value->object().empty())) return {};
  if (value->is_array()) return std::move(value->array());
  std::vector<json::Value> one;
  one.push_back(std::move(*value));
  return one;
}

std::string_view TextIn(const json::Value& parameters, std::string_view group, std::string_view name) {
  const json::Value* of_target = parameters.Find(group);
  return of_target ? of_target->StringOr(name, "") : std::string_view();
}

}  // namespace

struct PipeRunner::Batch {
  Batch(const PipeRow& row, PipePlan given)
      : pipe(&row), plan(std::move(given)), writer(plan.source_arn), filter(plan.filters, writer), facts{.arn = row.name.Arn(), .name = row.name.name} {}

  struct Event {
    json::Value decoded;
    json::Value plain;
    size_t message;  // in `messages`; of an enriched event all of them
  };
  void Begin(WallTime now) {
    messages.clear();
    unwanted.clear();
    events.clear();
    failed.clear();
    facts.ingested = now;
  }
  void Take(sources::ReceivedMessage message) {
    if (!filter.Wants(message)) return unwanted.push_back(message.receipt_handle);
    std::string record;
    writer.Append(message, record);
    events.push_back({DecodeRecord(record), json::Parse(record).value_or(json::Value()), messages.size()});
    messages.push_back(std::move(message));
    failed.push_back(false);
  }
  void FailAll() { failed.assign(messages.size(), true); }
  // Handles of what has been dealt with.
  std::vector<std::string> Done() const {
    std::vector<std::string> handles = unwanted;
    for (size_t i = 0; i < messages.size(); ++i) {
      if (!failed[i]) handles.push_back(messages[i].receipt_handle);
    }
    return handles;
  }
  std::vector<std::string> Bodies(const std::string& input_template) const {
    std::vector<std::string> bodies;
    for (const Event& event : events) bodies.push_back(TransformEvent(input_template, event.decoded, event.plain, plan, facts));
    return bodies;
  }

  const PipeRow* pipe;
  PipePlan plan;
  sources::QueueRecordWriter writer;
  sources::QueueFilter filter;
  PipeFacts facts;
  std::vector<sources::ReceivedMessage> messages;
  std::vector<std::string> unwanted;
  std::vector<Event> events;
  std::vector<bool> failed;  // by message
  bool is_enriched = false;
};

PipeRunner::PipeRunner(PipeRunnerParts parts) : parts_(parts), tasks_(*parts.loop) {
  parts.table->pipes.OnChange([this](const std::string& key, const auto&, const auto& pipe) { Follow(key, pipe.get()); });
}

void PipeRunner::Start() {
  is_running_ = true;
  for (const auto& row : parts_.table->pipes.List("", "", SIZE_MAX)) Follow(row.key, row.value.get());
}

void PipeRunner::Pause() {
  is_running_ = false;
  for (const auto& [key, running] : running_) running->stop.request_stop();
  running_.clear();
}

Task<> PipeRunner::Stop() {
  Pause();
  tasks_.Stop();
  co_await tasks_.Join();
}

std::string PipeRunner::ReasonOf(const std::string& key) const {
  const auto running = running_.find(key);
  return running == running_.end() ? "" : running->second->reason;
}

// A pipe that has changed begins anew, behind the batch that it is at.
void PipeRunner::Follow(const std::string& key, const PipeRow* pipe) {
  if (const auto running = running_.extract(key); !running.empty()) running.mapped()->stop.request_stop();
  if (!is_running_ || !pipe || !pipe->is_running()) return;
  const auto running = std::make_shared<Running>();
  running_.emplace(key, running);
  tasks_.Spawn(Work(running, std::make_shared<const PipeRow>(*pipe)));
}

Task<> PipeRunner::Rest(Context& ctx) const {
  Event rested(*parts_.loop);
  const std::stop_callback on_stop(ctx.stop, [&rested] { rested.Set(); });
  co_await rested.WaitUntil(parts_.loop->Now() + kRestAfterFailure);
}

Task<> PipeRunner::Work(std::shared_ptr<Running> running, std::shared_ptr<const PipeRow> pipe) {
  const auto settings = json::Parse(pipe->settings);
  auto plan = settings ? ReadPipePlan(*settings) : Result<PipePlan>(Fail(settings.error()));
  if (!plan) co_return log::Error("pipe {} cannot be read: {}", pipe->name.Arn(), plan.error().ToString());
  Batch batch(*pipe, std::move(*plan));
  while (!running->stop.stop_requested()) {
    Context ctx(*parts_.loop);
    ctx.stop = running->stop.get_token();
    ctx.principal.account_id = pipe->name.account_id;
    ctx.principal.region = pipe->name.region;
    auto done = co_await TakeBatch(ctx, batch);
    if (done) {
      ctx.stop = tasks_.stop_token();  // what has been taken is brought to its end
      ctx.deadline = parts_.loop->Now() + kExecutionMax;
      done = co_await Process(ctx, batch);
    }
    running->reason = done ? "" : done.error().message;
    if (!done && !running->stop.stop_requested()) co_await Rest(ctx);
  }
}

// Until the batch is full, or its window has passed since the first message.
Task<Result<>> PipeRunner::TakeBatch(Context& ctx, Batch& batch) const {
  batch.Begin(parts_.loop->WallNow());
  TimePoint until = parts_.loop->Now() + kReceiveWait;
  while (batch.messages.size() < batch.plan.batch_size) {
    const Duration wait = std::max(Duration::zero(), until - parts_.loop->Now());
    sources::ReceiveRequest request{.queue_arn = batch.plan.source_arn, .messages_max = batch.plan.batch_size - batch.messages.size(), .wait = wait};
    MF_CO_TRY(sources::ReceivedMessages received, co_await parts_.queues->Receive(ctx, std::move(request)));
    const bool is_first = batch.messages.empty() && batch.unwanted.empty();
    if (is_first && !received.messages.empty()) until = parts_.loop->Now() + batch.plan.window;
    for (sources::ReceivedMessage& message : received.messages) batch.Take(std::move(message));
    if (parts_.loop->Now() >= until) break;
  }
  co_return Result<>();
}

Task<Result<>> PipeRunner::Process(Context& ctx, Batch& batch) const {
  Result<> sent;
  if (!batch.messages.empty()) {
    if (!batch.plan.enrichment_arn.empty()) sent = co_await Enrich(ctx, batch);
    const auto target = identity::ParseArn(batch.plan.target_arn);
    if (!sent) batch.FailAll();
    else if (batch.events.empty()) sent = Result<>();
    else sent = target->service == "lambda" ? co_await SendToFunction(ctx, batch) : co_await SendEach(ctx, batch);
  }
  std::vector<std::string> handles = batch.Done();
  if (!handles.empty()) MF_CO_TRY_VOID(co_await parts_.queues->Delete(ctx, batch.plan.source_arn, std::move(handles)));
  co_return sent;
}

// An API destination is asked for each event by itself.
Task<Result<std::vector<json::Value>>> PipeRunner::AskDestination(Context& ctx, const Batch& batch) const {
  std::vector<json::Value> enriched;
  const std::vector<std::string> bodies = batch.Bodies(batch.plan.enrichment_template);
  for (size_t i = 0; i < bodies.size(); ++i) {
    delivery::Delivery delivery{.id = parts_.random->Uuid(), .target_arn = batch.plan.enrichment_arn, .body = bodies[i]};
    delivery.source_arn = batch.facts.arn;
    delivery.principal = PrincipalOf(batch.plan, delivery.id);
    delivery::AddHttpFields(delivery, HttpFieldsOf(batch.plan.enrichment_parameters, batch.events[i].decoded));
    MF_CO_TRY(const std::string answer, co_await parts_.destinations->Invoke(ctx, delivery));
    for (json::Value& event : EventsOf(answer)) enriched.push_back(std::move(event));
  }
  co_return enriched;
}

Task<Result<>> PipeRunner::Enrich(Context& ctx, Batch& batch) const {
  if (delivery::IsApiDestinationArn(batch.plan.enrichment_arn)) {
    MF_CO_TRY(std::vector<json::Value> enriched, co_await AskDestination(ctx, batch));
    batch.events.clear();
    batch.is_enriched = true;
    for (json::Value& event : enriched) batch.events.push_back({event, std::move(event), 0});
    co_return Result<>();
  }
  const auto principal = PrincipalOf(batch.plan, parts_.random->Uuid());
  MF_CO_TRY(const std::string answer,
            co_await parts_.functions->Invoke(ctx, principal, batch.plan.enrichment_arn, ListOf(batch.Bodies(batch.plan.enrichment_template))));
  batch.events.clear();
  batch.is_enriched = true;
  for (json::Value& event : EventsOf(answer)) batch.events.push_back({event, std::move(event), 0});
  co_return Result<>();
}

// A function gets all events at once; it may say which of them have failed.
Task<Result<>> PipeRunner::SendToFunction(Context& ctx, Batch& batch) const {
  const auto principal = PrincipalOf(batch.plan, parts_.random->Uuid());
  std::string payload = ListOf(batch.Bodies(batch.plan.target_template));
  batch.FailAll();
  if (!batch.plan.is_answer_awaited) {
    delivery::Delivery delivery{.id = parts_.random->Uuid(), .target_arn = batch.plan.target_arn, .body = std::move(payload)};
    delivery.source_arn = batch.facts.arn;
    delivery.principal = principal;
    MF_CO_TRY_VOID(co_await parts_.targets->Deliver(ctx, delivery));
    batch.failed.assign(batch.messages.size(), false);
    co_return Result<>();
  }
  MF_CO_TRY(const std::string answer, co_await parts_.functions->Invoke(ctx, principal, batch.plan.target_arn, std::move(payload)));
  std::vector<std::string_view> ids;
  for (const sources::ReceivedMessage& message : batch.messages) ids.push_back(message.message->message_id);
  const sources::ItemFailures failures = sources::ReadBatchItemFailures(answer, ids);
  for (size_t i = 0; i < batch.messages.size(); ++i) batch.failed[i] = failures.HasFailed(i);
  co_return Result<>();
}

// Others get one delivery for each event. An enriched event is of the whole batch.
Task<Result<>> PipeRunner::SendEach(Context& ctx, Batch& batch) const {
  Result<> all;
  const json::Value& parameters = batch.plan.target_parameters;
  const std::vector<std::string> bodies = batch.Bodies(batch.plan.target_template);
  for (size_t i = 0; i < bodies.size(); ++i) {
    const Batch::Event& event = batch.events[i];
    delivery::Delivery delivery{.id = parts_.random->Uuid(), .target_arn = batch.plan.target_arn, .body = bodies[i]};
    delivery.source_arn = batch.facts.arn;
    delivery.principal = PrincipalOf(batch.plan, delivery.id);
    delivery.message_group_id = ResolveParameter(TextIn(parameters, "SqsQueueParameters", "MessageGroupId"), event.decoded);
    delivery.message_deduplication_id = ResolveParameter(TextIn(parameters, "SqsQueueParameters", "MessageDeduplicationId"), event.decoded);
    if (delivery::IsApiDestinationArn(batch.plan.target_arn)) delivery::AddHttpFields(delivery, HttpFieldsOf(parameters, event.decoded));
    if (delivery::IsBusArn(batch.plan.target_arn)) {
      const std::string source = ResolveParameter(TextIn(parameters, "EventBridgeEventBusParameters", "Source"), event.decoded);
      delivery.detail_type = ResolveParameter(TextIn(parameters, "EventBridgeEventBusParameters", "DetailType"), event.decoded);
      if (delivery.detail_type.empty()) delivery.detail_type = "Event from aws:sqs";
      delivery::AddBusFields(delivery, {.source = source.empty() ? "Pipe " + batch.facts.name : source, .time = batch.facts.ingested});
    }
    auto sent = co_await parts_.targets->Deliver(ctx, delivery);
    if (sent) continue;
    if (batch.is_enriched) batch.FailAll();
    else batch.failed[event.message] = true;
    all = std::move(sent);
  }
  co_return all;
}

}  // namespace mayfly::pipes
