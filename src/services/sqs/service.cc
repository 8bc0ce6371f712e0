#include "services/sqs/service.h"

#include "keyring/sealing_store.h"
#include "services/sqs/authorizer.h"
#include "services/sqs/dead_letters_api.h"
#include "services/sqs/messages_api.h"
#include "services/sqs/permissions_api.h"
#include "services/sqs/queue_ports.h"
#include "services/sqs/queues_api.h"
#include "services/sqs/queue_tags_api.h"

namespace mayfly::sqs {
namespace {

class SqsService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports,
                                                               QueuesOptions options) {
    store::SqliteOptions file{.path = commons.data_path + "/queues.db", .leases = store::SqliteOptions::Leases::Survive};
    MF_CO_TRY(auto store, store::OpenSqliteStore(*commons.calendar, std::move(file)));
    auto service = std::make_unique<SqsService>(commons, std::move(store), options);
    MF_CO_TRY_VOID(co_await service->queues_.Open(ctx));
    service->move_tasks_.Recover();
    ports.Offer<sources::QueueSource>(service->ports_);
    ports.Offer<delivery::Target>(service->ports_, "sqs");
    co_return service;
  }

  SqsService(const services::Commons& commons, std::unique_ptr<store::Store> store, const QueuesOptions& options)
      : store_(std::move(store)),
        sealed_(keyring::SealParts(*store_, *commons.keyring, {.tables = {}, .queues = [](std::string_view) { return true; }})),
        queues_(*commons.calendar, *sealed_, *commons.random, options),
        move_tasks_(*commons.calendar, queues_, *commons.random),
        authorizer_(queues_, *commons.identities, *commons.calendar),
        ports_(queues_, authorizer_),
        queues_api_(*commons.calendar, queues_, commons.origin),
        messages_api_(*commons.calendar, queues_),
        tags_api_(queues_),
        permissions_api_(queues_),
        dead_letters_api_(queues_, move_tasks_, commons.origin),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Pause() override { queues_.EndWaits(); }
  Task<> Stop() override {
    co_await move_tasks_.Stop();
    co_await queues_.Stop();
  }
  Task<Result<>> Reset(Context& ctx) override { return queues_.Reset(ctx); }

 private:
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Store> sealed_;  // the same, in which messages lie sealed
  Queues queues_;
  MoveTasks move_tasks_;
  Authorizer authorizer_;
  QueuePorts ports_;
  QueuesApi queues_api_;
  MessagesApi messages_api_;
  TagsApi tags_api_;
  PermissionsApi permissions_api_;
  DeadLettersApi dead_letters_api_;
  Handlers handlers_{.queues = queues_api_,
                     .messages = messages_api_,
                     .tags = tags_api_,
                     .permissions = permissions_api_,
                     .dead_letter_queues = dead_letters_api_};
  wire::Endpoint endpoint_;
};

OptionGroup OptionsOf(QueuesOptions& queues) {
  OptionGroup group("Amazon SQS");
  group.Seconds("queue-name-rest", queues.name_rest, {0, 3600}, "seconds for which the name of a deleted queue cannot be used (AWS: 60)");
  group.Number("queue-in-flight-max", queues.in_flight_max, {1, 10'000'000}, "messages of one queue that are received and not deleted");
  return group;
}

}  // namespace

services::Declaration Declare() {
  auto options = std::make_shared<QueuesOptions>();
  return {.name = "sqs",
          .offers = {services::PortOf<sources::QueueSource>(), services::PortOf<delivery::Target>("sqs")},
          .needs = {},
          .options = {OptionsOf(*options)},
          .open = [options](Context& ctx, const services::Commons& commons, services::Ports& ports) {
            return SqsService::Open(ctx, commons, ports, *options);
          }};
}

}  // namespace mayfly::sqs
