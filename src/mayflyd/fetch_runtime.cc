#include "mayflyd/fetch_runtime.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/real_loop.h"
#include "packages/code_package.h"
#include "images/image_store.h"
#include "images/runtime_images.h"
#include "mayflyd/image_settings.h"
#include "mayflyd/unprivileged_child.h"

namespace mayfly::daemon {
namespace {

using images::ImageReference;

// What packages and layers are mounted on.
const std::vector<std::string> kPlaces = {"var", "var/task", "opt"};

// What the operator has named: their path begins where they are, may lead over links, and through folders that only root may enter.
struct Source {
  std::string uri;        // with an absolute path
  UniqueFd folder;        // that the path is in; none of a registry's image
  std::string real_path;  // of the folder
};

Result<Source> FindSource(const std::string& uri) {
  MF_TRY(const ImageReference reference, images::ParseImageUri(uri));
  if (reference.transport == ImageReference::Transport::Registry) return Source{.uri = uri, .folder = {}, .real_path = {}};
  char resolved[PATH_MAX];
  if (!::realpath(reference.location.c_str(), resolved)) return Fail(Error::FromErrno(reference.location, errno));
  const std::string path = resolved;
  const size_t start = uri.find(':') + 1;
  Source source{.uri = uri.substr(0, start) + path + uri.substr(start + reference.location.size()), .folder = {}, .real_path = path.substr(0, path.rfind('/'))};
  source.folder.Reset(::open((source.real_path + '/').c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!source.folder) return Fail(Error::FromErrno("open " + source.real_path, errno));
  return source;
}

images::ImageStoreOptions MakeStoreOptions(const std::string& directory, const DataDirectory& data, const Source& source, OnImageProgress on_progress) {
  images::ImageStoreOptions made{.directory = directory, .real_path = directory};
  if (source.folder) {
    made.directory = fmt::format("/proc/self/fd/{}", source.folder.get());
    made.real_path = source.real_path;
  } else if (made.directory.empty()) {
    made.directory = data.path + "/images";
    made.real_path = data.real_path + "/images";
  }
  made.work_folder = images::RuntimeImagesFolder(data.path);
  made.asked_by = images::AskedBy::Operator;
  made.places = kPlaces;
  made.on_progress = std::move(on_progress);
  return made;
}

Task<Result<images::ImageDescription>> Bring(Context& ctx, images::ImageStore& store, std::string uri) {
  MF_CO_TRY(images::ImageDescription described, co_await store.Resolve(ctx, std::move(uri)));
  MF_CO_TRY_VOID(co_await store.Prepare(ctx, described.resolved_uri));
  co_return described;
}

// What the child does: as the daemon's user, who cannot see more of the machine than the daemon.
Result<catalog::AddedRuntime> Fetch(const Options& options, const DataDirectory& data, ImageSettings settings, const catalog::RuntimeIdentifier& identifier,
                           const Source& source, OnImageProgress on_progress) {
  MF_TRY(const std::unique_ptr<packages::CodeStore> code, packages::CodeStore::Open(images::RuntimeImagesFolder(data.path)));
  images::ImageStoreOptions store_options = MakeStoreOptions(options.lambda.settings.images.directory, data, source, std::move(on_progress));
  store_options.mirrors = std::move(settings.mirrors);
  store_options.credentials = std::move(settings.credentials);
  RealLoop loop;
  images::ImageStore store(loop, *code, std::move(store_options));
  Context ctx(loop);
  MF_TRY(images::ImageDescription described, loop.Run(Bring(ctx, store, source.uri)));
  catalog::AddedRuntime runtime{.identifier = std::string(identifier.name), .root = {}, .interpreter = {}, .image = std::move(described.resolved_uri),
                       .tree = std::move(described.tree), .entry_point = {}, .environment = std::move(described.config.environment)};
  const bool has_bootstrap = images::HasBootstrap(code->DirectoryOf(runtime.tree));
  if (!has_bootstrap) runtime.entry_point = std::move(described.config.entry_point);
  if (!has_bootstrap && runtime.entry_point.empty() && identifier.family != catalog::RuntimeFamily::Provided) {
    return Fail(Error::Fault("it has neither a program /var/runtime/bootstrap nor an ENTRYPOINT", "use AWS's base image of the runtime"));
  }
  return runtime;
}

}  // namespace

Result<FetchedRuntime> FetchRuntimeImage(const Options& options, const catalog::RuntimeIdentifier& identifier, const std::string& image,
                                         OnImageProgress on_progress) {
  if (::geteuid() != 0) return Fail(Error::Fault("not root", "run 'mayfly runtime add' as root: it becomes --user to fetch the image"));
  MF_TRY(const Source source, FindSource(image));
  MF_TRY(ImageSettings settings, ReadImageSettings(options.lambda.settings.images));
  const Identity user = FindIdentity(options.user);
  FetchedRuntime fetched;
  MF_TRY(fetched.data, PrepareDataDirectory(options.data_dir, user, DataUse::AddRuntimes));
  MF_TRY(const json::Value runtime, RunAsDaemonUser(user, [&]() -> Result<json::Value> {
    MF_TRY(const catalog::AddedRuntime brought, Fetch(options, fetched.data, std::move(settings), identifier, source, std::move(on_progress)));
    return catalog::DescribeAddedRuntime(brought);
  }));
  fetched.runtime = catalog::ReadAddedRuntime(runtime);
  return fetched;
}

}  // namespace mayfly::daemon
