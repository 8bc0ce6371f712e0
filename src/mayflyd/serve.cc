#include "mayflyd/serve.h"

#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ranges>

#include <fmt/format.h>

#include "base/blocking_pool.h"
#include "base/calendar_loop.h"
#include "base/files.h"
#include "base/log.h"
#include "base/random.h"
#include "base/real_loop.h"
#include "base/text.h"
#include "catalog/access.h"
#include "catalog/concurrency_ledger.h"
#include "catalog/file_systems.h"
#include "catalog/function_url_index.h"
#include "catalog/layer_catalog.h"
#include "edge/download_links.h"
#include "edge/edge.h"
#include "images/image_store.h"
#include "invoke/event_queue.h"
#include "invoke/function_target.h"
#include "invoke/invoker.h"
#include "invoke/loop_guard.h"
#include "mayflyd/directory_probe.h"
#include "mayflyd/event_wiring.h"
#include "mayflyd/image_settings.h"
#include "mayflyd/interpreters.h"
#include "mayflyd/privileges.h"
#include "mayflyd/runtime_images.h"
#include "mayflyd/scaling_service.h"
#include "model/lambda.h"
#include "mayflyd/services.h"
#include "net/descriptor.h"
#include "net/http_server.h"
#include "packages/bucket_directory.h"
#include "packages/code_package.h"
#include "packages/code_source.h"
#include "packages/extension_files.h"
#include "packages/s3_endpoint.h"
#include "packages/signing_profiles.h"
#include "runtime/environment_factory.h"
#include "sandbox/jail.h"
#include "services/lambda/authorizer.h"
#include "services/lambda/control_plane_rate.h"
#include "services/lambda/lambda_handlers.h"
#include "sources/mapping_manager.h"
#include "sources/queue_poller.h"
#include "store/log_store.h"
#include "telemetry/function_log.h"
#include "telemetry/metrics.h"
#include "telemetry/trace_segments.h"
#include "wire/directory.h"

namespace mayfly::daemon {
namespace {

constexpr int kCagesMax = 2000;
constexpr int kStartsPerProcessor = 4;  // enough to keep it busy, few enough to be done before the limit of Init
constexpr Duration kFileSystemPatience = std::chrono::seconds(10);
constexpr Duration kDrainWithoutJail = std::chrono::seconds(1);
// Credentials inside functions: an environment is no longer used when less is left of them than an invocation may take.
constexpr Duration kCredentialsMargin = std::chrono::minutes(30);
// A Shutdown phase, and some time for the killing.
constexpr Duration kShutdownPhaseMax = runtime::kShutdownWithExternalExtensions + std::chrono::milliseconds(500);

struct ListenAddress {
  std::string host;
  uint16_t port = 0;
};

Result<ListenAddress> ParseListen(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::optional<uint16_t> port = ParseNumber<uint16_t>(colon == std::string::npos ? "" : text.substr(colon + 1));
  if (!port) {
    return Fail(Error::Fault(fmt::format("--listen {}: expected HOST:PORT, e.g. 127.0.0.1:4566", text)));
  }
  return ListenAddress{text.substr(0, colon), *port};
}

bool IsLoopback(const std::string& host) { return host.starts_with("127.") || host == "localhost" || host == "::1" || host == "[::1]"; }

int EnvironmentsMax(const Options& options) {
  if (options.environments_max > 0) return options.environments_max;
  const int64_t memory_mib = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGE_SIZE) >> 20;
  return static_cast<int>(std::clamp<int64_t>(memory_mib / 16, 16, kCagesMax));
}

int64_t MemoryReserveBytes(const Options& options) {
  if (options.memory_reserve_mib >= 0) return options.memory_reserve_mib << 20;
  const int64_t machine = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGE_SIZE);
  return std::clamp<int64_t>(machine / 10, 256 << 20, int64_t{2048} << 20);
}

// The folder of the running program, and what is installed beside it.
std::string ProgramDirectory() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string program(path, size > 0 ? static_cast<size_t>(size) : 0);
  return program.substr(0, program.rfind('/'));
}

// What happens before there is a loop: as root, in one thread.
struct Ground {
  ListenAddress address;
  UniqueFd listener;
  std::vector<catalog::Interpreter> interpreters;
  std::vector<catalog::RuntimeImage> runtime_images;
  DataDirectory data;
  sandbox::JailProcess jail;
  std::optional<identity::SigningIdentity> s3_keys;
  identity::Organizations organizations;
  ImageSettings image_settings;
  std::vector<catalog::FileSystem> file_systems;
};

