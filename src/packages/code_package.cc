#include "packages/code_package.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/encoding.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "packages/layer_tree.h"
#include "packages/package_writer.h"

namespace mayfly::packages {
namespace {

constexpr std::string_view kTemporaryPrefix = ".new-";
constexpr std::string_view kDeletedPrefix = ".deleted-";

Error InvalidParameter(std::string message) { return Error::Service("InvalidParameterValueException", std::move(message)); }

// The client learns only that it cannot be unzipped, as on AWS; the log says why.
Error CannotUnzip(const Error& why) {
  log::Info("refused a code package: {}", why.message);
  return InvalidParameter("Could not unzip uploaded file. Please check your file, then try to upload again.");
}

bool IsSha256Hex(std::string_view text) {
  return text.size() == 64 && ConsistsOf(text, kLowerHexDigits);
}

struct CheckedZip {
  ZipReader zip;
  PackagePlan plan;
};

Result<CheckedZip> CheckZip(std::string_view bytes, uint64_t zipped_bytes_max) {
  if (bytes.size() > zipped_bytes_max) {
    return Fail(Error::Service("RequestEntityTooLargeException",
                               fmt::format("Zipped size must be smaller than {} bytes", zipped_bytes_max)));
  }
  if (bytes.empty()) return Fail(InvalidParameter("Uploaded file must be a non-empty zip"));
  auto zip = ZipReader::Open(bytes, PackageLimits().entries_max);
  if (!zip) return Fail(CannotUnzip(zip.error()));
  if (zip->entries().empty()) return Fail(InvalidParameter("Uploaded file must be a non-empty zip"));
  if (zip->unpacked_bytes() > kUnzippedBytesMax) {
    return Fail(InvalidParameter(fmt::format("Unzipped size must be smaller than {} bytes", kUnzippedBytesMax)));
  }
  auto plan = PlanPackage(*zip);
  if (!plan) return Fail(CannotUnzip(plan.error()));
  return CheckedZip{std::move(*zip), std::move(*plan)};
}

CodePackage Describe(std::string_view zip) {
  const Sha256Digest digest = Sha256(zip);
  return {.sha256_hex = HexEncode(AsView(digest)), .sha256_base64 = Base64Encode(AsView(digest)), .zipped_bytes = zip.size(), .pin = {}};
}

bool Exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

// Symbolic links are removed, not followed.
void RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) log::Warning("remove {}: {}", path, error.message());
}

// A folder that is removed again unless it was given its final name.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> Make(const std::string& parent, std::string_view prefix) {
    std::string path = fmt::format("{}/{}XXXXXX", parent, prefix);
    if (::mkdtemp(path.data()) == nullptr) return Fail(Error::FromErrno("mkdtemp " + path, errno));
    return TemporaryFolder(std::move(path));
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    if (!path_.empty()) RemoveTree(path_);
  }
  const std::string& path() const { return path_; }
  void Release() { path_.clear(); }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

Result<std::vector<std::string>> ListFolder(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) return Fail(Error::FromErrno("opendir " + path, errno));
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder.get())) names.emplace_back(entry->d_name);
  if (errno != 0) return Fail(Error::FromErrno("readdir " + path, errno));
  return names;
}

Result<> MakeFolder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return Fail(Error::FromErrno("mkdir " + path, errno));
  if (::chmod(path.c_str(), mode) != 0) return Fail(Error::FromErrno("chmod " + path, errno));
  return {};
}

// Gives a complete folder, whose files are durable, its name: durable as a whole from then on. File systems with a journal or a log
// (ext4, xfs, btrfs) commit the directories in it no later than the rename.
Result<> Settle(TemporaryFolder& temporary, const std::string& folder, const std::string& path) {
  MF_ASSERT(!temporary.path().empty() && path.starts_with(folder));
  if (::rename(temporary.path().c_str(), path.c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST) return {};  // somebody stored the same meanwhile
    return Fail(Error::FromErrno("rename " + temporary.path(), errno));
  }
  temporary.Release();
  return SyncDirectory(folder);
}

// Proves that every byte unpacks, without writing any.
Result<> DryRead(const CheckedZip& checked) {
  for (const auto& file : checked.plan.files) {
    const auto read = checked.zip.Read(*file.entry, [](std::string_view) -> Result<> { return {}; });
    if (!read) return Fail(CannotUnzip(read.error()));
  }
  return {};
}

}  // namespace

