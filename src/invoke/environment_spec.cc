#include "invoke/environment_spec.h"

#include <algorithm>
#include <cstdlib>
#include <array>

#include <fmt/format.h>

#include "sandbox/init_protocol.h"
#include "telemetry/log_level.h"

namespace mayfly::invoke {
namespace {

using catalog::RuntimeFamily;
using Variables = std::vector<std::pair<std::string, std::string>>;

// Interpreters and the C library read these when they boot: a process that was booted before it knew the function cannot
// obey them. (Of Python's own, the client applies the three that are excepted.)
bool IsReadAtBoot(std::string_view name) {
  if (name.starts_with("PYTHON")) return name != "PYTHONPATH" && name != "PYTHONUNBUFFERED" && name != "PYTHONDONTWRITEBYTECODE";
  return name.starts_with("LD_") || name.starts_with("LC_") || name.starts_with("MALLOC_") || name == "GLIBC_TUNABLES" ||
         name == "AWS_LAMBDA_EXEC_WRAPPER";
}

void SetVariable(Variables& variables, std::string_view name, std::string value) {
  for (auto& [existing, old] : variables) {
    if (existing == name) {
      old = std::move(value);
      return;
    }
  }
  variables.emplace_back(name, std::move(value));
}

// Gems of the identifier's version, then of the one that really runs.
void AddRubyVariables(Variables& variables, const catalog::RuntimeChoice& choice) {
  std::vector<int> versions = {choice.identifier->version};
  if (!choice.exact) versions.push_back(choice.interpreter->version);
  std::string gems;
  for (const char* folder : {"/var/task/vendor/bundle/ruby", "/opt/ruby/gems"}) {
    for (const int version : versions) gems += fmt::format("{}{}/{}.{}.0", gems.empty() ? "" : ":", folder, version / 100, version % 100);
  }
  SetVariable(variables, "GEM_PATH", std::move(gems));
  SetVariable(variables, "RUBYLIB", "/var/task:/var/runtime/lib:/opt/ruby/lib");
}

void AddLanguageVariables(Variables& variables, const catalog::RuntimeChoice& choice) {
  switch (choice.identifier->family) {
    case RuntimeFamily::Python: SetVariable(variables, "PYTHONPATH", "/var/runtime"); break;
    case RuntimeFamily::Node: {
      const int major = choice.identifier->version / 100;
      SetVariable(variables, "NODE_PATH",
                  fmt::format("/opt/nodejs/node{}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task", major));
      break;
    }
    case RuntimeFamily::Ruby: AddRubyVariables(variables, choice); break;
    case RuntimeFamily::Dotnet:
      if (!choice.interpreter) break;
      SetVariable(variables, "DOTNET_ROOT", choice.interpreter->cage_path.substr(0, choice.interpreter->cage_path.rfind('/')));
      // A host runs an assembly on another major version only when it is told to.
      if (!choice.exact) SetVariable(variables, "DOTNET_ROLL_FORWARD", "Major");
      break;
    default: break;
  }
}

// What every environment has, whatever runs in it.
void AddPlatformVariables(Variables& variables, const catalog::Function& function, std::string_view handler) {
  const Variables all = {
      {"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"},
      {"_HANDLER", std::string(handler)},
      {"AWS_REGION", function.name.region},
      {"AWS_DEFAULT_REGION", function.name.region},
      {"AWS_LAMBDA_FUNCTION_NAME", function.name.name},
      {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(function.memory_mib)},
      {"AWS_LAMBDA_FUNCTION_VERSION", function.version},
      {"AWS_LAMBDA_LOG_GROUP_NAME", function.LogGroup()},
      {"AWS_LAMBDA_METADATA_API", "127.0.0.1:9001"},
      {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"},
      {"AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000"},
      {"_AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1"},
      {"_AWS_XRAY_DAEMON_PORT", "2000"},
      {"AWS_ENDPOINT_URL", "http://169.254.100.2"},
  };
  for (const auto& [name, value] : all) SetVariable(variables, name, value);
  if (function.logging.log_format != "JSON") return;
  SetVariable(variables, "AWS_LAMBDA_LOG_FORMAT", "JSON");
  if (!function.logging.application_log_level.empty()) SetVariable(variables, "AWS_LAMBDA_LOG_LEVEL", function.logging.application_log_level);
}

void AddImageVariables(Variables& variables, const std::vector<std::string>& of_image) {
  for (const std::string& variable : of_image) {
    const size_t equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos) continue;
    const std::string_view name = std::string_view(variable).substr(0, equals);
    if (name != "AWS_EXECUTION_ENV") SetVariable(variables, name, variable.substr(equals + 1));
  }
}

// The image's variables, then what AWS's base images would set where this one does not, then the platform's.
Variables ImageVariables(const catalog::Function& function, std::string_view handler) {
  Variables variables = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"LANG", "en_US.UTF-8"},
      {"TZ", ":UTC"},
      {"LAMBDA_TASK_ROOT", "/var/task"},
      {"LAMBDA_RUNTIME_DIR", "/var/runtime"},
  };
  AddImageVariables(variables, function.image->environment);
  AddPlatformVariables(variables, function, handler);
  return variables;
}