sandbox::JailCommand MakeJailCommand(const Options& options, const Ground& ground) {
  const DataDirectory& data = ground.data;
  const std::string bin = ProgramDirectory();
  sandbox::JailCommand command;
  command.jail_path = bin + "/mayfly-jail";
  command.init_path = bin + "/mayfly-init";
  command.runtime_directory = RuntimeDirectory();
  command.code_directory = data.path + "/code";
  command.instance = Sha256Hex(data.real_path).substr(0, 12);
  command.cages_max = EnvironmentsMax(options) + options.spare_cages;
  for (const catalog::FileSystem& file_system : ground.file_systems) {
    if (file_system.index == 0) continue;
    command.file_systems.push_back({file_system.index, file_system.directory, file_system.user_id, file_system.group_id, file_system.read_only});
  }
  for (const catalog::Interpreter& interpreter : ground.interpreters) {
    if (interpreter.root_index) command.roots.push_back({interpreter.root_index, interpreter.host_root});
    if (interpreter.zygote_index) command.zygotes.push_back({interpreter.zygote_index, interpreter.root_index, interpreter.cage_path});
  }
  for (const catalog::RuntimeImage& image : ground.runtime_images) command.roots.push_back({image.root_index, RuntimeImageRoot(data.path, image)});
  return command;
}

// Read as root: the daemon's user need not be able to.
Result<std::optional<identity::SigningIdentity>> ReadS3Keys(const Options& options) {
  if (!options.s3_endpoint.empty()) MF_TRY_VOID(packages::CheckS3EndpointUrl(options.s3_endpoint));
  if (options.s3_access_key_id.empty() != options.s3_secret_access_key_file.empty()) {
    return Fail(Error::Fault("--s3-access-key-id and --s3-secret-access-key-file go together"));
  }
  if (options.s3_access_key_id.empty()) return std::nullopt;
  MF_TRY(std::string secret, ReadFile(options.s3_secret_access_key_file));
  secret.erase(secret.find_last_not_of(" \t\r\n") + 1);
  if (secret.empty()) return Fail(Error::Fault(options.s3_secret_access_key_file + " is empty"));
  return identity::SigningIdentity{options.s3_access_key_id, std::move(secret), {}};
}

// A directory that is not there does not keep the daemon from serving: functions that want it are told.
Result<std::vector<catalog::FileSystem>> FindFileSystems(const Options& options) {
  std::vector<catalog::FileSystem> all;
  for (const std::string& text : options.file_systems) {
    MF_TRY(catalog::FileSystem file_system, catalog::ParseFileSystem(text));
    file_system.error_number = ProbeDirectory(file_system.directory, kFileSystemPatience);
    if (file_system.error_number == 0) file_system.index = static_cast<int>(all.size()) + 1;
    if (file_system.index == 0) log::Warning("--file-system {}: {}", file_system.directory, std::strerror(file_system.error_number));
    if (all.size() == sandbox::kIndexMax) return Fail(Error::Fault(fmt::format("more than {} file systems", sandbox::kIndexMax)));
    all.push_back(std::move(file_system));
  }
  return all;
}

Result<Ground> PrepareGround(const Options& options) {
  Ground ground;
  MF_TRY(ground.address, ParseListen(options.listen));
  if (options.auth == "open" && !IsLoopback(ground.address.host)) {
    return Fail(Error::Fault(fmt::format("--auth open accepts anybody, so it listens on loopback only, not on {}", ground.address.host),
                             "use --auth strict, or --listen 127.0.0.1:4566"));
  }
  if (::geteuid() != 0) return Fail(Error::Fault("sandboxes need root to be made", "run 'mayfly serve' as root: it becomes --user afterwards"));
  MF_TRY(ground.organizations, identity::Organizations::Parse(options.organizations));
  MF_TRY(ground.s3_keys, ReadS3Keys(options));
  MF_TRY(ground.image_settings, ReadImageSettings(options));
  MF_TRY(ground.file_systems, FindFileSystems(options));
  RaiseDescriptorLimit();
  const Identity identity = FindIdentity(options.user);
  MF_TRY(ground.listener, http::ListenTcp(ground.address.host, ground.address.port));
  MF_TRY(ground.interpreters, FindInterpreters(options));
  MF_TRY(ground.data, PrepareDataDirectory(options.data_dir, identity));
  ground.runtime_images = FindRuntimeImages(ground.data.path, FreeRootIndex(ground.interpreters));
  MF_TRY(ground.jail, sandbox::SpawnJail(MakeJailCommand(options, ground)));
  if (!identity.is_named) log::Info("there is no user '{}': running as uid {}", options.user, identity.user_id);
  MF_TRY_VOID(DropPrivileges(identity));
  return ground;
}

runtime::EnvironmentOptions MakeEnvironmentOptions(const Options& options) {
  runtime::EnvironmentOptions made;
  made.init_timeout = Seconds(options.init_timeout_seconds);
  if (options.cpu_limit == "off") made.cpus_per_mib = 0;
  made.log_bytes_per_second = static_cast<uint64_t>(options.function_log_kib_per_second) << 10;
  made.log_burst_bytes = made.log_bytes_per_second * 2;
  made.streaming.bytes_max = options.streamed_response_mib_max << 20;
  made.streaming.bytes_per_second = options.stream_kib_per_second << 10;
  return made;
}

