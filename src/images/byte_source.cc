#include "images/byte_source.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/encoding.h"
#include "images/image_error.h"

namespace mayfly::images {
namespace {

// A member of an archive, with what it is read from.
class MemberBytes final : public ByteSource {
 public:
  explicit MemberBytes(UniqueFd file) : file_(std::move(file)) {}
  Result<> Open(const std::string& name) {
    MF_TRY(unpacked_, UnpackedBytes::Open(file_));
    MF_TRY(reader_, ArchiveReader::Open(*unpacked_, ArchiveReader::Format::Tar));
    for (;;) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(reader_->get(), &entry);
      if (status == ARCHIVE_EOF) return Fail(ImageError(kMissing, "the archive has no " + name));
      if (status < ARCHIVE_WARN) return Fail(reader_->Failure());
      std::string_view found = archive_entry_pathname(entry) ? archive_entry_pathname(entry) : "";
      if (found.starts_with("./")) found.remove_prefix(2);
      if (found == name && archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry)) return {};
    }
  }
  Result<std::string_view> Read() override {
    buffer_.resize(256 << 10);
    const la_ssize_t size = archive_read_data(reader_->get(), buffer_.data(), buffer_.size());
    if (size < 0) return Fail(reader_->Failure());
    return std::string_view(buffer_).substr(0, static_cast<size_t>(size));
  }

 private:
  FileBytes file_;
  std::unique_ptr<UnpackedBytes> unpacked_;
  std::unique_ptr<ArchiveReader> reader_;
  std::string buffer_;
};

}  // namespace

Result<std::string_view> FileBytes::Read() {
  ssize_t size = 0;
  do size = ::read(file_.get(), buffer_.data(), buffer_.size());
  while (size < 0 && errno == EINTR);
  if (size < 0) return Fail(Error::FromErrno("read an image", errno));
  return std::string_view(buffer_).substr(0, static_cast<size_t>(size));
}

Result<std::string_view> HashedBytes::Read() {
  MF_TRY(const std::string_view piece, source_->Read());
  bytes_ += piece.size();
  if (bytes_ > bytes_max_) return Fail(Invalid(fmt::format("more than {} bytes", bytes_max_)));
  hash_.Update(piece);
  return piece;
}

Result<std::string> HashedBytes::FinishDigest() {
  for (;;) {
    MF_TRY(const std::string_view piece, Read());
    if (piece.empty()) break;
  }
  return "sha256:" + HexEncode(AsView(hash_.Finish()));
}

Result<std::unique_ptr<ArchiveReader>> ArchiveReader::Open(ByteSource& source, Format format) {
  archive* reader = archive_read_new();
  if (!reader) return Fail(Error::Fault("libarchive has no memory"));
  std::unique_ptr<ArchiveReader> made(new ArchiveReader(source, reader));
  archive_read_support_format_empty(reader);
  if (format == Format::Tar) {
    archive_read_support_format_tar(reader);
    archive_read_set_format_option(reader, "tar", "hdrcharset", "UTF-8");
  } else {
    archive_read_support_format_raw(reader);
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_zstd(reader);
  }
  const auto read = [](archive* reading, void* self_pointer, const void** bytes) -> la_ssize_t {
    auto* self = static_cast<ArchiveReader*>(self_pointer);
    auto piece = self->source_->Read();
    if (!piece) {
      self->source_error_ = std::make_unique<Error>(std::move(piece).error());
      archive_set_error(reading, EIO, "the source failed");
      return ARCHIVE_FATAL;
    }
    *bytes = piece->data();
    return static_cast<la_ssize_t>(piece->size());
  };
  if (archive_read_open(reader, made.get(), nullptr, read, nullptr) != ARCHIVE_OK) return Fail(made->Failure());
  return made;
}

ArchiveReader::~ArchiveReader() { archive_read_free(archive_); }

Error ArchiveReader::Failure() const {
  if (source_error_) return *source_error_;
  const char* text = archive_error_string(archive_);
  return Invalid(text ? text : "not readable as an archive");
}

Result<std::unique_ptr<UnpackedBytes>> UnpackedBytes::Open(ByteSource& source) {
  MF_TRY(std::unique_ptr<ArchiveReader> reader, ArchiveReader::Open(source, ArchiveReader::Format::Compressed));
  archive_entry* entry = nullptr;
  const int status = archive_read_next_header(reader->get(), &entry);
  if (status != ARCHIVE_EOF && status < ARCHIVE_WARN) return Fail(reader->Failure());
  return std::unique_ptr<UnpackedBytes>(new UnpackedBytes(std::move(reader), status == ARCHIVE_EOF));
}

Result<std::string_view> UnpackedBytes::Read() {
  if (ended_) return std::string_view();
  const la_ssize_t size = archive_read_data(reader_->get(), buffer_.data(), buffer_.size());
  if (size < 0) return Fail(reader_->Failure());
  ended_ = size == 0;
  return std::string_view(buffer_).substr(0, static_cast<size_t>(size));
}

Result<std::unique_ptr<ByteSource>> OpenMember(UniqueFd file, const std::string& name) {
  auto member = std::make_unique<MemberBytes>(std::move(file));
  MF_TRY_VOID(member->Open(name));
  return std::unique_ptr<ByteSource>(std::move(member));
}

Result<std::string> ReadAll(ByteSource& source, size_t bytes_max) {
  std::string all;
  for (;;) {
    MF_TRY(const std::string_view piece, source.Read());
    if (piece.empty()) return all;
    if (all.size() + piece.size() > bytes_max) return Fail(Invalid(fmt::format("more than {} bytes", bytes_max)));
    all += piece;
  }
}

}  // namespace mayfly::images
