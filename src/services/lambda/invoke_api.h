// InvokeApi: Invoke, InvokeAsync, InvokeWithResponseStream. One per daemon, on its strand.
//
// Whatever runs goes through invoke::Invoker, whatever nobody waits for through invoke::EventQueue.
#pragma once

#include <string>

#include "catalog/function_reference.h"
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
    Settling& settling;
  };
  explicit InvokeApi(Parts parts) : parts_(parts) {}

  // --- invoke_api.cc ---
  Task<Result<InvocationResponse>> Invoke(Context& ctx, InvokeRequest request) override;
  Task<Result<InvokeAsyncResponse>> InvokeAsync(Context& ctx, InvokeAsyncRequest request) override;
  // --- invoke_streaming.cc ---
  Task<Result<InvokeWithResponseStreamResponse>> InvokeWithResponseStream(Context& ctx, InvokeWithResponseStreamRequest request) override;

 private:
  // What an invocation's name and qualifier mean, one of an alias's two versions perhaps. A new function that is ready but for
  // somebody to look is looked at. Error: ResourceNotFoundException, which names $LATEST where no qualifier was given, as AWS does.
  struct Target {
    catalog::FunctionReference reference;
    catalog::FunctionPointer function;
  };
  Task<Result<Target>> FindTarget(Context& ctx, std::string_view name, const std::optional<std::string>& qualifier) const;
  Task<Result<>> AcceptEvent(Context& ctx, catalog::FunctionReference function, std::string payload, std::string client_context);

  Parts parts_;
};

}  // namespace mayfly::lambda