// Everything that lives while the daemon serves, in the order of its making.
class Daemon {
 public:
  Daemon(const Options& options, Ground ground) : options_(options), ground_(std::move(ground)), end_(loop_), files_("mayfly-files", 4) {}

  Task<Result<>> Start(Context& ctx);
  Task<> Stop();
  RealLoop& loop() { return loop_; }
  // Set when the daemon is to end: a signal came, or the jail, without which nothing runs, has died.
  Event& end() { return end_; }
  bool jail_died() const { return jail_died_; }
  const std::string& origin() const { return origin_; }

 private:
  Task<Result<>> OpenState(Context& ctx);
  Result<> OpenEvents();
  Result<> OpenAccess();
  void PrepareZygoteOf(const catalog::Function& function);
  Task<> Survey();
  Task<> RemoveUnusedPackages(Context& ctx);
  Task<> RemovePackage(const std::string& sha256);
  Task<> TidyRuntimeImages();
  // What layers, or an image, put into /opt/extensions.
  Task<Result<std::vector<std::string>>> ListExtensions(std::string layers);
  Task<Result<>> Reset(Context& ctx);
  edge::AdminParts MakeAdminParts();
  edge::FunctionUrlParts MakeUrlParts();
  void OpenCodeSource();
  void OpenImages();
  void MakeMappings();
  Task<Result<>> OpenServices(Context& ctx);
  runtime::FunctionEndpoint MakeFunctionEndpoint();

  Options options_;
  Ground ground_;
  RealLoop loop_;
  CalendarLoop calendar_{loop_};  // calendar_loop.h says whose time it is
  Event end_;
  bool jail_died_ = false;
  SystemRandom random_;
  BlockingPool files_;
  std::string origin_;
  edge::UrlOrigin url_origin_;

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Store> event_store_;
  std::unique_ptr<store::LogStore> logs_;
  std::unique_ptr<packages::CodeStore> code_;
  std::unique_ptr<catalog::Tables> tables_;
  std::unique_ptr<catalog::ConcurrencyLedger> ledger_;
  std::unique_ptr<catalog::FunctionUrlIndex> url_index_;
  std::unique_ptr<catalog::FunctionCatalog> catalog_;
  std::unique_ptr<catalog::LayerCatalog> layers_;
  std::unique_ptr<catalog::RuntimeTable> runtimes_;
  std::unique_ptr<identity::AccessKeys> keys_;
  std::unique_ptr<identity::SessionKeys> sessions_;
  std::unique_ptr<identity::Authenticator> authenticator_;
  std::unique_ptr<edge::DownloadLinks> links_;
  std::unique_ptr<packages::CodeSource> code_source_;
  std::unique_ptr<images::ImageStore> images_;
  std::unique_ptr<catalog::FileSystemTable> file_systems_;
  std::unique_ptr<packages::SigningProfiles> signing_profiles_;

  telemetry::EventStream events_;
  telemetry::Metrics metrics_;
  telemetry::TraceSegments traces_;
  invoke::TraceSampler sampler_{loop_, random_};
  std::unique_ptr<telemetry::FunctionLog> function_log_;
  std::unique_ptr<sandbox::JailedCagePool> cages_;
  std::unique_ptr<runtime::CagedEnvironmentFactory> factory_;
  runtime::KernelMemory memory_;
  std::unique_ptr<runtime::EnvironmentManager> environments_;
  std::unique_ptr<invoke::Invoker> invoker_;
  std::unique_ptr<invoke::LoopGuard> loops_;
  identity::AdministratorsOnly identities_;
  std::unique_ptr<catalog::Access> access_;
  delivery::TargetRouter targets_;
  std::unique_ptr<delivery::DeliveryWorker> deliveries_;
  std::unique_ptr<invoke::EventQueue> event_queue_;
  std::unique_ptr<invoke::FunctionTarget> function_target_;
  std::unique_ptr<delivery::DurableLanes> lanes_;  // after their workers: they go first
  std::unique_ptr<lambda::Authorizer> authorizer_;
  std::optional<lambda::ControlPlaneRate> control_plane_rate_;
  std::unique_ptr<lambda::LambdaHandlers> lambda_;
  std::unique_ptr<wire::Endpoint> endpoint_;
  wire::Directory directory_{random_};
  services::Commons commons_;
  services::Ports ports_;
  std::vector<std::unique_ptr<services::Service>> services_;  // each behind what it needs
  std::unique_ptr<autoscaling::ScalingTables> scaling_tables_;
  std::unique_ptr<ScalingService> scaling_;
  std::unique_ptr<sources::MappedFunctions> mapped_functions_;
  std::unique_ptr<sources::MappingManager> mappings_;
  std::unique_ptr<edge::Admin> admin_;
  std::unique_ptr<edge::FunctionUrls> urls_;
  std::unique_ptr<edge::Edge> edge_;
  std::unique_ptr<http::Server> server_;
  TaskScope background_{loop_};
};

