// RuleFunctions: functions as receipt rules ask them: whether one is there, and its answer to an event, for which somebody waits.
// One per daemon, on its strand.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "delivery/delivery.h"
#include "services/ports.h"

namespace mayfly::catalog {
class FunctionCatalog;
}
namespace mayfly::invoke {
class Invoker;
}

namespace mayfly::ses {

inline constexpr std::chrono::seconds kAnswerTime{30};  // of a function that is asked

class RuleFunctions {
 public:
  // Both outlive it.
  RuleFunctions(const services::Ports& ports, Random& random);
  static std::vector<services::PortId> Needs();

  bool Has(const std::string& function_arn) const;
  // Its answer; nullopt: it has failed. Whoever asks has been let in. Errors: ResourceNotFoundException; those of invoke::Invoker.
  Task<Result<std::optional<std::string>>> Ask(Context& ctx, const delivery::Delivery& question) const;

 private:
  const catalog::FunctionCatalog* catalog_;
  invoke::Invoker* invoker_;
  Random* random_;
};

}  // namespace mayfly::ses