Variables PlatformVariables(const catalog::Function& function, const catalog::RuntimeChoice& choice) {
  Variables variables = {
      {"LANG", "en_US.UTF-8"},
      {"TZ", ":UTC"},
      {"PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
      {"LD_LIBRARY_PATH", "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"},
      {"LAMBDA_TASK_ROOT", "/var/task"},
      {"LAMBDA_RUNTIME_DIR", "/var/runtime"},
  };
  AddLanguageVariables(variables, choice);
  if (choice.image) AddImageVariables(variables, choice.image->environment);
  AddPlatformVariables(variables, function, function.handler);
  if (choice.identifier->family != RuntimeFamily::Provided) {
    variables.emplace_back("AWS_EXECUTION_ENV", fmt::format("AWS_Lambda_{}", choice.identifier->name));
  }
  return variables;
}

// As AWS's: the small collector, the quick compiler, most of the memory for the heap. The locale that LANG names need not exist here.
std::vector<std::string> JavaArguments(const catalog::Interpreter& interpreter, const catalog::Function& function) {
  std::vector<std::string> arguments = {interpreter.cage_path, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8",
                                        fmt::format("-XX:MaxHeapSize={}k", int64_t{function.memory_mib} * 1024 * 80 / 100)};
  if (!interpreter.class_archive.empty()) {
    // One that does not fit is passed over in silence.
    for (const char* option : {"-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"}) arguments.emplace_back(option);
    arguments.push_back("-XX:SharedArchiveFile=" + interpreter.class_archive);
  }
  for (const char* argument : {"-cp", "/var/runtime/java/lib/*", "com.amazonaws.services.lambda.runtime.api.client.AWSLambda"}) {
    arguments.emplace_back(argument);
  }
  arguments.push_back(function.handler);
  return arguments;
}

std::vector<std::string> Arguments(const catalog::RuntimeChoice& choice, const catalog::Function& function) {
  if (choice.image && choice.identifier->family != RuntimeFamily::Provided) {
    std::vector<std::string> arguments = choice.image->entry_point;
    arguments.push_back(arguments.empty() ? "/var/runtime/bootstrap" : function.handler);
    return arguments;
  }
  switch (choice.identifier->family) {
    case RuntimeFamily::Python: return {choice.interpreter->cage_path, "-S", "/var/runtime/python/bootstrap.py"};
    case RuntimeFamily::Node:
      // Before the cgroup's limit is reached the collector should have worked hard.
      return {choice.interpreter->cage_path, fmt::format("--max-old-space-size={}", function.memory_mib * 9 / 10), "/var/runtime/node/bootstrap.cjs"};
    case RuntimeFamily::Ruby:
      // The locale that LANG names need not exist here.
      return {choice.interpreter->cage_path, "-E", "UTF-8", "/var/runtime/ruby/bootstrap.rb"};
    case RuntimeFamily::Java: return JavaArguments(*choice.interpreter, function);
    case RuntimeFamily::Dotnet: return {"/bin/sh", "/var/runtime/dotnet/bootstrap.sh", choice.interpreter->cage_path};
    case RuntimeFamily::Go: return {"/var/task/" + function.handler};
    default: return {"/var/task/bootstrap"};
  }
}

// What extensions do not see (AWS "Extensions API": environment variables).
bool IsHiddenFromExtensions(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kHidden = {"AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
                                                              "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR",
                                                              "LAMBDA_TASK_ROOT", "_HANDLER"};
  return name.starts_with('_') || std::find(kHidden.begin(), kHidden.end(), name) != kHidden.end();
}

void SetLogging(telemetry::EnvironmentLabel& label, const catalog::LoggingConfig& logging) {
  label.log_format = logging.log_format == "JSON" ? telemetry::LogFormat::Json : telemetry::LogFormat::Text;
  const auto level = [](const std::string& name) {
    const telemetry::LogLevel parsed = telemetry::ParseLogLevel(name);
    return parsed == telemetry::LogLevel::Unset ? telemetry::LogLevel::Info : parsed;
  };
  label.application_log_level = level(logging.application_log_level);
  label.system_log_level = level(logging.system_log_level);
}

// It could be served when the function was deployed.
Result<catalog::RuntimeChoice> ResolveForRunning(const catalog::RuntimeTable& runtimes, std::string_view runtime) {
  auto choice = runtimes.Resolve(runtime);
  if (choice || !choice.error().IsService("InvalidParameterValueException")) return choice;
  return Fail(Error::Service("InvalidRuntimeException", choice.error().message));
}

}  // namespace