Task<Result<>> Daemon::OpenState(Context& ctx) {
  const std::string& data = ground_.data.path;
  MF_CO_TRY(store_, store::OpenSqliteStore(calendar_, {.path = data + "/control.db"}));
  store::LogStoreOptions log_options{.directory = data + "/logs"};
  log_options.bytes_per_group_max = static_cast<uint64_t>(options_.log_group_mib_max) << 20;
  log_options.bytes_max = static_cast<uint64_t>(options_.log_mib_max) << 20;
  MF_CO_TRY(logs_, store::LogStore::Open(loop_, std::move(log_options)));
  MF_CO_TRY(code_, packages::CodeStore::Open(data + "/code"));
  tables_ = std::make_unique<catalog::Tables>(*store_);
  ledger_ = std::make_unique<catalog::ConcurrencyLedger>(*tables_);
  scaling_tables_ = std::make_unique<autoscaling::ScalingTables>(tables_->all);
  url_index_ = std::make_unique<catalog::FunctionUrlIndex>(*tables_);
  MF_CO_TRY_VOID(co_await tables_->all.Open(ctx));
  url_index_->Open();
  catalog_ = std::make_unique<catalog::FunctionCatalog>(loop_, *tables_);
  MF_CO_TRY_VOID(co_await catalog_->Open(ctx));
  layers_ = std::make_unique<catalog::LayerCatalog>(*tables_);
  layers_->Open();
  co_return Result<>();
}

// After the invoker; before anything can accept an event.
Result<> Daemon::OpenEvents() {
  MF_TRY(event_store_, store::OpenSqliteStore(calendar_, {.path = ground_.data.path + "/events.db"}));
  loops_ = std::make_unique<invoke::LoopGuard>(*tables_, metrics_);
  EventOptions options = MakeEventOptions(options_);
  deliveries_ = std::make_unique<delivery::DeliveryWorker>(calendar_, targets_, options.delivery);
  lanes_ = std::make_unique<delivery::DurableLanes>(calendar_, *event_store_, random_, options.lanes);
  lanes_->AddWorker(std::string(delivery::kDeliveryLanes), *deliveries_);
  invoke::EventQueueParts parts{.loop = &calendar_, .lanes = lanes_.get(), .deliveries = deliveries_.get()};
  parts.catalog = catalog_.get();
  parts.tables = tables_.get();
  parts.random = &random_;
  parts.metrics = &metrics_;
  parts.loops = loops_.get();
  parts.targets = &targets_;
  parts.invoke = [this](Context& ctx, catalog::FunctionPointer function, runtime::Invocation invocation) {
    return invoker_->Invoke(ctx, std::move(function), std::move(invocation), invoke::InvocationKind::Asynchronous);
  };
  event_queue_ = std::make_unique<invoke::EventQueue>(std::move(parts), std::move(options.dispatch));
  function_target_ = std::make_unique<invoke::FunctionTarget>(*event_queue_, *catalog_, *access_);
  targets_.Register("lambda", *function_target_);
  return {};
}

Result<> Daemon::OpenAccess() {
  const identity::AuthMode mode = options_.auth == "strict" ? identity::AuthMode::Strict : identity::AuthMode::Open;
  MF_TRY(keys_, identity::AccessKeys::Open(ground_.data.path + "/access-keys.json", mode, options_.account_id, random_));
  if (mode == identity::AuthMode::Strict) {
    log::Info("strict mode: the access keys, a first one included, are in {}/access-keys.json", options_.data_dir);
  }
  identity::AuthenticatorOptions options{.mode = mode, .default_account_id = options_.account_id, .default_region = options_.region};
  MF_TRY(sessions_, identity::SessionKeys::Load(ground_.data.path + "/session-key", random_));
  authenticator_ = std::make_unique<identity::Authenticator>(std::move(options), *keys_, *sessions_, loop_);
  return {};
}

void Daemon::OpenCodeSource() {
  const std::string& data = ground_.data.path;
  signing_profiles_ = std::make_unique<packages::SigningProfiles>(data + "/signing-profiles");
  if (options_.s3_endpoint.empty()) {
    const std::string folder = options_.s3_directory.empty() ? data + "/buckets" : options_.s3_directory;
    code_source_ = std::make_unique<packages::BucketDirectory>(folder, files_);
    return;
  }
  packages::S3EndpointOptions endpoint{.url = options_.s3_endpoint, .region = options_.s3_region, .keys = std::move(ground_.s3_keys)};
  code_source_ = std::make_unique<packages::S3Endpoint>(loop_, std::move(endpoint));
}

