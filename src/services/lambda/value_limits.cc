#include "services/lambda/value_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/runtimes.h"
#include "model/lambda.h"
#include "wire/violations.h"

namespace mayfly::lambda {
namespace {

constexpr int kTimeoutSecondsMax = 900;  // the model's 5,400 is for managed instances
constexpr int kMemoryMibMax = 10240;

void CheckMaximum(const wire::Path& path, std::optional<int32_t> value, int maximum, int maximum_of_model, wire::Violations& violations) {
  // Beyond the model's own the model has said so.
  if (!value || *value <= maximum || *value > maximum_of_model) return;
  violations.Add(path, fmt::format("'{}'", *value), fmt::format("Member must have value less than or equal to {}", maximum));
}

template <typename Request>
void CheckSizes(const Request& request, wire::Violations& violations) {
  CheckMaximum({.name = "timeout"}, request.timeout, kTimeoutSecondsMax, 5400, violations);
  CheckMaximum({.name = "memorySize"}, request.memory_size, kMemoryMibMax, 32768, violations);
  if (!request.ephemeral_storage) return;
  const wire::Path storage{.name = "ephemeralStorage"};
  CheckMaximum({.parent = &storage, .name = "size"}, request.ephemeral_storage->size, kMemoryMibMax, 32768, violations);
}

// What ListLayers and ListLayerVersions take as CompatibleRuntime besides the runtimes that functions may have: names of AWS's own
// beginnings, which no layer has. In the order in which AWS tells them; newer runtimes are taken, too.
constexpr std::string_view kListedRuntimes[] = {
    "ruby3.5", "ruby2.6", "dotnetcore1.0", "python3.7", "nodejs8.10", "nasa", "ruby2.7", "python2.7-greengrass", "dotnetcore2.0", "python3.8",
    "java21", "dotnet6", "dotnetcore2.1", "python3.9", "java11", "nodejs6.10", "provided", "dotnetcore3.1", "dotnet8", "java25", "java17",
    "nodejs", "nodejs4.3", "java8.al2", "go1.x", "dotnet10", "nodejs20.x", "go1.9", "byol", "nodejs10.x", "provided.al2023", "nodejs22.x",
    "python3.10", "java8", "nodejs12.x", "python3.11", "nodejs24.x", "nodejs8.x", "python3.12", "nodejs14.x", "nodejs8.9", "nodejs26.x",
    "python3.13", "python3.14", "nodejs16.x", "python3.15", "provided.al2", "nodejs4.3-edge", "nodejs18.x", "ruby3.2", "python3.4", "ruby3.3",
    "ruby3.4", "ruby2.5", "python3.6", "python2.7"};

void CheckListedRuntime(const std::optional<std::string>& runtime, wire::Violations& violations) {
  if (!runtime || catalog::FindRuntime(*runtime) || std::ranges::find(kListedRuntimes, *runtime) != std::end(kListedRuntimes)) return;
  violations.Add({.name = "compatibleRuntime"}, fmt::format("'{}'", *runtime),
                 fmt::format("Member must satisfy enum value set: [{}]", fmt::join(kListedRuntimes, ", ")));
}

void CheckLayerRuntimes(const std::optional<std::vector<std::string>>& runtimes, const catalog::RuntimeTable& table, WallTime now,
                        wire::Violations& violations) {
  if (!runtimes || std::ranges::all_of(*runtimes, [](const std::string& name) { return catalog::FindRuntime(name) != nullptr; })) return;
  violations.Add({.name = "compatibleRuntimes"}, fmt::format("'[{}]'", fmt::join(*runtimes, ", ")),
                 fmt::format("Member must satisfy enum value set: [{}]", table.AcceptedNames(now)));
}

}  // namespace

wire::ValueRules MakeValueLimits(const catalog::RuntimeTable& runtimes, const Clock& clock) {
  return [&runtimes, &clock](const wire::Operation& operation, const wire::Message& request, wire::Violations& violations) {
    const std::string_view name = operation.name;
    if (name == "CreateFunction") {
      CheckSizes(request.As<CreateFunctionRequest>(), violations);
    } else if (name == "UpdateFunctionConfiguration") {
      CheckSizes(request.As<UpdateFunctionConfigurationRequest>(), violations);
    } else if (name == "PublishLayerVersion") {
      CheckLayerRuntimes(request.As<PublishLayerVersionRequest>().compatible_runtimes, runtimes, clock.WallNow(), violations);
    } else if (name == "ListLayers") {
      CheckListedRuntime(request.As<ListLayersRequest>().compatible_runtime, violations);
    } else if (name == "ListLayerVersions") {
      CheckListedRuntime(request.As<ListLayerVersionsRequest>().compatible_runtime, violations);
    }
  };
}

}  // namespace mayfly::lambda
