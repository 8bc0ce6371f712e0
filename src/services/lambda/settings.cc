#include "services/lambda/settings.h"

#include <fmt/format.h>

#include "base/json.h"
#include "identity/arn.h"
#include "invoke/environment_spec.h"
#include "services/lambda/tags.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kEnvironmentBytesMax = 4096;
constexpr int kTimeoutSecondsMax = 900;  // the model's 5,400 is for managed instances
constexpr int kMemoryMibMax = 10240;

Error AboveMaximum(std::string_view member, int value, int maximum) {
  return Error::Service("ValidationException",
                        fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: "
                                    "Member must have value less than or equal to {}", value, member, maximum));
}

Result<> ApplyEnvironment(const Environment& environment, catalog::Function& function) {
  json::Object measured;
  std::string reserved;
  if (environment.variables) {
    for (const auto& [name, value] : *environment.variables) {
      if (invoke::IsReservedVariable(name)) reserved += fmt::format("{}{}", reserved.empty() ? "" : ", ", name);
      measured.emplace_back(name, value);
    }
  }
  if (!reserved.empty()) {
    return Fail(InvalidParameterValue(fmt::format(
        "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys "
        "that are currently not supported for modification. Reserved keys used in this request: {}", reserved)));
  }
  const std::string text = json::Write(json::Value(std::move(measured)));
  if (text.size() > kEnvironmentBytesMax) {
    return Fail(InvalidParameterValue(fmt::format(
        "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. "
        "String measured: {}", text)));
  }
  function.environment.clear();
  if (environment.variables) function.environment = *environment.variables;
  function.has_environment = true;
  return {};
}

template <typename Request>
Result<> RefuseUnbuilt(const Request& request) {
  if (request.file_system_configs && !request.file_system_configs->empty()) return Fail(NotImplemented("file system mounts (FileSystemConfigs)"));
  if (request.image_config) return Fail(NotImplemented("container images (ImageConfig)"));
  if (request.capacity_provider_config) return Fail(NotImplemented("capacity providers (CapacityProviderConfig)"));
  if (request.durable_config) return Fail(NotImplemented("durable functions (DurableConfig)"));
  if (request.runtime_config) return Fail(NotImplemented("runtime versions of one's own (RuntimeConfig)"));
  if (request.accelerator_config) return Fail(NotImplemented("accelerators (AcceleratorConfig)"));
  return {};
}

// Which members go with which kind of package.
Result<> CheckPackageType(const CreateFunctionRequest& request) {
  const FunctionCode& code = request.code;
  if (request.package_type.value_or("Zip") != "Image") {
    if (code.image_uri) return Fail(InvalidParameterValue("Please don't provide ImageUri when creating a function with packageType Zip."));
    return {};
  }
  if (!code.image_uri || code.zip_file || code.s3_bucket || code.s3_key) {
    return Fail(InvalidParameterValue("Please provide ImageUri when creating a function with packageType Image."));
  }
  if (request.runtime || request.handler) {
    return Fail(InvalidParameterValue("The Runtime and Handler parameters are not supported for functions created with container images."));
  }
  if (request.code_signing_config_arn) {
    return Fail(InvalidParameterValue("Code signing is not supported for functions created with container images."));
  }
  return Fail(NotImplemented("container images (PackageType Image)"));
}