void Daemon::OpenImages() {
  const std::string& data = ground_.data.path;
  const bool usual = options_.image_directory.empty();
  images::ImageStoreOptions options{.directory = usual ? data + "/images" : options_.image_directory,
                                    .real_path = usual ? ground_.data.real_path + "/images" : options_.image_directory,
                                    .work_folder = data + "/code", .mirrors = std::move(ground_.image_settings.mirrors),
                                    .credentials = std::move(ground_.image_settings.credentials)};
  images_ = std::make_unique<images::ImageStore>(loop_, *code_, std::move(options));
  file_systems_ = std::make_unique<catalog::FileSystemTable>(std::move(ground_.file_systems));
}

edge::AdminParts Daemon::MakeAdminParts() {
  edge::AdminParts parts;
  parts.loop = &loop_;
  parts.calendar = &calendar_;
  parts.catalog = catalog_.get();
  parts.runtimes = runtimes_.get();
  parts.environments = environments_.get();
  parts.invoker = invoker_.get();
  parts.logs = logs_.get();
  parts.metrics = &metrics_;
  parts.traces = &traces_;
  parts.code = code_.get();
  parts.files = &files_;
  parts.authenticator = authenticator_.get();
  parts.describe_events = [this] { return DescribeEvents(*lanes_); };
  parts.version = kVersion;
  parts.reset = [this](Context& ctx) { return Reset(ctx); };
  parts.is_download_allowed = [this](const http::Request& request) { return links_->IsAllowed(request); };
  return parts;
}

edge::FunctionUrlParts Daemon::MakeUrlParts() {
  edge::FunctionUrlParts parts;
  parts.loop = &loop_;
  parts.catalog = catalog_.get();
  parts.index = url_index_.get();
  parts.invoker = invoker_.get();
  parts.loops = loops_.get();
  parts.authenticator = authenticator_.get();
  parts.lambda = endpoint_.get();
  parts.random = &random_;
  parts.access = access_.get();
  parts.origin = url_origin_;
  return parts;
}

// The API as functions reach it.
runtime::FunctionEndpoint Daemon::MakeFunctionEndpoint() {
  runtime::FunctionEndpoint endpoint{.sessions = sessions_.get(), .credentials_valid = Seconds(options_.credentials_valid_seconds)};
  endpoint.take_trace = [this](const telemetry::EnvironmentLabel& label, std::string_view datagram) { traces_.Add(label, datagram, loop_.WallNow()); };
  endpoint.handle = [this](Context& ctx, http::Request& request, const std::string& access_key_id) {
    return edge_->HandleFromFunction(ctx, request, access_key_id);
  };
  return endpoint;
}

// So that the first invocation of a new function need not wait for an interpreter to boot.
void Daemon::PrepareZygoteOf(const catalog::Function& function) {
  if (options_.isolation == "exec") return;
  auto choice = runtimes_->Resolve(function.runtime);
  if (choice && choice->interpreter) cages_->PrepareZygote(choice->interpreter->zygote_index);
}

// Looks at every function once, while the daemon serves already.
Task<> Daemon::Survey() {
  Context ctx(loop_);
  ctx.stop = background_.stop_token();
  co_await catalog_->Survey(ctx, [this](const catalog::Function& function) { PrepareZygoteOf(function); });
  ::malloc_trim(0);  // what reading all rows took, and what looking at them took
  if (!ctx.stop.stop_requested()) co_await RemoveUnusedPackages(ctx);
  if (!ctx.stop.stop_requested()) co_await TidyRuntimeImages();
}

// Packages and trees of layers that no function and no layer version refers to: left by deletes and updates, whose environments may still have had them mounted.
Task<> Daemon::RemoveUnusedPackages(Context& ctx) {
  packages::CodeStore* code = code_.get();
  auto packages = co_await files_.Run(loop_, [code] { return code->List(); });
  if (!packages) co_return log::Warning("list code packages: {}", packages.error().ToString());
  // Layers of images are used by trees that are used; a layer that is just being brought is pinned.
  std::vector<std::string> used;
  for (const std::string& package : *packages) {
    if (catalog_->IsInUse(package)) used.push_back(package);
  }
  const auto image_layers = co_await files_.Run(loop_, [code, used = std::move(used)] { return images::LayersOfTrees(*code, used); });
  if (!image_layers) co_return log::Warning("look at images: {}", image_layers.error().ToString());
  for (const std::string& package : *packages) {
    if (ctx.stop.stop_requested()) co_return;
    if (catalog_->IsInUse(package) || layers_->IsInUse(package) || image_layers->contains(package)) continue;
    co_await RemovePackage(package);
  }
}

// What is just being created is pinned; what the catalog does not know at this moment nobody can come to use later.
Task<> Daemon::RemovePackage(const std::string& sha256) {
  auto buried = code_->Bury(sha256);
  if (!buried) co_return log::Warning("delete code package: {}", buried.error().ToString());
  co_await files_.Run(loop_, [grave = std::move(*buried)]() mutable { return grave.reset(), true; });
}

