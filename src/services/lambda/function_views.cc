#include "services/lambda/function_views.h"

#include <fmt/format.h>

#include "catalog/function.h"
#include "catalog/runtimes.h"
#include "services/lambda/function_vpcs.h"
#include "wire/json_codec.h"

namespace mayfly::lambda {
namespace {

void SetUnlessEmpty(std::optional<std::string>& member, const std::string& value) {
  if (!value.empty()) member = value;
}

// What the function is called, and what it runs.
void DescribeIdentity(const catalog::Function& function, std::string_view qualifier, FunctionConfiguration& view) {
  view.function_name = function.name.name;
  view.function_arn = function.name.Arn();
  if (!qualifier.empty()) *view.function_arn += fmt::format(":{}", qualifier);
  view.version = function.version;
  view.revision_id = function.revision_id;
  view.description = function.description;
  view.role = function.role;
  view.last_modified = function.last_modified;
}

void DescribeCode(const catalog::Function& function, FunctionConfiguration& view) {
  if (!function.image) view.runtime = function.runtime;
  if (!function.image) view.handler = function.handler;
  view.package_type = function.package_type;
  view.architectures = std::vector<std::string>{function.architecture};
  view.code_size = function.code_bytes;
  view.code_sha256 = function.ShownCodeSha256();
  SetUnlessEmpty(view.signing_profile_version_arn, function.signing_profile_version_arn);
  SetUnlessEmpty(view.signing_job_arn, function.signing_job_arn);
}

void DescribeLayers(const catalog::Function& function, FunctionConfiguration& view) {
  if (function.layers.empty()) return;
  std::vector<Layer> layers;
  for (const catalog::LayerUse& use : function.layers) {
    Layer& layer = layers.emplace_back(Layer{.arn = use.arn, .code_size = use.code_bytes});
    SetUnlessEmpty(layer.signing_profile_version_arn, use.signing_profile_version_arn);
    SetUnlessEmpty(layer.signing_job_arn, use.signing_job_arn);
  }
  view.layers = std::move(layers);
}

void DescribeImage(const catalog::Function& function, FunctionConfiguration& view) {
  const auto& settings = function.image_settings;
  if (!settings) return;
  ImageConfig config;
  if (!settings->entry_point.empty()) config.entry_point = settings->entry_point;
  if (!settings->command.empty()) config.command = settings->command;
  SetUnlessEmpty(config.working_directory, settings->working_directory);
  view.image_config_response = ImageConfigResponse{.image_config = std::move(config), .error = {}};
}

void DescribeFileSystems(const catalog::Function& function, FunctionConfiguration& view) {
  if (function.file_systems.empty()) return;
  std::vector<FileSystemConfig> configs;
  for (const catalog::FileSystemUse& use : function.file_systems) {
    FileSystemConfig& config = configs.emplace_back();
    config.arn = use.access_point_arn;
    config.local_mount_path = use.mount_path;
  }
  view.file_system_configs = std::move(configs);
}

void DescribeVpc(const catalog::Function& function, const FunctionVpcs& vpcs, FunctionConfiguration& view) {
  if (!function.has_vpc_config) return;
  VpcConfigResponse vpc;
  vpc.subnet_ids = function.vpc.subnet_ids;
  vpc.security_group_ids = function.vpc.security_group_ids;
  vpc.vpc_id = vpcs.VpcIdOf(function);
  vpc.ipv6_allowed_for_dual_stack = function.vpc.ipv6_allowed_for_dual_stack;
  view.vpc_config = std::move(vpc);
}

void DescribeLogging(const catalog::Function& function, FunctionConfiguration& view) {
  LoggingConfig logging;
  logging.log_format = function.logging.log_format;
  logging.log_group = function.LogGroup();
  SetUnlessEmpty(logging.application_log_level, function.logging.application_log_level);
  SetUnlessEmpty(logging.system_log_level, function.logging.system_log_level);
  view.logging_config = std::move(logging);
}

// What a function runs with, whatever its code is.
void DescribeSurroundings(const catalog::Function& function, FunctionConfiguration& view) {
  view.timeout = function.timeout_seconds;
  view.memory_size = function.memory_mib;
  view.ephemeral_storage = EphemeralStorage{.size = function.tmp_mib};
  view.tracing_config = TracingConfigResponse{.mode = function.tracing_mode};
  view.snap_start = SnapStartResponse{.apply_on = function.snap_start_apply_on, .optimization_status = "Off"};
  if (function.has_environment) {
    EnvironmentResponse environment;
    environment.variables = function.environment;
    view.environment = std::move(environment);
  }
  SetUnlessEmpty(view.kms_key_arn, function.kms_key_arn);
  if (!function.dead_letter_arn.empty()) view.dead_letter_config = DeadLetterConfig{.target_arn = function.dead_letter_arn};
}

void DescribeState(const catalog::Function& function, FunctionConfiguration& view) {
  view.state = function.state;
  SetUnlessEmpty(view.state_reason, function.state_reason);
  SetUnlessEmpty(view.state_reason_code, function.state_reason_code);
  SetUnlessEmpty(view.last_update_status, function.last_update_status);
  SetUnlessEmpty(view.last_update_status_reason, function.last_update_status_reason);
  SetUnlessEmpty(view.last_update_status_reason_code, function.last_update_status_reason_code);
}

// Lists say nothing of states, nor of the version of the runtime.
void LeaveOutStates(FunctionConfiguration& view) {
  view.state.reset();
  view.state_reason.reset();
  view.state_reason_code.reset();
  view.last_update_status.reset();
  view.last_update_status_reason.reset();
  view.last_update_status_reason_code.reset();
  view.runtime_version_config.reset();
}

}  // namespace

FunctionConfiguration FunctionViews::Describe(const catalog::Function& function, std::string_view qualifier) const {
  FunctionConfiguration view;
  DescribeIdentity(function, qualifier, view);
  DescribeCode(function, view);
  DescribeLayers(function, view);
  DescribeImage(function, view);
  DescribeSurroundings(function, view);
  DescribeFileSystems(function, view);
  DescribeVpc(function, vpcs_, view);
  DescribeLogging(function, view);
  DescribeState(function, view);
  if (auto choice = runtimes_.Resolve(function.runtime); choice) {
    view.runtime_version_config = RuntimeVersionConfig{.runtime_version_arn = catalog::RuntimeVersionArn(function.name.region, *choice)};
  }
  return view;
}

std::string_view FunctionViews::DescribeInList(const catalog::FunctionPointer& function, ListTexts::Form form) {
  MF_ASSERT(function != nullptr);
  if (const std::string* text = list_texts_.Find(function, form)) return *text;
  FunctionConfiguration view = Describe(*function, form == ListTexts::Form::Qualified ? function->version : std::string());
  LeaveOutStates(view);
  static const wire::Structure& structure = *wire::FindOperation(kService, "GetFunctionConfiguration")->output;
  std::string text;
  wire::WriteJsonMembers(structure, wire::MemberChoice::All, &view, text);
  return list_texts_.Keep(function, form, std::move(text));
}

}  // namespace mayfly::lambda
