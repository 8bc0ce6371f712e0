#include "sources/mapped_functions.h"

#include "invoke/trace_sampling.h"

namespace mayfly::sources {
namespace {

catalog::FunctionReference ReferenceOf(const catalog::EventSourceMapping& mapping) { return {mapping.function, mapping.qualifier}; }

}  // namespace

std::optional<Duration> InvokedFunctions::TimeoutOf(const catalog::EventSourceMapping& mapping) const {
  const auto found = catalog_->Resolve(ReferenceOf(mapping));
  return found ? std::optional<Duration>(std::chrono::seconds(found->function->timeout_seconds)) : std::nullopt;
}

bool InvokedFunctions::Forbids(const catalog::EventSourceMapping& mapping, std::string_view trace_header) const {
  return !trace_header.empty() && !loops_->Enter(ReferenceOf(mapping), trace_header);
}

Task<Result<runtime::InvokeOutcome>> InvokedFunctions::Invoke(Context& ctx, const catalog::EventSourceMapping& mapping, std::string payload) {
  MF_CO_TRY(catalog::FunctionCatalog::Resolved found, catalog_->ResolveForInvoke(ReferenceOf(mapping), *random_));
  ctx.request_id = random_->Uuid();
  // Records of loops have been kept out one by one.
  ctx.trace_header = invoke::AddHop(invoke::CompleteTraceHeader(ctx, *random_), mapping.function.Arn()).trace_header;
  runtime::Invocation invocation;
  invocation.request_id = ctx.request_id;
  invocation.invoked_function_arn = mapping.FunctionArn();
  invocation.payload = std::move(payload);
  invocation.trace_id = ctx.trace_header;
  co_return co_await invoker_->Invoke(ctx, std::move(found.function), std::move(invocation));
}

}  // namespace mayfly::sources