Task<> Daemon::TidyRuntimeImages() {
  std::set<std::string> used;
  for (const catalog::RuntimeImage& image : runtimes_->images()) used.insert(image.tree);
  const auto removed = co_await files_.Run(loop_, [data = ground_.data.path, used = std::move(used)] { return RemoveUnusedRuntimeImages(data, used); });
  if (!removed) log::Warning("remove images of runtimes: {}", removed.error().ToString());
}

Task<Result<std::vector<std::string>>> Daemon::ListExtensions(std::string layers) {
  MF_CO_TRY(images::ImageStore::TreeFacts facts, co_await files_.Run(loop_, [images = images_.get(), layers] { return images->FactsOf(layers); }));
  if (!facts.layers.empty()) co_return std::move(facts.extensions);
  const std::string opt = code_->DirectoryOf(layers);
  if (opt.empty()) co_return std::vector<std::string>();
  co_return co_await files_.Run(loop_, [opt] { return packages::ListExtensionFiles(opt); });
}

void Daemon::MakeMappings() {
  mapped_functions_ = std::make_unique<sources::InvokedFunctions>(*catalog_, *invoker_, *loops_, random_);
  sources::PollerOptions options;
  options.concurrency_maximum = options_.mapping_concurrency;
  options.concurrency_growth_per_minute = options_.mapping_growth_per_minute;
  mappings_ = std::make_unique<sources::MappingManager>(calendar_, *tables_, *mapped_functions_, random_, metrics_, options);
  for (const auto kind : {sources::SourceKind::SqsStandard, sources::SourceKind::SqsFifo}) {
    mappings_->Add(kind, sources::MakeQueuePollers(ports_.Get<sources::QueueSource>()));
  }
}

Task<Result<>> Daemon::OpenServices(Context& ctx) {
  MF_CO_TRY(const std::vector<size_t> order, services::Order(options_.services));
  for (const size_t index : order) {
    const services::Declaration& declaration = options_.services[index];
    auto opened = co_await declaration.open(ctx, commons_, ports_);
    if (!opened) co_return Fail(std::move(opened).error().Wrap("open " + declaration.name));
    services_.push_back(std::move(*opened));
    for (const services::PortId& port : declaration.offers) MF_ASSERT(ports_.Has(port));
  }
  for (const auto& [arn_service, target] : ports_.All<delivery::Target>()) targets_.Register(arn_service, *target);
  co_return Result<>();
}

