// PipeRunner: the pipes that are to run: each takes messages from its queue, filters, enriches and sends them, batch after batch.
//
// A message is deleted when its target has it, or when no filter wants it; what fails becomes visible again by the queue's own rules, and goes
// to the queue's dead-letter queue in the end. So nothing is owed besides what the queue holds, and a crash repeats a batch. A pipe works on
// one batch at a time. One per daemon, on the strand of the table.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/task_scope.h"
#include "delivery/target_router.h"
#include "services/pipes/pipe_functions.h"
#include "services/pipes/pipe_plan.h"
#include "services/pipes/pipe_table.h"
#include "sources/queue_source.h"

namespace mayfly::pipes {

struct PipeRunnerParts {
  Loop* loop;
  PipeTable* table;
  sources::QueueSource* queues;
  delivery::TargetRouter* targets;
  const PipeFunctions* functions;
  delivery::HttpDestinations* destinations;
  Random* random;
};

class PipeRunner {
 public:
  // What the parts name outlives it.
  explicit PipeRunner(PipeRunnerParts parts);
  void Start();
  // Takes no more messages.
  void Pause();
  Task<> Stop();
  // Why a pipe that is to run does not get on; "" when it does.
  std::string ReasonOf(const std::string& key) const;

 private:
  struct Running {
    std::stop_source stop;
    std::string reason;
  };
  struct Batch;

  void Follow(const std::string& key, const PipeRow* pipe);
  Task<> Work(std::shared_ptr<Running> running, std::shared_ptr<const PipeRow> pipe);
  Task<Result<>> TakeBatch(Context& ctx, Batch& batch) const;
  Task<Result<>> Process(Context& ctx, Batch& batch) const;
  Task<Result<>> Enrich(Context& ctx, Batch& batch) const;
  Task<Result<std::vector<json::Value>>> AskDestination(Context& ctx, const Batch& batch) const;
  Task<Result<>> SendToFunction(Context& ctx, Batch& batch) const;
  Task<Result<>> SendEach(Context& ctx, Batch& batch) const;
  Task<> Rest(Context& ctx) const;

  PipeRunnerParts parts_;
  bool is_running_ = false;
  std::map<std::string, std::shared_ptr<Running>> running_;
  TaskScope tasks_;
};

}  // namespace mayfly::pipes
