// QueueService: Amazon SQS's part of the daemon, wired together: its store, its queues, its API, and what other rooms see of it.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "identity/authorization.h"
#include "mayflyd/options.h"
#include "services/sqs/authorizer.h"
#include "services/sqs/queue_ports.h"
#include "services/sqs/sqs_api.h"
#include "wire/endpoint.h"

namespace mayfly::daemon {

class QueueService {
 public:
  struct Parts {
    Loop* loop;
    Random* random;
    const identity::IdentityPolicies* identities;
    BlockingPool* files;
    wire::AnswerObserver observer;
    std::string data_path;
    std::string origin;
  };
  // Opens DATA/queues.db, and goes on with what a restart interrupted. Error: a fault of the store.
  static Task<Result<std::unique_ptr<QueueService>>> Open(Context& ctx, Parts parts, const Options& options);
  void EndWaits() { queues_.EndWaits(); }
  Task<> Stop();
  Task<Result<>> Reset(Context& ctx) { return queues_.Reset(ctx); }

  wire::Endpoint& endpoint() { return endpoint_; }
  sqs::QueuePorts& ports() { return ports_; }

 private:
  QueueService(Parts parts, std::unique_ptr<store::Store> store, sqs::QueuesOptions options);

  std::unique_ptr<store::Store> store_;
  sqs::Queues queues_;
  sqs::MoveTasks move_tasks_;
  sqs::QueuePorts ports_;
  sqs::Authorizer authorizer_;
  sqs::SqsApi api_;
  sqs::Handlers handlers_ = api_.handlers();
  wire::Endpoint endpoint_;
};

}  // namespace mayfly::daemon
