#include "images/runtime_images.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/log.h"
#include "catalog/added_runtimes.h"
#include "images/tree_facts.h"
#include "packages/code_package.h"
#include "sandbox/jail_protocol.h"

namespace mayfly::images {
namespace {

constexpr const char* kBootstrap = "var/runtime/bootstrap";

UniqueFd OpenWithin(int folder, const std::string& path, uint64_t flags, uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = resolve;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
}

}  // namespace

bool HasBootstrap(const std::string& root) {
  const UniqueFd folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd file = OpenWithin(folder.get(), kBootstrap, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  struct stat status{};
  return file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0001) != 0;
}

std::string RuntimeImagesFolder(const std::string& data_dir) { return data_dir + "/runtimes"; }

std::string RuntimeImageRoot(const std::string& data_dir, const catalog::RuntimeImage& image) {
  return fmt::format("{}/{}/root", RuntimeImagesFolder(data_dir), image.tree);
}

std::vector<catalog::RuntimeImage> FindRuntimeImages(const std::string& data_dir, int first_root_index) {
  std::vector<catalog::RuntimeImage> found;
  auto added = catalog::LoadAddedRuntimes(data_dir);
  if (!added) return found;  // FindInterpreters has told it
  const UniqueFd folder(::open(data_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (catalog::AddedRuntime& runtime : *added) {
    if (runtime.image.empty()) continue;
    catalog::RuntimeImage image{.identifier = catalog::FindRuntime(runtime.identifier), .reference = std::move(runtime.image), .tree = std::move(runtime.tree),
                                .entry_point = std::move(runtime.entry_point), .environment = std::move(runtime.environment),
                                .root_index = first_root_index + static_cast<int>(found.size())};
    // The jail will mount it: no link of the daemon's user leads it astray.
    const UniqueFd root = OpenWithin(folder.get(), RuntimeImageRoot(".", image), O_PATH | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (!root || !image.identifier || image.root_index > static_cast<int>(sandbox::kIndexMax)) {
      log::Warning("added runtime {}: {} is not there any more, or one too many; add it again", runtime.identifier, image.reference);
      continue;
    }
    found.push_back(std::move(image));
  }
  return found;
}

Result<> RemoveUnusedRuntimeImages(const std::string& data_dir, const std::set<std::string>& used) {
  const UniqueFd lock(::open(RuntimeImagesFolder(data_dir).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return {};
  MF_TRY(const std::vector<catalog::AddedRuntime> added, catalog::LoadAddedRuntimes(data_dir));
  std::set<std::string> kept = used;
  for (const catalog::AddedRuntime& runtime : added) kept.insert(runtime.tree);
  MF_TRY(const std::unique_ptr<packages::CodeStore> code, packages::CodeStore::Open(RuntimeImagesFolder(data_dir)));
  MF_TRY(const std::set<std::string> layers, LayersOfTrees(*code, {kept.begin(), kept.end()}));
  kept.insert(layers.begin(), layers.end());
  MF_TRY(const std::vector<std::string> names, code->List());
  for (const std::string& name : names) {
    if (!kept.contains(name)) MF_TRY_VOID(code->Delete(name));
  }
  return {};
}

}  // namespace mayfly::images
