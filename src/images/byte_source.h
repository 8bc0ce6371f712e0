// Bytes that come in pieces, blocking: a file, a member of an archive, what a decompressor makes of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/hash.h"
#include "base/result.h"

struct archive;

namespace mayfly::images {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next piece, good until the next call; empty at the end.
  virtual Result<std::string_view> Read() = 0;
};

// A file from its present position to its end.
class FileBytes final : public ByteSource {
 public:
  explicit FileBytes(UniqueFd file) : file_(std::move(file)), buffer_(kPieceBytes, '\0') {}
  Result<std::string_view> Read() override;

 private:
  static constexpr size_t kPieceBytes = 256 << 10;
  UniqueFd file_;
  std::string buffer_;
};

// Passes on what `source` gives, counts and hashes it. Error: kInvalid past `bytes_max`.
class HashedBytes final : public ByteSource {
 public:
  HashedBytes(ByteSource& source, uint64_t bytes_max) : source_(&source), bytes_max_(bytes_max) {}
  Result<std::string_view> Read() override;
  // Reads what is left, then tells the digest of everything: sha256:…
  Result<std::string> FinishDigest();
  uint64_t bytes() const { return bytes_; }

 private:
  ByteSource* source_;
  uint64_t bytes_max_;
  uint64_t bytes_ = 0;
  Sha256Stream hash_;
};

// A libarchive reader over a source. What the source fails with is kept: libarchive would make it a text.
class ArchiveReader {
 public:
  enum class Format : unsigned char { Tar, Compressed };
  // Tar: a tar file, not compressed. Compressed: gzip, zstd or neither, as one member without a name. Error: Fault.
  static Result<std::unique_ptr<ArchiveReader>> Open(ByteSource& source, Format format);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  archive* get() const { return archive_; }
  // Why a call of libarchive failed: the source's error, or kInvalid with libarchive's text.
  Error Failure() const;

 private:
  ArchiveReader(ByteSource& source, archive* reader) : source_(&source), archive_(reader) {}
  ByteSource* source_;
  archive* archive_;
  std::unique_ptr<Error> source_error_;
};

// What gzip or zstd packed; anything else comes as it is.
class UnpackedBytes final : public ByteSource {
 public:
  static Result<std::unique_ptr<UnpackedBytes>> Open(ByteSource& source);
  Result<std::string_view> Read() override;

 private:
  explicit UnpackedBytes(std::unique_ptr<ArchiveReader> reader, bool empty) : reader_(std::move(reader)), ended_(empty), buffer_(kPieceBytes, '\0') {}
  static constexpr size_t kPieceBytes = 256 << 10;
  std::unique_ptr<ArchiveReader> reader_;
  bool ended_;
  std::string buffer_;
};

// The bytes of one member of a tar file (which may be compressed). `name` as it stands there; "./" before it does not count.
// Error: kMissing.
Result<std::unique_ptr<ByteSource>> OpenMember(UniqueFd file, const std::string& name);

// All of a source. Error: kInvalid past `bytes_max`.
Result<std::string> ReadAll(ByteSource& source, size_t bytes_max);

}  // namespace mayfly::images
