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
enum class ZygoteSharing : unsigned char { Shared, Account };

inline constexpr int kProcessorsAsOnAws = -1;

struct SpecOptions {
  Isolation isolation = Isolation::Zygote;  // Exec: every environment boots its interpreter afresh
  ZygoteSharing zygotes = ZygoteSharing::Shared;  // Account: each has interpreters of its own
  int processors = kProcessorsAsOnAws;      // that a function is shown and runs on; 0: the machine's
  const catalog::FileSystemTable* file_systems = nullptr;  // null: there are none
  std::vector<std::string> extensions;      // files of /opt/extensions, sorted
  InitializationType initialization = InitializationType::OnDemand;
  Duration provisioned_init_timeout = std::chrono::seconds(130);  // of ProvisionedConcurrency; the function's timeout, if that is longer
};

// Error: Service, when no interpreter of this host serves the runtime (any more).
Result<std::shared_ptr<const runtime::EnvironmentSpec>> MakeEnvironmentSpec(const catalog::Function& function,
                                                                            const catalog::RuntimeTable& runtimes, SpecOptions options);

// How many processors a function of that size sees on AWS (measured by many, published by nobody): 2 up to 3,008 MB, 3 up to
// 5,307, then one more for each 1,769 MB begun.
int ProcessorsOnAws(int memory_mib);

// Whose zygote a function's environments are forked from: a sandbox::StartMode::zygote_group.
uint64_t ZygoteGroup(ZygoteSharing sharing, const std::string& account_id);

// As whom a function's execution role acts, with the credentials that its environments have and in what is sent for it:
// arn:aws:sts::ACCOUNT:assumed-role/ROLE/FUNCTION. A role's path is no part of it, and a role of another account stays in the
// function's own.
std::string SessionArn(const catalog::Function& function);

// Names that a function's configuration must not set (AWS "Defined runtime environment variables", reserved).
bool IsReservedVariable(std::string_view name);

}  // namespace mayfly::invoke