// How many holders each package has. Outlives the store, because pins may.
struct CodeStore::Pins {
  std::mutex mutex;
  std::unordered_map<std::string, size_t> counts;

  // The mutex is held by the caller.
  static std::shared_ptr<const void> Make(const std::shared_ptr<Pins>& self, const std::string& name) {
    ++self->counts[name];
    return {static_cast<const void*>(self.get()), [self, name](const void*) {
              const std::lock_guard lock(self->mutex);
              MF_ASSERT(self->counts[name] > 0);
              if (--self->counts[name] == 0) self->counts.erase(name);
            }};
  }
};

Result<CodePackage> CheckCodePackage(std::string_view zip) {
  MF_TRY(const CheckedZip checked, CheckZip(zip, kZippedBytesMax));
  MF_TRY_VOID(DryRead(checked));
  return Describe(zip);
}

CodeStore::CodeStore(std::string folder) : folder_(std::move(folder)), pins_(std::make_shared<Pins>()) {}

Result<std::unique_ptr<CodeStore>> CodeStore::Open(std::string folder) {
  // The daemon's alone: what a sandbox sees of it the jail, which is root, mounts there.
  MF_TRY_VOID(MakeFolder(folder, 0700));
  MF_TRY(const auto names, ListFolder(folder));
  for (const std::string& name : names) {
    if (name.starts_with(kTemporaryPrefix) || name.starts_with(kDeletedPrefix)) RemoveTree(folder + "/" + name);
  }
  return std::unique_ptr<CodeStore>(new CodeStore(std::move(folder)));
}

std::string CodeStore::PathOf(std::string_view sha256_hex) const { return fmt::format("{}/{}", folder_, sha256_hex); }

Result<CodePackage> CodeStore::Put(std::string_view zip, uint64_t zipped_bytes_max) {
  CodePackage package;
  if (zip.size() <= zipped_bytes_max) {
    package = Describe(zip);
    package.pin = Pin(package.sha256_hex);
    if (package.pin) return package;
  }
  MF_TRY_VOID(Install(zip, zipped_bytes_max, package.sha256_hex));
  package.pin = Pin(package.sha256_hex);
  // Between the two lines the package may have been deleted by somebody whose last version went away.
  if (!package.pin) return Fail(Error::Fault("a code package was deleted while it was stored", "try again"));
  return package;
}

Result<> CodeStore::Install(std::string_view zip, uint64_t zipped_bytes_max, const std::string& sha256_hex) const {
  MF_TRY(const CheckedZip checked, CheckZip(zip, zipped_bytes_max));
  MF_TRY(TemporaryFolder temporary, TemporaryFolder::Make(folder_, kTemporaryPrefix));
  const std::string root = temporary.path() + "/root";
  MF_TRY_VOID(MakeFolder(temporary.path(), 0755));
  MF_TRY_VOID(MakeFolder(root, 0755));
  PackageSync sync;
  if (auto unpacked = UnpackPackage(checked.zip, checked.plan, root, sync); !unpacked) {
    if (unpacked.error().blame == UnpackError::Blame::Zip) return Fail(CannotUnzip(unpacked.error().error));
    return Fail(std::move(unpacked.error().error).Wrap("unpack a code package"));
  }
  MF_TRY_VOID(WriteNewFile(temporary.path() + "/package.zip", zip, 0600, sync));
  MF_TRY_VOID(sync.Finish());
  return Settle(temporary, folder_, PathOf(sha256_hex));
}

Result<CodeStore::Tree> CodeStore::MergeLayers(const std::vector<std::string>& packages) {
  MF_ASSERT(!packages.empty());
  std::vector<std::shared_ptr<const void>> pins;  // so that none goes while it is read
  std::string list = "layers";
  for (const std::string& package : packages) {
    pins.push_back(Pin(package));
    if (!pins.back()) return Fail(Error::Fault(fmt::format("the code package {} of a layer is not there", package)));
    list += '\n' + package;
  }
  if (packages.size() == 1) return Tree{packages.front(), std::move(pins.front())};
  Tree tree{.sha256_hex = Sha256Hex(list), .pin = {}};
  tree.pin = Pin(tree.sha256_hex);
  if (tree.pin) return tree;
  MF_TRY_VOID(InstallTree(packages, tree.sha256_hex));
  tree.pin = Pin(tree.sha256_hex);
  if (!tree.pin) return Fail(Error::Fault("a tree of layers was deleted while it was made", "try again"));
  return tree;
}

