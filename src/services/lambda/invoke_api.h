// InvokeApi: Invoke, InvokeAsync, InvokeWithResponseStream. One per daemon, on its strand.
//
// Whatever runs goes through invoke::Invoker, whatever nobody waits for through invoke::EventQueue.
#pragma once

#include <string>

#include "model/lambda.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class InvokeApi final : public InvokeHandler {
 public:
  // All outlive this.
  struct Parts {
    const catalog::FunctionCatalog& catalog;
    Random& random;
    invoke::Invoker& invoker;
    invoke::EventQueue& events;
    const invoke::LoopGuard& loops;
  };
  explicit InvokeApi(Parts parts) : parts_(parts) {}

  // --- invoke_api.cc ---
  Task<Result<InvocationResponse>> Invoke(Context& ctx, InvokeRequest request) override;
  Task<Result<InvokeAsyncResponse>> InvokeAsync(Context& ctx, InvokeAsyncRequest request) override;
  // --- invoke_streaming.cc ---
  Task<Result<InvokeWithResponseStreamResponse>> InvokeWithResponseStream(Context& ctx, InvokeWithResponseStreamRequest request) override;

 private:
  Task<Result<>> AcceptEvent(Context& ctx, catalog::FunctionReference function, std::string payload, std::string client_context);

  Parts parts_;
};

}  // namespace mayfly::lambda
