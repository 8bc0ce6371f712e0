#include "services/lambda/settings.h"

#include <fmt/format.h>

#include "base/json.h"
#include "identity/arn.h"
#include "invoke/environment_spec.h"
#include "services/lambda/tags.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kEnvironmentBytesMax = 4096;
constexpr size_t kImageSettingsBytesMax = 16 << 10;

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
    return Fail(
        InvalidParameterValue(fmt::format("Lambda was unable to configure your environment variables because the environment variables you "
                                          "have provided contains reserved keys "
                                          "that are currently not supported for modification. Reserved keys used in this request: {}",
                                          reserved)));
  }
  const std::string text = json::Write(json::Value(std::move(measured)));
  if (text.size() > kEnvironmentBytesMax) {
    return Fail(
        InvalidParameterValue(fmt::format("Lambda was unable to configure your environment variables because the environment variables you "
                                          "have provided exceeded the 4KB limit. "
                                          "String measured: {}",
                                          text)));
  }
  function.environment.clear();
  if (environment.variables) function.environment = *environment.variables;
  function.has_environment = true;
  return {};
}

template <typename Request>
Result<> RefuseUnbuilt(const Request& request) {
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
  if (request.code_signing_config_arn) {
    return Fail(InvalidParameterValue("Code signing is not supported for functions created with container images."));
  }
  return {};
}

// ImageConfig, and what images have no use for.
template <typename Request>
Result<> ApplyImageSettings(const Request& request, catalog::Function& function) {
  if (function.package_type != "Image") {
    const auto& config = request.image_config;  // tools send empty ones
    if (config && ((config->entry_point && !config->entry_point->empty()) || (config->command && !config->command->empty()) ||
                   config->working_directory)) {
      return Fail(InvalidParameterValue("Please don't provide ImageConfig when the intended function PackageType is Zip."));
    }
    return {};
  }
  if (request.runtime || request.handler || (request.layers && !request.layers->empty())) {
    return Fail(InvalidParameterValue("Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."));
  }
  if (!request.image_config) return {};
  catalog::ImageSettings settings;
  if (request.image_config->entry_point) settings.entry_point = *request.image_config->entry_point;
  if (request.image_config->command) settings.command = *request.image_config->command;
  settings.working_directory = request.image_config->working_directory.value_or("");
  size_t bytes = settings.working_directory.size();
  for (const auto* list : {&settings.entry_point, &settings.command}) {
    for (const std::string& text : *list) {
      if (text.find('\0') != std::string::npos) return Fail(InvalidParameterValue("ImageConfig must not contain NUL characters."));
      bytes += text.size();
    }
  }
  if (settings.working_directory.find('\0') != std::string::npos)
    return Fail(InvalidParameterValue("ImageConfig must not contain NUL characters."));
  if (bytes > kImageSettingsBytesMax)
    return Fail(InvalidParameterValue(fmt::format("ImageConfig must be smaller than {} bytes.", kImageSettingsBytesMax)));
  const bool empty = settings.entry_point.empty() && settings.command.empty() && settings.working_directory.empty();
  function.image_settings = empty ? std::nullopt : std::optional(std::move(settings));
  return {};
}

Result<> ApplyFileSystems(const std::vector<FileSystemConfig>& configs, const catalog::FileSystemTable& table,
                          catalog::Function& function) {
  std::vector<catalog::FileSystemUse> uses;
  for (const FileSystemConfig& config : configs) {
    if (!table.Find(config.arn)) {
      return Fail(
          InvalidParameterValue(fmt::format("The access point {} does not exist: --file-system names those of this daemon.", config.arn)));
    }
    const std::string_view name = std::string_view(config.local_mount_path).substr(5);  // behind /mnt/
    if (name == "." || name == "..") return Fail(InvalidParameterValue("LocalMountPath must name a folder in /mnt."));
    uses.push_back({config.arn, config.local_mount_path});
  }
  function.file_systems = std::move(uses);
  return {};
}

// Which functions may have SnapStart: managed runtimes from these versions on.
Result<> CheckSnapStart(const catalog::Function& function) {
  if (function.snap_start_apply_on != "PublishedVersions") return {};
  using enum catalog::RuntimeFamily;
  constexpr std::pair<catalog::RuntimeFamily, int> kSupportedFrom[] = {{Java, 11}, {Python, 312}, {Dotnet, 800}};
  const catalog::RuntimeIdentifier* runtime = catalog::FindRuntime(function.runtime);
  for (const auto& [family, version] : kSupportedFrom) {
    if (runtime && runtime->family == family && runtime->version >= version) return {};
  }
  const std::string_view what = function.package_type == "Image" ? "ContainerImage" : std::string_view(function.runtime);
  return Fail(InvalidParameterValue(fmt::format("{} is not supported for SnapStart enabled functions.", what)));
}

