#include "mayflyd/queue_service.h"

namespace mayfly::daemon {

QueueService::QueueService(Parts parts, std::unique_ptr<store::Store> store, sqs::QueuesOptions options)
    : store_(std::move(store)),
      queues_(*parts.loop, *store_, *parts.random, options),
      move_tasks_(*parts.loop, queues_, *parts.random),
      ports_(queues_),
      authorizer_(queues_, *parts.identities, *parts.loop),
      api_(sqs::SqsParts{.loop = parts.loop, .queues = &queues_, .move_tasks = &move_tasks_, .origin = parts.origin}),
      endpoint_(sqs::kService, &handlers_, authorizer_.AsFunction(), std::move(parts.observer), parts.files) {}

Task<Result<std::unique_ptr<QueueService>>> QueueService::Open(Context& ctx, Parts parts, const Options& options) {
  store::SqliteOptions file{.path = parts.data_path + "/queues.db", .leases = store::SqliteOptions::Leases::Survive};
  MF_CO_TRY(auto store, store::OpenSqliteStore(*parts.loop, std::move(file)));
  sqs::QueuesOptions limits;
  limits.name_rest = Seconds(options.queue_name_rest_seconds);
  limits.in_flight_max = options.queue_in_flight_max;
  std::unique_ptr<QueueService> service(new QueueService(std::move(parts), std::move(store), limits));
  MF_CO_TRY_VOID(co_await service->queues_.Open(ctx));
  service->move_tasks_.Recover();
  co_return service;
}

Task<> QueueService::Stop() {
  co_await move_tasks_.Stop();
  co_await queues_.Stop();
}

}  // namespace mayfly::daemon