template <typename Request>
Result<> ApplyCommon(const Request& request, const RuntimeRules& rules, catalog::Function& function) {
  MF_TRY_VOID(RefuseUnbuilt(request));
  if (request.runtime) {
    MF_TRY_VOID(rules.table->CheckUse(*request.runtime, rules.use, rules.now));
    MF_TRY([[maybe_unused]] auto choice, rules.table->Resolve(*request.runtime));
    function.runtime = *request.runtime;
  }
  if (request.timeout) {
    if (*request.timeout > kTimeoutSecondsMax) return Fail(AboveMaximum("timeout", *request.timeout, kTimeoutSecondsMax));
    function.timeout_seconds = *request.timeout;
  }
  if (request.memory_size) {
    if (*request.memory_size > kMemoryMibMax) return Fail(AboveMaximum("memorySize", *request.memory_size, kMemoryMibMax));
    function.memory_mib = *request.memory_size;
  }
  if (request.ephemeral_storage) {
    if (request.ephemeral_storage->size > kMemoryMibMax) {
      return Fail(AboveMaximum("ephemeralStorage.size", request.ephemeral_storage->size, kMemoryMibMax));
    }
    function.tmp_mib = request.ephemeral_storage->size;
  }
  if (request.handler) function.handler = *request.handler;
  if (request.description) function.description = *request.description;
  if (request.kms_key_arn) function.kms_key_arn = *request.kms_key_arn;
  if (request.environment) MF_TRY_VOID(ApplyEnvironment(*request.environment, function));
  if (request.dead_letter_config && request.dead_letter_config->target_arn) function.dead_letter_arn = *request.dead_letter_config->target_arn;
  if (request.tracing_config && request.tracing_config->mode) function.tracing_mode = *request.tracing_config->mode;
  if (request.snap_start && request.snap_start->apply_on) function.snap_start_apply_on = *request.snap_start->apply_on;
  if (request.vpc_config) {
    function.has_vpc_config = true;
    if (request.vpc_config->subnet_ids) function.vpc.subnet_ids = *request.vpc_config->subnet_ids;
    if (request.vpc_config->security_group_ids) function.vpc.security_group_ids = *request.vpc_config->security_group_ids;
    function.vpc.ipv6_allowed_for_dual_stack = request.vpc_config->ipv6_allowed_for_dual_stack.value_or(false);
  }
  if (const auto& logging = request.logging_config) {
    if (logging->log_format) function.logging.log_format = *logging->log_format;
    if (logging->log_group) function.logging.log_group = *logging->log_group;
    const bool json_format = function.logging.log_format == "JSON";
    if (!json_format && (logging->application_log_level || logging->system_log_level)) {
      return Fail(InvalidParameterValue("To specify a log level, you must use the JSON log format."));
    }
    function.logging.application_log_level = json_format ? logging->application_log_level.value_or("INFO") : "";
    function.logging.system_log_level = json_format ? logging->system_log_level.value_or("INFO") : "";
  }
  return {};
}

}  // namespace

Error NotImplemented(std::string_view what) {
  return Error::Service("NotImplementedException", fmt::format("Mayfly does not support {} yet.", what));
}

Error InvalidParameterValue(std::string message) { return Error::Service("InvalidParameterValueException", std::move(message)); }

Error Conflict(std::string message) { return Error::Service("ResourceConflictException", std::move(message)); }

Error NotFound(std::string message) { return Error::Service("ResourceNotFoundException", std::move(message)); }

Error NoSuchResource() { return NotFound("The resource you requested does not exist."); }

std::string_view ServiceOfArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  return arn ? arn->service : std::string_view();
}

Error StaleRevision() {
  return Error::Service("PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the "
                                                       "GetFunction/GetAlias API to retrieve the latest Revision Id");
}

Result<> CheckPublishTo(const std::optional<std::string>& publish_to) {
  if (!publish_to) return {};
  return Fail(InvalidParameterValue("PublishTo is supported only for functions that run on a capacity provider."));
}

Result<> ApplySettings(const CreateFunctionRequest& request, const RuntimeRules& rules, catalog::Function& function) {
  if (request.tenancy_config) return Fail(NotImplemented("tenant isolation (TenancyConfig)"));
  MF_TRY_VOID(CheckPublishTo(request.publish_to));
  MF_TRY_VOID(CheckPackageType(request));
  if (!request.runtime || !request.handler) {
    return Fail(InvalidParameterValue("Runtime and Handler are mandatory parameters for functions created with deployment packages."));
  }
  function.role = request.role;
  if (request.architectures && !request.architectures->empty()) function.architecture = request.architectures->front();
  if (request.tags) {
    MF_TRY_VOID(CheckTags(*request.tags));
    function.tags = *request.tags;
  }
  return ApplyCommon(request, rules, function);
}

Result<> ApplySettings(const UpdateFunctionConfigurationRequest& request, const RuntimeRules& rules, catalog::Function& function) {
  if (!request.runtime) MF_TRY_VOID(rules.table->CheckUse(function.runtime, rules.use, rules.now));
  if (request.role) function.role = *request.role;
  return ApplyCommon(request, rules, function);
}

}  // namespace mayfly::lambda