std::string SessionArn(const catalog::Function& function) {
  return fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", function.name.account_id, function.role.substr(function.role.rfind('/') + 1),
                     function.name.name);
}

bool IsReservedVariable(std::string_view name) {
  static constexpr std::array<std::string_view, 23> kReserved = {
      "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
      "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
      "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_LAMBDA_MAX_CONCURRENCY", "AWS_LAMBDA_METADATA_API",
      "AWS_LAMBDA_METADATA_TOKEN", "AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL"};
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

namespace {

// What does not depend on the runtime.
Result<std::shared_ptr<runtime::EnvironmentSpec>> BeginSpec(const catalog::Function& function, SpecOptions& options) {
  auto spec = std::make_shared<runtime::EnvironmentSpec>();
  spec->label.account_id = function.name.account_id;
  spec->label.function_arn = function.name.Arn();
  spec->label.function_name = function.name.name;
  spec->label.function_version = function.version;
  spec->label.log_group = function.LogGroup();
  spec->label.log_group_key = catalog::LogGroupKey(function.name, function.LogGroup());
  spec->label.memory_mib = function.memory_mib;
  SetLogging(spec->label, function.logging);
  spec->handler = function.handler;
  spec->extensions = std::move(options.extensions);
  spec->cage.account_id = function.name.account_id;
  spec->cage.code = function.CodeDigest();
  spec->cage.layers = function.LayersDigest();
  spec->cage.memory_bytes = static_cast<int64_t>(function.memory_mib) << 20;
  spec->cage.tmp_bytes = static_cast<int64_t>(function.tmp_mib) << 20;
  spec->cage.processors = options.processors == kProcessorsAsOnAws ? ProcessorsOnAws(function.memory_mib) : options.processors;
  spec->timeout = std::chrono::seconds(function.timeout_seconds);
  if (options.initialization == InitializationType::ProvisionedConcurrency) {
    spec->label.initialization_type = "provisioned-concurrency";
    spec->init_timeout = std::max(options.provisioned_init_timeout, spec->timeout);
  }
  spec->memory_mib = function.memory_mib;
  spec->account_id = function.name.account_id;
  spec->region = function.name.region;
  spec->session_arn = SessionArn(function);
  spec->is_in_vpc = function.has_vpc_config && !function.vpc.subnet_ids.empty();
  for (const catalog::FileSystemUse& use : function.file_systems) {
    if (!options.file_systems) return Fail(Error::Fault("this daemon has no file systems"));
    MF_TRY(const catalog::FileSystem* file_system, options.file_systems->FindForMount(use.access_point_arn));
    spec->cage.file_system = sandbox::CageSpec::FileSystem{file_system->index, use.mount_path.substr(use.mount_path.rfind('/') + 1)};
  }
  return spec;
}

void SetVariables(runtime::EnvironmentSpec& spec, const Variables& variables) {
  for (const auto& [name, value] : variables) {
    spec.environment.push_back(name + '=' + value);
    if (!spec.extensions.empty() && !IsHiddenFromExtensions(name)) spec.extension_environment.push_back(name + '=' + value);
  }
  if (spec.framed_logs) spec.environment.push_back(fmt::format("_LAMBDA_TELEMETRY_LOG_FD={}", sandbox::kLogDescriptor));
}

// ENTRYPOINT, CMD and WORKDIR of the image, each with what ImageConfig says instead.
Result<std::shared_ptr<const runtime::EnvironmentSpec>> MakeImageSpec(const catalog::Function& function, SpecOptions options) {
  MF_TRY(std::shared_ptr<runtime::EnvironmentSpec> spec, BeginSpec(function, options));
  const catalog::FunctionImage& image = *function.image;
  const catalog::ImageSettings settings = function.image_settings.value_or(catalog::ImageSettings());
  const std::vector<std::string>& entry_point = settings.entry_point.empty() ? image.entry_point : settings.entry_point;
  const std::vector<std::string>& command = settings.command.empty() ? image.command : settings.command;
  spec->is_image = true;
  spec->cage.is_image = true;
  spec->cage.layers.reset();
  spec->arguments = entry_point;
  spec->arguments.insert(spec->arguments.end(), command.begin(), command.end());
  spec->working_directory = settings.working_directory.empty() ? image.working_directory : settings.working_directory;
  if (spec->working_directory.empty()) spec->working_directory = "/";
  spec->handler = command.empty() ? "" : command.front();
  spec->framed_logs = true;
  Variables variables = ImageVariables(function, spec->handler);
  for (const auto& [name, value] : function.environment) SetVariable(variables, name, value);
  SetVariables(*spec, variables);
  return std::shared_ptr<const runtime::EnvironmentSpec>(std::move(spec));
}

}  // namespace

int ProcessorsOnAws(int memory_mib) {
  constexpr int kWithTwo = 3008;
  constexpr int kEach = 1769;
  return memory_mib <= kWithTwo ? 2 : std::clamp((memory_mib + kEach - 1) / kEach, 3, 6);
}

// The account's number itself: twelve digits.
uint64_t ZygoteGroup(ZygoteSharing sharing, const std::string& account_id) {
  return sharing == ZygoteSharing::Shared ? 0 : std::strtoull(account_id.c_str(), nullptr, 10);
}

Result<std::shared_ptr<const runtime::EnvironmentSpec>> MakeEnvironmentSpec(const catalog::Function& function,
                                                                            const catalog::RuntimeTable& runtimes, SpecOptions options) {
  if (function.image) return MakeImageSpec(function, std::move(options));
  MF_TRY(catalog::RuntimeChoice choice, ResolveForRunning(runtimes, function.runtime));
  MF_TRY(std::shared_ptr<runtime::EnvironmentSpec> spec, BeginSpec(function, options));
  spec->label.runtime_version = choice.description;
  if (choice.interpreter || choice.image) spec->label.runtime_version_arn = catalog::RuntimeVersionArn(function.name.region, choice);
  spec->provided = choice.identifier->family == RuntimeFamily::Provided;
  spec->arguments = Arguments(choice, function);
  if (spec->provided && spec->cage.layers) spec->second_program = "/opt/bootstrap";
  Variables variables = PlatformVariables(function, choice);
  SetVariable(variables, "AWS_LAMBDA_INITIALIZATION_TYPE", spec->label.initialization_type);
  bool zygote_can_serve = options.isolation == Isolation::Zygote;
  for (const auto& [name, value] : function.environment) {
    SetVariable(variables, name, value);
    zygote_can_serve = zygote_can_serve && !IsReadAtBoot(name);
    // The script that starts .NET knows what is to be wrapped.
    const bool wraps_itself = choice.identifier->family == RuntimeFamily::Dotnet;
    if (name == "AWS_LAMBDA_EXEC_WRAPPER" && choice.interpreter && !wraps_itself && !value.empty()) {
      spec->arguments.insert(spec->arguments.begin(), {"/bin/sh", "/var/runtime/with-wrapper.sh"});
    }
  }
  // Our own clients join the lines of a message by themselves, and are forked: only an own bootstrap, an image's, or a .NET package may bring
  // AWS's client.
  spec->framed_logs = !choice.interpreter || choice.identifier->family == RuntimeFamily::Dotnet;
  SetVariables(*spec, variables);
  if (choice.image) {
    spec->cage.root_index = choice.image->root_index;
    spec->cage.is_image = true;
  }
  if (choice.interpreter) {
    spec->cage.root_index = choice.interpreter->root_index;
    if (zygote_can_serve) spec->start_mode = {choice.interpreter->zygote_index, ZygoteGroup(options.zygotes, function.name.account_id)};
  }
  return std::shared_ptr<const runtime::EnvironmentSpec>(std::move(spec));
}

}  // namespace mayfly::invoke
