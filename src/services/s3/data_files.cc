#include "services/s3/data_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/files.h"
#include "base/log.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

Error NoRoom() {
  return Error::Service("InsufficientStorage", "There is not enough room on the disk of this daemon: remove objects, or give it more");
}

Error DiskError(const std::string& what, int error_number) {
  return error_number == ENOSPC || error_number == EDQUOT ? NoRoom() : Error::FromErrno(what, error_number);
}

// Makes the folder, and what leads to it, durable.
Result<> MakeFolder(const std::string& path, const std::string& parent) {
  if (::mkdir(path.c_str(), 0700) == 0) return SyncDirectory(parent);
  if (errno == EEXIST) return {};
  return Fail(Error::FromErrno("make " + path, errno));
}

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

Result<std::unique_ptr<DataFiles>> DataFiles::Open(std::string folder, Random& random, uint64_t free_bytes_min) {
  MF_TRY_VOID(MakeFolder(folder, FolderOf(folder)));
  return std::unique_ptr<DataFiles>(new DataFiles(std::move(folder), random, free_bytes_min));
}

void DataFiles::Remove(std::vector<std::string> ids) {
  if (ids.empty()) return;
  for (std::string& id : ids) id = PathOf(id);
  pool_.Submit([paths = std::move(ids)] {
    for (const std::string& path : paths) {
      if (::unlink(path.c_str()) != 0 && errno != ENOENT) log::Warning("remove {}: errno {}", path, errno);
    }
  });
}