Result<> CodeStore::InstallTree(const std::vector<std::string>& packages, const std::string& sha256_hex) const {
  LayerTree tree;
  for (const std::string& package : packages) MF_TRY_VOID(tree.Cover(DirectoryOf(package)));
  MF_TRY(TemporaryFolder temporary, TemporaryFolder::Make(folder_, kTemporaryPrefix));
  const std::string root = temporary.path() + "/root";
  MF_TRY_VOID(MakeFolder(temporary.path(), 0755));
  MF_TRY_VOID(MakeFolder(root, 0755));
  MF_TRY_VOID(tree.Write(root));
  return Settle(temporary, folder_, PathOf(sha256_hex));
}

Result<std::shared_ptr<const void>> CodeStore::PutFolder(const std::string& sha256_hex, const Filler& fill) {
  MF_ASSERT(IsSha256Hex(sha256_hex) && fill);
  if (auto pin = Pin(sha256_hex)) return pin;
  MF_TRY(TemporaryFolder temporary, TemporaryFolder::Make(folder_, kTemporaryPrefix));
  MF_TRY_VOID(MakeFolder(temporary.path(), 0755));
  MF_TRY_VOID(fill(temporary.path()));
  MF_TRY_VOID(Settle(temporary, folder_, PathOf(sha256_hex)));
  auto pin = Pin(sha256_hex);
  if (!pin) return Fail(Error::Fault("a folder of the code store was deleted while it was made", "try again"));
  return pin;
}

std::string CodeStore::FolderOf(std::string_view sha256_hex) const {
  return IsSha256Hex(sha256_hex) && Exists(PathOf(sha256_hex)) ? PathOf(sha256_hex) : std::string();
}

Result<uint64_t> CodeStore::UnpackedBytesOf(std::string_view sha256_hex) const {
  const std::string root = DirectoryOf(sha256_hex);
  if (root.empty()) return Fail(Error::Fault(fmt::format("the code package {} is not there", sha256_hex)));
  return FileBytesBelow(root);
}

std::string CodeStore::DirectoryOf(std::string_view sha256_hex) const {
  const std::string path = PathOf(sha256_hex) + "/root";
  return IsSha256Hex(sha256_hex) && Exists(path) ? path : std::string();
}

std::string CodeStore::ZipPathOf(std::string_view sha256_hex) const {
  const std::string path = PathOf(sha256_hex) + "/package.zip";
  return IsSha256Hex(sha256_hex) && Exists(path) ? path : std::string();
}

std::shared_ptr<const void> CodeStore::Pin(std::string_view sha256_hex) {
  const std::lock_guard lock(pins_->mutex);
  if (!IsSha256Hex(sha256_hex) || !Exists(PathOf(sha256_hex))) return nullptr;
  return Pins::Make(pins_, std::string(sha256_hex));
}

Result<std::vector<std::string>> CodeStore::List() const {
  MF_TRY(auto names, ListFolder(folder_));
  std::erase_if(names, [](const std::string& name) { return !IsSha256Hex(name); });
  return names;
}

Result<CodeStore::Deletion> CodeStore::Delete(std::string_view sha256_hex) {
  if (Pin(sha256_hex) == nullptr) return Deletion::NotThere;
  MF_TRY(const std::shared_ptr<const void> grave, Bury(sha256_hex));
  if (!grave) return Deletion::Pinned;
  MF_TRY_VOID(SyncDirectory(folder_));
  return Deletion::Done;
}

Result<std::shared_ptr<const void>> CodeStore::Bury(std::string_view sha256_hex) {
  if (!IsSha256Hex(sha256_hex)) return nullptr;
  MF_TRY(TemporaryFolder made, TemporaryFolder::Make(folder_, kDeletedPrefix));
  auto grave = std::make_shared<TemporaryFolder>(std::move(made));
  const std::lock_guard lock(pins_->mutex);
  if (pins_->counts.contains(std::string(sha256_hex))) return nullptr;
  if (::rename(PathOf(sha256_hex).c_str(), (grave->path() + "/package").c_str()) == 0) return std::shared_ptr<const void>(std::move(grave));
  if (errno == ENOENT) return nullptr;
  return Fail(Error::FromErrno("rename " + PathOf(sha256_hex), errno));
}

}  // namespace mayfly::packages
