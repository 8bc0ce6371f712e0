// The real EnvironmentFactory: a cage from the pool, a Runtime API server on the cage's own 127.0.0.1:9001, pipes on the loop,
// the AWS endpoint that the function's own SDK calls, with credentials for it, and the X-Ray daemon that it sends to.
#pragma once

#include <functional>

#include "base/random.h"
#include "base/real_loop.h"
#include "identity/session_keys.h"
#include "net/http_message.h"
#include "runtime/endpoint_caller.h"
#include "runtime/environment_manager.h"

namespace mayfly::runtime {

// What function code finds at 169.254.100.2:80, and at the trace daemon's address.
struct FunctionEndpoint {
  identity::SessionKeys* sessions = nullptr;
  Duration credentials_valid = std::chrono::hours(12);
  // Serves a request from inside the environment that holds the session `access_key_id`. May be abandoned: its frame is
  // destroyed with the environment.
  std::function<Task<http::Response>(Context&, http::Request&, const EndpointCaller& caller)> handle;
  // Words the answer to a head that is too large (http::HeadRefuser).
  std::function<http::Response(const http::Request& skimmed)> refuse_head;
  // An environment has this address in the router's network; 0: none. Before its code runs: an error, and it does not. Null: nobody
  // wants to know.
  std::function<Task<Result<>>(const EnvironmentSpec&, uint32_t address)> join;
  // It ends. Not null where `join` is not.
  std::function<void(uint32_t address)> leave;
  // A datagram to the X-Ray daemon, 169.254.100.1:2000. Null: nobody wants them.
  std::function<void(const telemetry::EnvironmentLabel&, std::string_view datagram)> take_trace;
};

// Outlives its environments. `cages`, `events` and what `endpoint` names outlive it.
class CagedEnvironmentFactory final : public EnvironmentFactory {
 public:
  CagedEnvironmentFactory(RealLoop& loop, sandbox::CagePool& cages, telemetry::EventSink& events, EnvironmentOptions options,
                          FunctionEndpoint endpoint);
  ~CagedEnvironmentFactory() override;
  Task<Result<std::unique_ptr<EnvironmentHandle>>> Make(Context& ctx, std::shared_ptr<const EnvironmentSpec> spec) override;

 private:
  class Ports;
  class Handle;
  RealLoop* loop_;
  sandbox::CagePool* cages_;
  telemetry::EventSink* events_;
  EnvironmentOptions options_;
  FunctionEndpoint endpoint_;
  SystemRandom random_;
  std::unique_ptr<Ports> ports_;
};

}  // namespace mayfly::runtime