template <typename Request>
Result<> ApplyCommon(const Request& request, const SettingRules& setting_rules, catalog::Function& function) {
  const RuntimeRules& rules = setting_rules.runtimes;
  MF_TRY_VOID(RefuseUnbuilt(request));
  MF_TRY_VOID(ApplyImageSettings(request, function));
  if (request.file_system_configs) MF_TRY_VOID(ApplyFileSystems(*request.file_system_configs, *setting_rules.file_systems, function));
  if (request.runtime) {
    MF_TRY_VOID(rules.table->CheckUse(*request.runtime, rules.use, rules.now));
    MF_TRY([[maybe_unused]] auto choice, rules.table->Resolve(*request.runtime));
    function.runtime = *request.runtime;
  }
  if (request.timeout) function.timeout_seconds = *request.timeout;
  if (request.memory_size) function.memory_mib = *request.memory_size;
  if (request.ephemeral_storage) function.tmp_mib = request.ephemeral_storage->size;
  if (request.handler) function.handler = *request.handler;
  if (request.description) function.description = *request.description;
  if (request.kms_key_arn) function.kms_key_arn = *request.kms_key_arn;
  if (request.environment) MF_TRY_VOID(ApplyEnvironment(*request.environment, function));
  if (request.dead_letter_config && request.dead_letter_config->target_arn)
    function.dead_letter_arn = *request.dead_letter_config->target_arn;
  if (request.tracing_config && request.tracing_config->mode) function.tracing_mode = *request.tracing_config->mode;
  if (request.snap_start && request.snap_start->apply_on) function.snap_start_apply_on = *request.snap_start->apply_on;
  if (request.snap_start || request.runtime) MF_TRY_VOID(CheckSnapStart(function));
  if (request.vpc_config) {
    function.has_vpc_config = true;
    if (request.vpc_config->subnet_ids) function.vpc.subnet_ids = *request.vpc_config->subnet_ids;
    if (request.vpc_config->security_group_ids) function.vpc.security_group_ids = *request.vpc_config->security_group_ids;
    function.vpc.ipv6_allowed_for_dual_stack = request.vpc_config->ipv6_allowed_for_dual_stack.value_or(false);
    if (function.vpc.subnet_ids.empty() != function.vpc.security_group_ids.empty()) {
      return Fail(InvalidParameterValue("SubnetIds and SecurityIds must coexist or be both empty list."));
    }
  }
  if (const auto& logging = request.logging_config) {
    if (logging->log_format) function.logging.log_format = *logging->log_format;
    if (logging->log_group) function.logging.log_group = *logging->log_group;
    const bool json_format = function.logging.log_format == "JSON";
    if (!json_format && (logging->application_log_level || logging->system_log_level)) {
      return Fail(InvalidParameterValue("To specify a log level, you must use the JSON log format."));
    }
    // A format that is named again begins with its own levels; otherwise what is not named stays.
    for (const auto& [level, given] : {std::pair(&function.logging.application_log_level, &logging->application_log_level),
                                       std::pair(&function.logging.system_log_level, &logging->system_log_level)}) {
      if (!json_format) level->clear();
      else if (*given) *level = **given;
      else if (logging->log_format || level->empty()) *level = "INFO";
    }
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
  return Error::Service("PreconditionFailedException",
                        "The Revision Id provided does not match the latest Revision Id. Call the "
                        "GetFunction/GetAlias API to retrieve the latest Revision Id");
}

Result<> CheckPublishTo(const std::optional<std::string>& publish_to) {
  if (!publish_to) return {};
  return Fail(InvalidParameterValue("PublishTo is supported only for functions that run on a capacity provider."));
}

Result<> ApplySettings(const CreateFunctionRequest& request, const SettingRules& rules, catalog::Function& function) {
  if (request.tenancy_config) return Fail(NotImplemented("tenant isolation (TenancyConfig)"));
  MF_TRY_VOID(CheckPublishTo(request.publish_to));
  MF_TRY_VOID(CheckPackageType(request));
  function.package_type = request.package_type.value_or("Zip");
  if (function.package_type != "Image" && (!request.runtime || !request.handler)) {
    return Fail(InvalidParameterValue("Runtime and Handler are mandatory parameters for functions created with deployment packages."));
  }
  function.role = request.role;
  if (request.architectures && !request.architectures->empty()) function.architecture = request.architectures->front();
  if (request.tags) {
    MF_TRY_VOID(resources::CheckTags(*request.tags, kTagRules));
    function.tags = *request.tags;
  }
  return ApplyCommon(request, rules, function);
}

Result<> ApplySettings(const UpdateFunctionConfigurationRequest& request, const SettingRules& rules, catalog::Function& function) {
  const bool keeps_runtime = !request.runtime && function.package_type != "Image";
  if (keeps_runtime) MF_TRY_VOID(rules.runtimes.table->CheckUse(function.runtime, rules.runtimes.use, rules.runtimes.now));
  if (request.role) function.role = *request.role;
  return ApplyCommon(request, rules, function);
}

}  // namespace mayfly::lambda