Task<Result<>> Daemon::Start(Context& ctx) {
  MF_CO_TRY_VOID(co_await OpenState(ctx));
  MF_CO_TRY_VOID(OpenAccess());
  const bool tls = !options_.tls_certificate.empty();
  origin_ = fmt::format("{}://{}:{}", tls ? "https" : "http", ground_.address.host, http::LocalPort(ground_.listener.get()));
  const edge::UrlOrigin listener{.scheme = tls ? "https" : "http", .port = std::to_string(http::LocalPort(ground_.listener.get()))};
  MF_CO_TRY(url_origin_, edge::ParseUrlOrigin(options_.url_domain, listener));
  links_ = std::make_unique<edge::DownloadLinks>(calendar_, random_, origin_);
  runtimes_ = std::make_unique<catalog::RuntimeTable>(MakeRuntimeTable(options_, std::move(ground_.interpreters), std::move(ground_.runtime_images)));
  function_log_ = std::make_unique<telemetry::FunctionLog>(*logs_);
  events_.Add(function_log_.get());

  const int environments_max = EnvironmentsMax(options_);
  sandbox::PoolOptions pool_options{.spare_cages = options_.spare_cages, .cages_max = environments_max + options_.spare_cages};
  MF_CO_TRY(cages_, co_await sandbox::JailedCagePool::Open(ctx, loop_, std::move(ground_.jail), pool_options));
  cages_->OnJailDeath([this] {
    jail_died_ = true;
    end_.Set();
  });
  if (options_.isolation == "zygote") cages_->PrepareZygote(1);  // the first Python found: most first functions want it
  catalog_->OnChange([this](const auto& old_state, const auto& new_state) {
    if (new_state) PrepareZygoteOf(*new_state);
  });
  factory_ = std::make_unique<runtime::CagedEnvironmentFactory>(loop_, *cages_, events_, MakeEnvironmentOptions(options_), MakeFunctionEndpoint());
  const Duration credentials_valid = Seconds(options_.credentials_valid_seconds);
  runtime::ManagerOptions manager_options{.idle_timeout = Seconds(options_.idle_timeout_seconds),
                                          .freeze_after = Seconds(options_.freeze_after_seconds),
                                          .age_max = credentials_valid - std::min(kCredentialsMargin, credentials_valid / 2),
                                          .environments_max = environments_max};
  manager_options.memory = {.machine = &memory_, .reserve_bytes = MemoryReserveBytes(options_), .bytes_max = options_.memory_mib_max << 20};
  manager_options.starts.places = kStartsPerProcessor * std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
  environments_ = std::make_unique<runtime::EnvironmentManager>(loop_, *factory_, manager_options);

  invoke::InvokerOptions invoker_options;
  invoker_options.admission = {.account_concurrency = options_.account_concurrency, .requests_per_concurrency = options_.requests_per_concurrency,
                               .starts_max = options_.scaling_environments, .starts_window = Seconds(options_.scaling_window_seconds)};
  invoker_options.spec.provisioned_init_timeout = Seconds(options_.provisioned_init_timeout_seconds);
  invoker_options.spec.isolation = options_.isolation == "exec" ? invoke::Isolation::Exec : invoke::Isolation::Zygote;
  invoker_options.traces = &sampler_;
  OpenImages();
  invoker_options.spec.file_systems = file_systems_.get();
  invoker_options.list_extensions = [this](const std::string& layers) { return ListExtensions(layers); };
  invoke::InvokerParts invoker_parts{.loop = &loop_, .tables = tables_.get(), .catalog = catalog_.get(), .ledger = ledger_.get(),
                                     .runtimes = runtimes_.get(), .environments = environments_.get(), .metrics = &metrics_};
  invoker_ = std::make_unique<invoke::Invoker>(invoker_parts, invoker_options);

  access_ = std::make_unique<catalog::Access>(*tables_, identities_, calendar_, std::move(ground_.organizations));
  MF_CO_TRY_VOID(OpenEvents());

  OpenCodeSource();
  lambda::LambdaParts parts{.loop = &calendar_, .tables = tables_.get(), .catalog = catalog_.get(), .layers = layers_.get(), .access = access_.get(),
                            .runtimes = runtimes_.get(), .code = code_.get(), .code_source = code_source_.get(),
                            .signing_profiles = signing_profiles_.get(), .invoker = invoker_.get(), .events = event_queue_.get(),
                            .loops = loops_.get(), .files = &files_, .random = &random_};
  parts.images = images_.get();
  parts.file_systems = file_systems_.get();
  parts.ledger = ledger_.get();
  parts.account_concurrency = options_.account_concurrency;
  parts.code_storage_bytes_max = options_.code_storage_mib_max << 20;
  parts.unreserved_concurrency_min = options_.unreserved_concurrency_min;
  parts.update_delay = Seconds(options_.update_delay_seconds);
  parts.download_url = [this](const catalog::Function& function) { return links_->UrlOf(function); };
  parts.layer_download_url = [this](const catalog::LayerVersion& version) { return links_->UrlOf(version); };
  parts.function_url = [this](const catalog::FunctionUrl& url) { return edge::UrlAddress(url_origin_, url.url_id, url.function.region); };
  const wire::AnswerObserver observer = [](Context& ctx, const wire::Operation* operation, int status, const Error* error) {
    if (!error || error->kind != Error::Kind::Fault) return;
    log::Error("{} {} answered {}: {}", ctx.request_id, operation ? operation->name : "-", status, error->ToString());
  };
  commons_ = {.loop = &loop_, .calendar = &calendar_, .random = &random_, .files = &files_, .store = store_.get(), .logs = logs_.get(),
              .metrics = &metrics_, .traces = &traces_, .targets = &targets_, .directory = &directory_, .lanes = lanes_.get(), .deliveries = deliveries_.get(),
              .identities = &identities_, .sessions = sessions_.get(), .observer = observer, .data_path = ground_.data.path, .origin = origin_};
  MF_CO_TRY_VOID(co_await OpenServices(ctx));
  parts.queues = &ports_.Get<sources::QueueSource>();
  lanes_->Open();  // what is owed needs its targets
  MakeMappings();
  parts.last_processing_result = [this](const std::string& key) { return mappings_->ResultOf(key); };
  lambda_ = std::make_unique<lambda::LambdaHandlers>(std::move(parts));
  lambda_->Recover();
  authorizer_ = std::make_unique<lambda::Authorizer>(*access_);
  wire::Authorizer may = authorizer_->AsFunction();
  if (options_.control_plane_rate > 0) may = control_plane_rate_.emplace(loop_, options_.control_plane_rate).Before(std::move(may));

  endpoint_ = std::make_unique<wire::Endpoint>(lambda::kService, &lambda_->handlers(), std::move(may), observer, &files_);
  admin_ = std::make_unique<edge::Admin>(MakeAdminParts());
  urls_ = std::make_unique<edge::FunctionUrls>(MakeUrlParts());
  scaling_ = std::make_unique<ScalingService>(
      ScalingService::Parts{.loop = &calendar_, .random = &random_, .identities = &identities_, .files = &files_, .observer = observer,
                            .tables = scaling_tables_.get(), .catalog = tables_.get(), .versions = catalog_.get(),
                            .provisioner = &invoker_->provisioner(), .lambda = &lambda_->handlers().provisioned_concurrency},
      options_);
  directory_.Register(*endpoint_);
  for (const auto& service : services_) directory_.Register(service->endpoint());
  directory_.Register(scaling_->endpoint());
  edge_ = std::make_unique<edge::Edge>(loop_, *authenticator_, directory_, *urls_, *admin_, random_, files_);
  server_ = std::make_unique<http::Server>(loop_, edge::ApiServerLimits(),
                                           [this](Context& ctx, http::Request& request) { return edge_->Handle(ctx, request); });
  if (tls) {
    MF_CO_TRY_VOID(server_->ServeTls(std::move(ground_.listener), {options_.tls_certificate, options_.tls_key}));
  } else {
    MF_CO_TRY_VOID(server_->Serve(std::move(ground_.listener)));
  }
  invoker_->provisioner().Open();
  for (const auto& service : services_) service->Start();
  scaling_->Start();
  mappings_->Open();
  background_.Spawn(Survey());
  co_return Result<>();
}

