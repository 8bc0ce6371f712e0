// MappedFunctions: the functions that event source mappings invoke, as pollers see them.
#pragma once

#include <optional>
#include <string>

#include "catalog/event_source_mapping.h"
#include "invoke/invoker.h"

namespace mayfly::sources {

class MappedFunctions {
 public:
  virtual ~MappedFunctions() = default;

  // How long an invocation may take; nullopt: there is nothing to invoke at this moment.
  virtual std::optional<Duration> TimeoutOf(const catalog::EventSourceMapping& mapping) const = 0;
  // Invokes what the mapping names now (an alias may have moved) with `payload` and ctx.trace_header. Errors: those of
  // invoke::Invoker; a retryable one means that the function has not seen the event.
  virtual Task<Result<runtime::InvokeOutcome>> Invoke(Context& ctx, const catalog::EventSourceMapping& mapping, std::string payload) = 0;
};

// Through the one way in, as everybody.
class InvokedFunctions final : public MappedFunctions {
 public:
  InvokedFunctions(catalog::FunctionCatalog& catalog, invoke::Invoker& invoker, Random& random)
      : catalog_(&catalog), invoker_(&invoker), random_(&random) {}

  std::optional<Duration> TimeoutOf(const catalog::EventSourceMapping& mapping) const override;
  Task<Result<runtime::InvokeOutcome>> Invoke(Context& ctx, const catalog::EventSourceMapping& mapping, std::string payload) override;

 private:
  catalog::FunctionCatalog* catalog_;
  invoke::Invoker* invoker_;
  Random* random_;
};

}  // namespace mayfly::sources
