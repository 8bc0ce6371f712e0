// Execution: what runs functions: cages and environments, the invoker, events on their way, and the pollers of mappings.
//
// One per daemon, made by the service (service.h) on top of its Holdings; on the daemon's strand. Its life is that of the service.
#pragma once

#include "catalog/zygote_preparation.h"
#include "invoke/event_queue.h"
#include "invoke/function_target.h"
#include "invoke/invoker.h"
#include "invoke/loop_guard.h"
#include "runtime/environment_factory.h"
#include "services/lambda/holdings.h"
#include "sources/mapped_functions.h"
#include "sources/mapping_manager.h"
#include "sources/queue_source.h"
#include "telemetry/function_log.h"

namespace mayfly::lambda {

class Execution {
 public:
  // Waits until the jail serves. Errors: with a hint, where an operator can do something.
  static Task<Result<std::unique_ptr<Execution>>> Open(Context& ctx, const services::Commons& commons, Premises& premises, Holdings& holdings,
                                                       sources::QueueSource& queues);
  // `cages` are open; the others outlive it.
  Execution(const services::Commons& commons, Premises& premises, Holdings& holdings, sources::QueueSource& queues,
            std::unique_ptr<sandbox::JailedCagePool> cages);

  void Start();
  void Pause() { mappings_.Pause(); }
  Task<> Drain(TimePoint until) { return mappings_.Stop(until); }
  // No stream runs on; environments get their Shutdown phase, if they still can.
  Task<> Stop();
  // After the tables have been cleared.
  void Reset();

  // Boots the interpreter that a function will be forked from, if it is to be.
  void PrepareFor(const catalog::Function& function) const;

  runtime::EnvironmentManager& environments() { return environments_; }
  invoke::Invoker& invoker() { return invoker_; }
  invoke::LoopGuard& loops() { return loops_; }
  invoke::EventQueue& events() { return events_; }
  invoke::FunctionTarget& target() { return target_; }
  sources::MappingManager& mappings() { return mappings_; }

 private:
  runtime::FunctionEndpoint MakeFunctionEndpoint() const;
  invoke::InvokerOptions MakeInvokerOptions();
  invoke::EventQueueParts MakeEventParts();

  services::Commons commons_;
  const Premises* premises_;
  Holdings* holdings_;
  bool jail_died_ = false;
  std::unique_ptr<sandbox::JailedCagePool> cages_;
  catalog::ZygotePreparation zygotes_;
  telemetry::EventStream stream_;
  telemetry::FunctionLog function_log_;
  runtime::KernelMemory memory_;
  runtime::CagedEnvironmentFactory factory_;
  runtime::EnvironmentManager environments_;
  invoke::TraceSampler sampler_;
  invoke::Invoker invoker_;
  invoke::LoopGuard loops_;
  invoke::EventQueue events_;
  invoke::FunctionTarget target_;
  sources::InvokedFunctions mapped_functions_;
  sources::MappingManager mappings_;
};

}  // namespace mayfly::lambda
