// From a function's configuration to what an execution environment needs: processes, variables, limits.
#pragma once

#include <memory>

#include "catalog/file_systems.h"
#include "catalog/function.h"
#include "catalog/runtimes.h"
#include "invoke/initialization_type.h"
#include "runtime/environment.h"

namespace mayfly::invoke {

enum class Isolation : unsigned char { Zygote, Exec };

struct SpecOptions {
  Isolation isolation = Isolation::Zygote;  // Exec: every environment boots its interpreter afresh
  const catalog::FileSystemTable* file_systems = nullptr;  // null: there are none
  std::vector<std::string> extensions;      // files of /opt/extensions, sorted
  InitializationType initialization = InitializationType::OnDemand;
  Duration provisioned_init_timeout = std::chrono::seconds(130);  // of ProvisionedConcurrency; the function's timeout, if that is longer
};

// Error: Service, when no interpreter of this host serves the runtime (any more).
Result<std::shared_ptr<const runtime::EnvironmentSpec>> MakeEnvironmentSpec(const catalog::Function& function,
                                                                            const catalog::RuntimeTable& runtimes, SpecOptions options);

// As whom a function's execution role acts, with the credentials that its environments have and in what is sent for it:
// arn:aws:sts::ACCOUNT:assumed-role/ROLE/FUNCTION. A role's path is no part of it, and a role of another account stays in the
// function's own.
std::string SessionArn(const catalog::Function& function);

// Names that a function's configuration must not set (AWS "Defined runtime environment variables", reserved).
bool IsReservedVariable(std::string_view name);

}  // namespace mayfly::invoke
