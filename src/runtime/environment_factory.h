// The real EnvironmentFactory: a cage from the pool, a Runtime API server on the cage's own 127.0.0.1:9001, pipes on the loop.
#pragma once

#include "base/random.h"
#include "base/real_loop.h"
#include "runtime/environment_manager.h"

namespace mayfly::runtime {

// Outlives its environments. `cages` and `events` outlive it.
class CagedEnvironmentFactory final : public EnvironmentFactory {
 public:
  CagedEnvironmentFactory(RealLoop& loop, sandbox::CagePool& cages, telemetry::EventSink& events, EnvironmentOptions options);
  ~CagedEnvironmentFactory() override;
  Task<Result<std::unique_ptr<EnvironmentHandle>>> Make(Context& ctx, std::shared_ptr<const EnvironmentSpec> spec) override;

 private:
  class Ports;
  class Handle;
  RealLoop* loop_;
  sandbox::CagePool* cages_;
  telemetry::EventSink* events_;
  EnvironmentOptions options_;
  SystemRandom random_;
  std::unique_ptr<Ports> ports_;
};

}  // namespace mayfly::runtime