std::vector<std::string> DataFiles::List() const {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& folder : std::filesystem::directory_iterator(folder_, ignored)) {
    for (const auto& file : std::filesystem::directory_iterator(folder, ignored)) names.push_back(file.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

Task<Result<>> DataFiles::Clear(Loop& loop) {
  co_return co_await pool_.Run(loop, [this]() -> Result<> {
    for (const std::string& id : List()) ::unlink(PathOf(id).c_str());
    return {};
  });
}

// What the pool works on; one call at a time.
struct DataWriter::Work {
  Work(std::string id, std::string path, uint64_t free_bytes_min, ChecksumKind kind)
      : id(std::move(id)), path(std::move(path)), free_bytes_min(free_bytes_min), checksum(kind) {}
  ~Work() {
    if (is_orphan && is_made) ::unlink(path.c_str());
  }

  void Hash(std::string_view bytes) {
    md5.Update(bytes);
    checksum.Update(bytes);
  }
  Result<> Open();
  Result<> Write(std::string_view bytes);
  Result<> Sync();

  std::string id;
  std::string path;
  uint64_t free_bytes_min;
  UniqueFd file;
  bool is_made = false;
  bool is_orphan = true;  // no row will name the file
  DigestStream md5{DigestKind::Md5};
  ChecksumStream checksum;
};

Result<> DataWriter::Work::Open() {
  const std::string folder = FolderOf(path);
  MF_TRY_VOID(MakeFolder(folder, FolderOf(folder)));
  file.Reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return Fail(DiskError("make " + path, errno));
  is_made = true;
  return {};
}

Result<> DataWriter::Work::Write(std::string_view bytes) {
  if (!file) MF_TRY_VOID(Open());
  struct statvfs disk{};
  if (::fstatvfs(file.get(), &disk) == 0 && disk.f_bavail * disk.f_frsize < free_bytes_min + bytes.size()) return Fail(NoRoom());
  Hash(bytes);
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(DiskError("write " + path, errno));
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Result<> DataWriter::Work::Sync() {
  if (::fdatasync(file.get()) != 0) return Fail(DiskError("sync " + path, errno));
  file.Reset();
  return SyncDirectory(FolderOf(path));
}

DataWriter::DataWriter(DataFiles& files, ChecksumKind kind) : files_(&files) {
  const std::string id = files.NewId();
  work_ = std::make_shared<Work>(id, files.PathOf(id), files.free_bytes_min(), kind);
}

// Behind a write that may still be on its way: whoever holds the work last removes the file, which is the pool.
DataWriter::~DataWriter() {
  if (has_file_ && work_->is_orphan) files_->pool().Submit([work = std::move(work_)] {});
}

void DataWriter::Keep() { work_->is_orphan = false; }

Task<Result<>> DataWriter::Write(Context& ctx, std::string_view piece) {
  size_ += static_cast<int64_t>(piece.size());
  while (!piece.empty()) {
    const size_t taken = std::min(piece.size(), kWriteBytes - buffer_.size());
    buffer_.append(piece.substr(0, taken));
    piece.remove_prefix(taken);
    if (buffer_.size() == kWriteBytes) MF_CO_TRY_VOID(co_await Flush(ctx));
  }
  co_return Result<>();
}

Task<Result<>> DataWriter::Flush(Context& ctx) {
  has_file_ = true;
  auto bytes = std::make_shared<std::string>(std::move(buffer_));
  buffer_.clear();
  auto written = co_await files_->pool().Run(*ctx.loop, [work = work_, bytes] { return work->Write(*bytes); });
  buffer_ = std::move(*bytes);  // its memory
  buffer_.clear();
  co_return written;
}

Task<Result<StoredData>> DataWriter::Finish(Context& ctx) {
  StoredData data{.id = work_->id, .size = size_};
  if (!has_file_ && buffer_.size() <= kInlineBytesMax) {
    work_->Hash(buffer_);
    data.is_inline = true;
    data.bytes = std::move(buffer_);
  } else {
    has_file_ = true;
    auto bytes = std::make_shared<std::string>(std::move(buffer_));
    MF_CO_TRY_VOID(co_await files_->pool().Run(*ctx.loop, [work = work_, bytes]() -> Result<> {
      MF_TRY_VOID(work->Write(*bytes));
      return work->Sync();
    }));
  }
  data.md5 = work_->md5.Finish();
  data.checksum = work_->checksum.Finish();
  co_return data;
}

Task<Result<std::unique_ptr<DataReader>>> DataReader::Open(Context& ctx, DataFiles& files, std::vector<DataSlice> slices) {
  std::erase_if(slices, [](const DataSlice& slice) { return slice.size == 0; });
  std::unique_ptr<DataReader> reader(new DataReader(files, std::move(slices)));
  if (!reader->slices_.empty() && !reader->slices_.front().is_inline) MF_CO_TRY_VOID(co_await reader->OpenFile(ctx));
  co_return reader;
}

Task<Result<>> DataReader::OpenFile(Context& ctx) {
  const std::string path = files_->PathOf(slices_[at_].id);
  auto opened = co_await files_->pool().Run(*ctx.loop, [path]() -> Result<std::shared_ptr<UniqueFd>> {
    auto file = std::make_shared<UniqueFd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!*file) return Fail(Error::FromErrno("open " + path, errno));
    return file;
  });
  if (!opened) co_return Fail(std::move(opened).error());
  file_ = std::move(*opened);
  co_return Result<>();
}

namespace {

// `flags`: RWF_NOWAIT gives only what is in memory. Error: EAGAIN where nothing is.
Result<std::string> ReadAt(int file, int64_t offset, size_t size, int flags) {
  std::string bytes(size, '\0');
  iovec part{bytes.data(), bytes.size()};
  ssize_t count = 0;
  do {
    count = ::preadv2(file, &part, 1, offset, flags);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return Fail(Error::FromErrno("read data of an object", errno));
  if (count == 0) return Fail(Error::Fault("a file of an object is shorter than its row says"));
  bytes.resize(static_cast<size_t>(count));
  return bytes;
}

}  // namespace

Task<Result<std::string>> DataReader::Read(Context& ctx) {
  if (at_ == slices_.size()) co_return std::string();
  DataSlice& slice = slices_[at_];
  if (slice.is_inline) {
    std::string bytes = std::move(slice.bytes);
    bytes.resize(std::min(bytes.size(), static_cast<size_t>(slice.size)));
    ++at_;
    co_return bytes;
  }
  if (!file_) MF_CO_TRY_VOID(co_await OpenFile(ctx));
  const size_t wanted = std::min(kReadBytes, static_cast<size_t>(slice.size));
  auto piece = ReadAt(file_->get(), slice.offset, wanted, RWF_NOWAIT);
  if (!piece) {
    const int64_t offset = slice.offset;
    piece = co_await files_->pool().Run(*ctx.loop, [file = file_, offset, wanted] { return ReadAt(file->get(), offset, wanted, 0); });
  }
  if (!piece) co_return Fail(std::move(piece).error());
  slice.offset += static_cast<int64_t>(piece->size());
  slice.size -= static_cast<int64_t>(piece->size());
  if (slice.size == 0) {
    file_.reset();
    ++at_;
  }
  co_return std::move(*piece);
}

}  // namespace mayfly::s3