Task<Result<>> Daemon::Reset(Context& ctx) {
  MF_CO_TRY_VOID(co_await store_->Clear(ctx));
  MF_CO_TRY_VOID(co_await lanes_->Clear(ctx));
  for (const auto& service : services_) MF_CO_TRY_VOID(co_await service->Reset(ctx));
  environments_->RetireAll();
  metrics_.Clear();
  traces_.Clear();
  invoker_->RenewMetrics();
  MF_CO_TRY_VOID(co_await logs_->Clear(ctx));
  co_await RemoveUnusedPackages(ctx);
  co_return Result<>();
}

Task<> Daemon::Stop() {
  Context ctx(loop_);
  mappings_->Pause();
  for (const auto& service : std::views::reverse(services_)) service->Pause();
  // Without the jail nothing that runs can come to a good end.
  const Duration drain = jail_died_ ? kDrainWithoutJail : Seconds(options_.drain_seconds);
  const TimePoint until = calendar_.Now() + drain;
  lanes_->Pause();
  co_await server_->Stop(drain);
  co_await lanes_->Stop(until);
  co_await mappings_->Stop(until);
  edge_->CutFunctionCalls();
  invoker_->CutStreams();
  background_.Stop();
  co_await background_.Join();
  co_await scaling_->Stop();
  co_await lambda_->Stop();
  for (const auto& service : std::views::reverse(services_)) co_await service->Stop();
  invoker_->provisioner().Stop();
  environments_->RetireAll();
  if (!jail_died_) co_await environments_->AwaitEnds(loop_.Now() + kShutdownPhaseMax);
  co_await loop_.Yield();
  if (auto flushed = co_await logs_->Flush(ctx); !flushed) log::Warning("flush logs: {}", flushed.error().ToString());
  co_await cages_->Stop();
}

// SIGTERM and SIGINT as something to wait for.
Task<int> ServeUntilSignal(Daemon& daemon, UniqueFd signals) {
  Context ctx(daemon.loop());
  auto started = co_await daemon.Start(ctx);
  if (!started) {
    log::Error("{}", started.error().ToString());
    co_return 1;
  }
  fmt::print("ready {}\n", daemon.origin());
  std::fflush(stdout);
  Descriptor descriptor(daemon.loop(), std::move(signals));
  TaskScope waiting(daemon.loop());
  waiting.Spawn([](Descriptor& descriptor, Event& end) -> Task<> {
    if (co_await descriptor.WaitReadable()) end.Set();
  }(descriptor, daemon.end()));
  co_await daemon.end().Wait();
  if (!daemon.jail_died()) log::Info("asked to end: finishing what runs");
  descriptor.Cancel();
  co_await waiting.Join();
  co_await daemon.Stop();
  co_return daemon.jail_died() ? 1 : 0;
}

UniqueFd BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

log::Level LevelOf(const std::string& name) {
  return name == "debug" ? log::Level::Debug : name == "warning" ? log::Level::Warning : name == "error" ? log::Level::Error : log::Level::Info;
}

}  // namespace

int Serve(const Options& options) {
  log::SetLevel(LevelOf(options.log_level));
  auto ground = PrepareGround(options);
  if (!ground) {
    log::Error("{}", ground.error().ToString());
    return 1;
  }
  UniqueFd signals = BlockSignals();
  const pid_t jail = ground->jail.pid;
  int code = 1;
  {
    Daemon daemon(options, std::move(*ground));
    code = daemon.loop().Run(ServeUntilSignal(daemon, std::move(signals)));
  }
  // The jail ends when our side of the socket has gone; it cleans up before it does.
  int status = 0;
  while (::waitpid(jail, &status, 0) < 0 && errno == EINTR) {
  }
  return code;
}

}  // namespace mayfly::daemon
