// MappedFunctions: the functions that event source mappings invoke, as pollers see them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/event_source_mapping.h"
#include "invoke/invoker.h"
#include "invoke/loop_guard.h"

namespace mayfly::sources {

class MappedFunctions {
 public:
  virtual ~MappedFunctions() = default;

  // How long an invocation may take; nullopt: there is nothing to invoke at this moment.
  virtual std::optional<Duration> TimeoutOf(const catalog::EventSourceMapping& mapping) const = 0;
  // Whether a record with this trace header must not be given to the function, since they go round in a loop. It is counted then.
  virtual bool Forbids(const catalog::EventSourceMapping& mapping, std::string_view trace_header) const = 0;
  // Invokes what the mapping names now (an alias may have moved) with `payload`; adds this hop to ctx.trace_header. Errors: those of
  // invoke::Invoker; a retryable one means that the function has not seen the event.
  virtual Task<Result<runtime::InvokeOutcome>> Invoke(Context& ctx, const catalog::EventSourceMapping& mapping, std::string payload) = 0;
};

// Through the one way in, as everybody.
class InvokedFunctions final : public MappedFunctions {
 public:
  InvokedFunctions(catalog::FunctionCatalog& catalog, invoke::Invoker& invoker, const invoke::LoopGuard& loops, Random& random)
      : catalog_(&catalog), invoker_(&invoker), loops_(&loops), random_(&random) {}

  std::optional<Duration> TimeoutOf(const catalog::EventSourceMapping& mapping) const override;
  bool Forbids(const catalog::EventSourceMapping& mapping, std::string_view trace_header) const override;
  Task<Result<runtime::InvokeOutcome>> Invoke(Context& ctx, const catalog::EventSourceMapping& mapping, std::string payload) override;

 private:
  catalog::FunctionCatalog* catalog_;
  invoke::Invoker* invoker_;
  const invoke::LoopGuard* loops_;
  Random* random_;
};

}  // namespace mayfly::sources
