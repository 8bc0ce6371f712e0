#include "mayflyd/ground.h"

#include <unistd.h>

#include <cstring>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/log.h"
#include "images/runtime_images.h"
#include "keyring/master_key.h"
#include "mayflyd/directory_probe.h"
#include "mayflyd/image_settings.h"
#include "mayflyd/installed_interpreters.h"
#include "mayflyd/interpreters.h"
#include "net/http_server.h"
#include "sandbox/jail_protocol.h"
#include "uplink/resolver_settings.h"

namespace mayfly::daemon {
namespace {

constexpr Duration kFileSystemPatience = std::chrono::seconds(10);

// Open mode takes anybody for whom they say they are.
Result<> CheckMode(const Options& options, const ListenAddress& address) {
  if (options.identity.authenticator.mode == identity::AuthMode::Strict || address.is_loopback()) return {};
  return Fail(Error::Fault(fmt::format("--auth open accepts anybody, so it listens on loopback only, not on {}", address.host),
                           "use --auth strict, or --listen 127.0.0.1:4566"));
}

// A directory that is not there does not keep the daemon from serving: functions that want it are told.
Result<std::vector<catalog::FileSystem>> FindFileSystems(const std::vector<std::string>& texts) {
  std::vector<catalog::FileSystem> all;
  for (const std::string& text : texts) {
    MF_TRY(catalog::FileSystem file_system, catalog::ParseFileSystem(text));
    file_system.error_number = ProbeDirectory(file_system.directory, kFileSystemPatience);
    if (file_system.error_number == 0) file_system.index = static_cast<int>(all.size()) + 1;
    if (file_system.index == 0) log::Warning("--file-system {}: {}", file_system.directory, std::strerror(file_system.error_number));
    if (all.size() == sandbox::kIndexMax) return Fail(Error::Fault(fmt::format("more than {} file systems", sandbox::kIndexMax)));
    all.push_back(std::move(file_system));
  }
  return all;
}

// What the options name that only root may read.
Result<> ReadSettings(const Options& options, lambda::Premises& premises) {
  MF_TRY(premises.organizations, identity::Organizations::Parse(options.identity.organizations));
  MF_TRY(premises.s3_keys, packages::ReadS3Keys(premises.settings.packages));
  MF_TRY(ImageSettings registries, ReadImageSettings(premises.settings.images));
  premises.registry_mirrors = std::move(registries.mirrors);
  premises.registry_credentials = std::move(registries.credentials);
  MF_TRY(premises.file_systems, FindFileSystems(premises.settings.catalog.file_systems));
  return {};
}

std::string InstanceOf(const DataDirectory& data) { return Sha256Hex(data.real_path).substr(0, 12); }

// Before the jail, which makes cages' links into it.
Result<> OpenNetwork(const Options& options, Ground& ground) {
  const bool own_machine = options.identity.authenticator.mode == identity::AuthMode::Open && ground.address.is_loopback();
  MF_TRY(ground.network_plan, uplink::PlanNetwork(options.network, own_machine ? uplink::Trust::OwnMachine : uplink::Trust::Strict,
                                                  http::LocalPort(ground.listener.get())));
  for (const std::string& text : options.network.name_servers) {
    MF_TRY(const sockaddr_storage server, uplink::ParseNameServer(text));
    ground.name_servers.push_back(server);
  }
  ground.router = uplink::SpawnRouter(ProgramDirectory() + "/mayfly-router", InstanceOf(ground.data), ground.network_plan, options.network);
  if (ground.router.pid == 0 && ground.network_plan.has_network) log::Warning("functions have no network: {}", ground.router.why);
  return {};
}

sandbox::JailCommand MakeJailCommand(const lambda::Premises& premises, const DataDirectory& data, const uplink::RouterProcess& router) {
  const std::string bin = ProgramDirectory();
  const runtime::RuntimeOptions& runtime = premises.settings.runtime;
  sandbox::JailCommand command;
  command.jail_path = bin + "/mayfly-jail";
  command.init_path = bin + "/mayfly-init";
  command.runtime_directory = RuntimeDirectory();
  command.code_directory = data.path + "/code";
  command.instance = InstanceOf(data);
  command.router_namespace = router.network_namespace.get();
  command.network_has_ipv6 = router.has_ipv6;
  command.search_domains = uplink::ReadResolverSettings().search;
  command.memory_bytes_max = runtime::MemoryOfAllBytes(runtime, runtime::Machine::This());
  command.cages_max = runtime::EnvironmentsMax(runtime, runtime::Machine::This()) + runtime.spare_cages;
  for (const catalog::FileSystem& file_system : premises.file_systems) {
    if (file_system.index == 0) continue;
    command.file_systems.push_back({file_system.index, file_system.directory, file_system.user_id, file_system.group_id, file_system.read_only});
  }
  for (const catalog::Interpreter& interpreter : premises.runtimes->interpreters()) {
    if (interpreter.root_index) command.roots.push_back({interpreter.root_index, interpreter.host_root});
    if (interpreter.zygote_index) command.zygotes.push_back({interpreter.zygote_index, interpreter.root_index, interpreter.cage_path});
  }
  for (const catalog::RuntimeImage& image : premises.runtimes->images()) {
    command.roots.push_back({image.root_index, images::RuntimeImageRoot(data.path, image)});
  }
  return command;
}

}  // namespace

Result<Ground> PrepareGround(Options& options) {
  Ground ground;
  lambda::Premises& premises = options.lambda;
  MF_TRY(ground.address, ParseListenAddress(options.listen));
  MF_TRY_VOID(CheckMode(options, ground.address));
  if (::geteuid() != 0) return Fail(Error::Fault("sandboxes need root to be made", "run 'mayfly serve' as root: it becomes --user afterwards"));
  MF_TRY_VOID(ReadSettings(options, premises));
  if (!options.master_key_file.empty()) {
    MF_TRY(keyring::SecretBytes passphrase, keyring::ReadPassphrase(options.master_key_file));
    ground.passphrase = std::make_shared<keyring::SecretBytes>(std::move(passphrase));
  }
  RaiseDescriptorLimit();
  const Identity identity = FindIdentity(options.user);
  MF_TRY(ground.listener, http::ListenTcp(ground.address.host, ground.address.port));
  RemoveUnusedInterpreters(options.data_dir);
  MF_TRY(std::vector<catalog::Interpreter> interpreters, FindInterpreters(premises.settings.catalog, options.data_dir));
  MF_TRY(ground.data, PrepareDataDirectory(options.data_dir, identity));
  premises.real_data_path = ground.data.real_path;
  auto images = images::FindRuntimeImages(ground.data.path, FreeRootIndex(interpreters));
  premises.runtimes.emplace(MakeRuntimeTable(premises.settings.catalog, std::move(interpreters), std::move(images)));
  SpareMe();
  MF_TRY_VOID(OpenNetwork(options, ground));
  MF_TRY(premises.jail, sandbox::SpawnJail(MakeJailCommand(premises, ground.data, ground.router)));
  ground.router.network_namespace.Reset();
  ground.jail = premises.jail.pid;
  if (!identity.is_named) log::Info("there is no user '{}': running as uid {}", options.user, identity.user_id);
  MF_TRY_VOID(DropPrivileges(identity));
  MF_TRY_VOID(CloseDataDirectory(ground.data.path));
  return ground;
}

}  // namespace mayfly::daemon
