// DataFiles: the bytes of objects and parts, each run of them a file DATA/s3/XX/ID that is written once.
//
// A file belongs to somebody as soon as a row of the store says so (ObjectStore); one of which none does is an orphan: the daemon was killed
// between the two, and the next start removes it. Whoever reads a file goes on doing so when it is removed.
// Little runs of bytes (kInlineBytesMax) are no files but rows: many of them share the store's fsync.
//
// One per daemon, on its strand; all that touches the disk happens on a pool of its own, but for reads of what the page cache has.
// Bounds: a writer holds kWriteBytes, a reader kReadBytes. `free_bytes_min` is left free on the disk: beyond it writers fail with
// InsufficientStorage.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/blocking_pool.h"
#include "base/fd.h"
#include "base/random.h"
#include "net/http_message.h"
#include "services/s3/checksums.h"

namespace mayfly::s3 {

inline constexpr size_t kInlineBytesMax = 16 * 1024;
inline constexpr size_t kWriteBytes = 512 * 1024;
inline constexpr size_t kReadBytes = 256 * 1024;

class DataFiles {
 public:
  // `folder` is made when it is missing.
  static Result<std::unique_ptr<DataFiles>> Open(std::string folder, Random& random, uint64_t free_bytes_min);

  // Of a file that is made in this run of the daemon, as IsOfThisRun knows it.
  std::string NewId() { return random_->Hex(16) + run_; }
  bool IsOfThisRun(std::string_view id) const { return id.ends_with(run_); }
  std::string PathOf(const std::string& id) const { return folder_ + '/' + id.substr(0, 2) + '/' + id; }
  BlockingPool& pool() { return pool_; }
  uint64_t free_bytes_min() const { return free_bytes_min_; }
  // In the background. Not an error: it is not there.
  void Remove(std::vector<std::string> ids);
  // The names of all files, in order. Blocks: for the pool.
  std::vector<std::string> List() const;
  // Removes all (POST /_mayfly/reset).
  Task<Result<>> Clear(Loop& loop);

 private:
  DataFiles(std::string folder, Random& random, uint64_t free_bytes_min) : folder_(std::move(folder)), random_(&random), run_(random.Hex(4)), free_bytes_min_(free_bytes_min) {}

  std::string folder_;
  Random* random_;
  const std::string run_;
  uint64_t free_bytes_min_;
  BlockingPool pool_{"mayfly-s3", 4};
};

// What a writer has taken in.
struct StoredData {
  std::string id;
  bool is_inline = false;
  std::string bytes;  // when inline
  int64_t size = 0;
  std::string md5;       // 16 bytes
  std::string checksum;  // of the kind that was asked for
};

// Takes in one run of bytes. A file that was not given away by Keep goes with the writer.
class DataWriter {
 public:
  // `files` outlives this.
  DataWriter(DataFiles& files, ChecksumKind kind);
  ~DataWriter();
  DataWriter(const DataWriter&) = delete;
  DataWriter& operator=(const DataWriter&) = delete;

  // Errors: InsufficientStorage; a fault of the disk.
  Task<Result<>> Write(Context& ctx, std::string_view piece);
  // A file is durable then, with its name.
  Task<Result<StoredData>> Finish(Context& ctx);
  // The file belongs to a row now.
  void Keep();
  int64_t size() const { return size_; }

 private:
  struct Work;
  Task<Result<>> Flush(Context& ctx);

  DataFiles* files_;
  std::shared_ptr<Work> work_;  // shared with the pool
  std::string buffer_;
  int64_t size_ = 0;
  bool has_file_ = false;
};

// A run of bytes that is read: a part of a file, or bytes that are here.
struct DataSlice {
  std::string id;
  bool is_inline = false;
  int64_t offset = 0;
  int64_t size = 0;
  std::string bytes;  // when inline: all of them, from `offset` on
};

// Reads slices one after the other. The first file has been opened when this is there (Open), so that what was removed meanwhile is noticed
// before an answer has begun.
class DataReader final : public http::BodyReader {
 public:
  // Error: Fault "ENOENT" for a file that has gone.
  static Task<Result<std::unique_ptr<DataReader>>> Open(Context& ctx, DataFiles& files, std::vector<DataSlice> slices);

  Task<Result<std::string>> Read(Context& ctx) override;
  const http::Headers& trailers() const override { return none_; }

 private:
  DataReader(DataFiles& files, std::vector<DataSlice> slices) : files_(&files), slices_(std::move(slices)) {}
  Task<Result<>> OpenFile(Context& ctx);

  DataFiles* files_;
  std::vector<DataSlice> slices_;
  size_t at_ = 0;  // the slice
  std::shared_ptr<UniqueFd> file_;
  http::Headers none_;
};

}  // namespace mayfly::s3
