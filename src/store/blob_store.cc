// Layout: DIR/ab/<64 hex digits> for digest ab…, DIR/tmp/<random> for files that are being written.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/encoding.h"
#include "base/files.h"
#include "base/log.h"
#include "base/random.h"
#include "store/directory.h"
#include "store/store.h"

namespace mayfly::store {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kBlobMode = 0400;

Result<> MakeDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
  return Fail(Error::FromErrno("mkdir " + path, errno));
}

Result<> WriteAndSync(int fd, std::string_view bytes, const std::string& path) {
  MF_TRY_VOID(WriteAll(fd, bytes, path));
  if (::fsync(fd) != 0) return Fail(Error::FromErrno("fsync " + path, errno));
  return {};
}

Result<> WriteAndRename(const std::string& temporary, const std::string& path, std::string_view bytes) {
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kBlobMode));
  if (!fd) return Fail(Error::FromErrno("open " + temporary, errno));
  auto written = WriteAndSync(fd.get(), bytes, temporary);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = Fail(Error::FromErrno("rename " + temporary, errno));
  }
  if (!written) {
    ::unlink(temporary.c_str());
    if (written.error().code == "ENOSPC") {
      written.error().hint = "free space on the file system of the data directory";
      written.error().retryable = true;
    }
  }
  return written;
}

bool IsWholeFile(const std::string& path, size_t size) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && static_cast<size_t>(status.st_size) == size;
}

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::optional<Sha256Digest> DigestOf(std::string_view name) {
  const auto bytes = name.size() == 64 ? HexDecode(name) : std::nullopt;
  Sha256Digest digest;
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

}  // namespace

Result<std::unique_ptr<BlobStore>> BlobStore::Open(std::string directory) {
  MF_TRY_VOID(MakeDirectory(directory));
  MF_TRY_VOID(MakeDirectory(directory + "/tmp"));
  MF_TRY(const auto left_behind, NamesIn(directory + "/tmp"));
  for (const std::string& name : left_behind) {
    const std::string path = directory + "/tmp/" + name;
    if (::unlink(path.c_str()) != 0) log::Warning("blobs: {}", Error::FromErrno("remove " + path, errno).message);
  }
  MF_TRY_VOID(SyncDirectory(directory));
  return std::unique_ptr<BlobStore>(new BlobStore(std::move(directory)));
}

std::string BlobStore::PathOf(const Sha256Digest& digest) const {
  const std::string name = HexEncode(AsView(digest));
  return directory_ + '/' + name.substr(0, 2) + '/' + name;
}

// Two threads may write one blob at the same time: the second rename replaces equal bytes by equal bytes.
Result<Sha256Digest> BlobStore::Put(std::string_view bytes) {
  const Sha256Digest digest = Sha256(bytes);
  const std::string path = PathOf(digest);
  if (!IsWholeFile(path, bytes.size())) {
    MF_TRY_VOID(MakeDirectory(ParentOf(path)));
    MF_TRY_VOID(SyncDirectory(directory_));
    const std::string temporary = directory_ + "/tmp/" + SystemRandom().Hex(16);
    MF_TRY_VOID(WriteAndRename(temporary, path, bytes));
  }
  // Also when it exists: the thread that made it may not have come to this line yet.
  MF_TRY_VOID(SyncDirectory(ParentOf(path)));
  return digest;
}

Result<UniqueFd> BlobStore::Open(const Sha256Digest& digest) const {
  const std::string path = PathOf(digest);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return Fail(Error::FromErrno("open blob " + path, errno));
  return fd;
}

Result<std::string> BlobStore::Read(const Sha256Digest& digest) const { return ReadFile(PathOf(digest)); }

Result<> BlobStore::Delete(const Sha256Digest& digest) {
  const std::string path = PathOf(digest);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Fail(Error::FromErrno("remove blob " + path, errno));
  return {};
}

Result<std::vector<Sha256Digest>> BlobStore::List() const {
  MF_TRY(const auto shards, NamesIn(directory_));
  std::vector<Sha256Digest> digests;
  for (const std::string& shard : shards) {
    if (shard.size() != 2) continue;
    MF_TRY(const auto names, NamesIn(directory_ + '/' + shard));
    for (const std::string& name : names) {
      if (const auto digest = DigestOf(name)) digests.push_back(*digest);
    }
  }
  return digests;
}

}  // namespace mayfly::store
