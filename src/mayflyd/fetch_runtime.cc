#include "mayflyd/fetch_runtime.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/real_loop.h"
#include "packages/code_package.h"
#include "images/image_store.h"
#include "images/runtime_images.h"
#include "mayflyd/image_settings.h"

namespace mayfly::daemon {
namespace {

using images::ImageReference;

constexpr size_t kAnswerBytesMax = 256 * 1024;
// What packages and layers are mounted on.
const std::vector<std::string> kPlaces = {"var", "var/task", "opt"};

// A line for each layer, and for each tenth of what has to be fetched.
class ProgressLines {
 public:
  void operator()(const images::Progress& progress) {
    const int64_t tenth = progress.bytes > 0 ? progress.bytes_received * 10 / progress.bytes : 0;
    if (progress.layers_done == layers_done_ && tenth == tenth_) return;
    layers_done_ = progress.layers_done;
    tenth_ = tenth;
    const std::string fetched = progress.bytes > 0 ? fmt::format(", {} of {} MiB fetched", progress.bytes_received >> 20, progress.bytes >> 20) : "";
    fmt::print(stderr, "mayfly: {} of {} layers are there{}\n", progress.layers_done, progress.layers, fetched);
  }

 private:
  size_t layers_done_ = 0;
  int64_t tenth_ = 0;
};

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

images::ImageStoreOptions MakeStoreOptions(const std::string& directory, const DataDirectory& data, const Source& source) {
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
  made.on_progress = ProgressLines();
  return made;
}

Task<Result<images::ImageDescription>> Bring(Context& ctx, images::ImageStore& store, std::string uri) {
  MF_CO_TRY(images::ImageDescription described, co_await store.Resolve(ctx, std::move(uri)));
  MF_CO_TRY_VOID(co_await store.Prepare(ctx, described.resolved_uri));
  co_return described;
}

// What the child does: as the daemon's user, who cannot see more of the machine than the daemon.
Result<catalog::AddedRuntime> Fetch(const Options& options, const DataDirectory& data, ImageSettings settings, const catalog::RuntimeIdentifier& identifier,
                           const Source& source) {
  MF_TRY(const std::unique_ptr<packages::CodeStore> code, packages::CodeStore::Open(images::RuntimeImagesFolder(data.path)));
  images::ImageStoreOptions store_options = MakeStoreOptions(options.lambda.settings.images.directory, data, source);
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

[[noreturn]] void AnswerAndEnd(int pipe, const Result<catalog::AddedRuntime>& fetched) {
  json::Value answer;
  if (fetched) {
    answer = catalog::DescribeAddedRuntime(*fetched);
  } else {
    answer.Set("error", fetched.error().message);
    answer.Set("hint", fetched.error().hint);
  }
  const std::string text = json::Write(answer);
  const bool whole = ::write(pipe, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::_exit(whole ? 0 : 1);
}

Result<catalog::AddedRuntime> ReadAnswer(int pipe) {
  std::string text;
  char buffer[4096];
  ssize_t count = 0;
  while (text.size() <= kAnswerBytesMax && (count = ::read(pipe, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<size_t>(count));
  const auto answer = json::Parse(text);
  if (!answer || text.size() > kAnswerBytesMax) return Fail(Error::Fault("the image could not be fetched: its child has died"));
  if (answer->Find("error")) return Fail(Error::Fault(std::string(answer->StringOr("error", "")), std::string(answer->StringOr("hint", ""))));
  return catalog::ReadAddedRuntime(*answer);
}

}  // namespace

Result<FetchedRuntime> FetchRuntimeImage(const Options& options, const catalog::RuntimeIdentifier& identifier, const std::string& image) {
  if (::geteuid() != 0) return Fail(Error::Fault("not root", "run 'mayfly runtime add' as root: it becomes --user to fetch the image"));
  MF_TRY(const Source source, FindSource(image));
  MF_TRY(ImageSettings settings, ReadImageSettings(options.lambda.settings.images));
  const Identity identity = FindIdentity(options.user);
  FetchedRuntime fetched;
  MF_TRY(fetched.data, PrepareDataDirectory(options.data_dir, identity, DataUse::AddRuntimes));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fail(Error::FromErrno("make a pipe", errno));
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return Fail(Error::FromErrno("fork", errno));
  if (child == 0) {
    auto dropped = DropPrivileges(identity);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!dropped) AnswerAndEnd(write_end.get(), Fail(std::move(dropped).error()));
    AnswerAndEnd(write_end.get(), Fetch(options, fetched.data, std::move(settings), identifier, source));
  }
  write_end.Reset();
  auto runtime = ReadAnswer(read_end.get());
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!runtime) return Fail(std::move(runtime).error());
  fetched.runtime = std::move(*runtime);
  return fetched;
}

}  // namespace mayfly::daemon
