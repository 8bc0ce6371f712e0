#include "images/image_layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "images/image_error.h"

namespace mayfly::images {
namespace {

using Kind = LayerEntry::Kind;

constexpr size_t kPathBytesMax = 4096;
constexpr uint64_t kHeaderBytesMax = 2ull << 30;  // headers and padding of a tar file
constexpr std::string_view kWhiteoutPrefix = ".wh.";
constexpr std::string_view kOpaqueName = ".wh..wh..opq";

std::string_view TextOr(const char* utf8, const char* bytes) { return utf8 ? utf8 : bytes ? bytes : ""; }

class Unpacking {
 public:
  Unpacking(const std::string& folder, const LayerLimits& limits) : folder_(folder), limits_(limits) {}
  Result<> Run(ArchiveReader& reader);
  Layer Take() { return std::move(layer_); }

 private:
  Result<> Add(archive* reader, archive_entry* entry);
  Result<> AddFile(archive* reader, archive_entry* entry, LayerEntry made);
  Result<> Append(LayerEntry entry);

  const std::string& folder_;
  const LayerLimits& limits_;
  ArchiveReader* reader_ = nullptr;
  UniqueFd directory_;
  uint64_t next_file_ = 0;
  Layer layer_;
};

Result<> Unpacking::Run(ArchiveReader& reader) {
  reader_ = &reader;
  directory_.Reset(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) return Fail(Error::FromErrno("open " + folder_, errno));
  for (;;) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) return {};
    if (status == ARCHIVE_RETRY) continue;
    if (status < ARCHIVE_WARN) return Fail(reader.Failure());
    MF_TRY_VOID(Add(reader.get(), entry));
  }
}

Result<> Unpacking::Append(LayerEntry entry) {
  if (layer_.entries.size() >= limits_.entries_max) return Fail(Invalid(fmt::format("more than {} entries", limits_.entries_max)));
  layer_.entries.push_back(std::move(entry));
  return {};
}

Result<> Unpacking::Add(archive* reader, archive_entry* entry) {
  LayerEntry made;
  MF_TRY(made.path, CleanLayerPath(TextOr(archive_entry_pathname_utf8(entry), archive_entry_pathname(entry))));
  made.mode = static_cast<unsigned>(archive_entry_perm(entry)) & 0777;
  const size_t slash = made.path.rfind('/');
  const std::string_view name = std::string_view(made.path).substr(slash == std::string::npos ? 0 : slash + 1);
  if (name.starts_with(kWhiteoutPrefix)) {
    const bool opaque = name == kOpaqueName;
    if (!opaque && name.starts_with(".wh..wh.")) return {};  // bookkeeping of AUFS
    std::string hidden(name.substr(kWhiteoutPrefix.size()));
    made.kind = opaque ? Kind::Opaque : Kind::Whiteout;
    made.path = made.path.substr(0, slash == std::string::npos ? 0 : slash);
    if (!opaque) {
      if (hidden.empty()) return Fail(Invalid("a whiteout of nothing"));
      made.path += made.path.empty() ? hidden : '/' + hidden;
    }
    made.mode = 0;
    return Append(std::move(made));
  }
  if (archive_entry_hardlink_utf8(entry) || archive_entry_hardlink(entry)) {
    made.kind = Kind::HardLink;
    MF_TRY(made.target, CleanLayerPath(TextOr(archive_entry_hardlink_utf8(entry), archive_entry_hardlink(entry))));
    return Append(std::move(made));
  }
  switch (archive_entry_filetype(entry)) {
    case AE_IFDIR: made.kind = Kind::Directory; return Append(std::move(made));
    case AE_IFLNK:
      made.kind = Kind::Symlink;
      made.target = TextOr(archive_entry_symlink_utf8(entry), archive_entry_symlink(entry));
      if (made.target.empty() || made.target.size() >= kPathBytesMax) return Fail(Invalid("a symbolic link to nowhere, or too long"));
      return Append(std::move(made));
    case AE_IFREG: return AddFile(reader, entry, std::move(made));
    default: return {};  // devices, pipes and sockets
  }
}

Result<> Unpacking::AddFile(archive* reader, archive_entry* entry, LayerEntry made) {
  const int64_t size = archive_entry_size(entry);
  if (size < 0 || static_cast<uint64_t>(size) > limits_.bytes_max - layer_.bytes) return Fail(Invalid("larger than an image may be"));
  made.file = next_file_++;
  const std::string number = std::to_string(made.file);
  const UniqueFd file(::openat(directory_.get(), number.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return Fail(Error::FromErrno("make a file of a layer", errno));
  for (;;) {
    const void* bytes = nullptr;
    size_t count = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(reader, &bytes, &count, &offset);
    if (status == ARCHIVE_EOF) break;
    if (status < ARCHIVE_WARN) return Fail(reader_->Failure());
    if (offset < 0 || offset > size || count > static_cast<uint64_t>(size - offset)) return Fail(Invalid("a file that is longer than its header says"));
    for (size_t done = 0; done < count;) {
      const ssize_t written = ::pwrite(file.get(), static_cast<const char*>(bytes) + done, count - done, offset + static_cast<off_t>(done));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return Fail(Error::FromErrno("write a file of a layer", errno));
      done += static_cast<size_t>(written);
    }
  }
  // Holes at the end of a sparse file.
  if (::ftruncate(file.get(), size) != 0 || ::fchmod(file.get(), made.mode) != 0) return Fail(Error::FromErrno("write a file of a layer", errno));
  // Python compares the time of a module with what its compiled form says.
  const timespec time{archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
  const timespec times[2] = {time, time};
  ::futimens(file.get(), times);
  layer_.bytes += static_cast<uint64_t>(size);
  return Append(std::move(made));
}

}  // namespace

Result<std::string> CleanLayerPath(std::string_view path) {
  if (path.size() >= kPathBytesMax) return Fail(Invalid("a path that is too long"));
  if (path.find('\0') != std::string_view::npos) return Fail(Invalid("a path with a NUL"));
  std::string clean;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == ".." || part.size() > 255) return Fail(Invalid("a path with '..', or with a name that is too long"));
    if (!clean.empty()) clean += '/';
    clean += part;
  }
  return clean;
}

Result<Layer> UnpackLayer(ByteSource& source, const std::string& folder, const LayerLimits& limits) {
  MF_TRY(const std::unique_ptr<UnpackedBytes> unpacked, UnpackedBytes::Open(source));
  HashedBytes tar(*unpacked, limits.bytes_max + kHeaderBytesMax);
  Unpacking unpacking(folder, limits);
  {
    MF_TRY(const std::unique_ptr<ArchiveReader> reader, ArchiveReader::Open(tar, ArchiveReader::Format::Tar));
    MF_TRY_VOID(unpacking.Run(*reader));
  }
  Layer layer = unpacking.Take();
  MF_TRY(layer.diff_id, tar.FinishDigest());
  return layer;
}

// Bytes of all files NUL, then for each entry: KIND MODE FILE NUL path NUL target NUL.
std::string WriteLayer(const Layer& layer) {
  std::string text = std::to_string(layer.bytes) + '\0';
  for (const LayerEntry& entry : layer.entries) {
    text += fmt::format("{} {:o} {}", static_cast<char>(entry.kind), entry.mode, entry.file);
    for (const std::string* part : {&entry.path, &entry.target}) text.append(1, '\0').append(*part);
    text += '\0';
  }
  return text;
}

Result<Layer> ReadLayer(std::string_view text) {
  Layer layer;
  const auto next = [&text](std::string_view& part) {
    const size_t end = text.find('\0');
    if (end == std::string_view::npos) return false;
    part = text.substr(0, end);
    text.remove_prefix(end + 1);
    return true;
  };
  std::string_view bytes;
  if (!next(bytes) || std::from_chars(bytes.data(), bytes.data() + bytes.size(), layer.bytes).ec != std::errc()) {
    return Fail(Error::Fault("the list of a layer is damaged"));
  }
  while (!text.empty()) {
    std::string_view head, path, target;
    if (!next(head) || !next(path) || !next(target)) return Fail(Error::Fault("the list of a layer ends early"));
    LayerEntry entry{.path = std::string(path), .target = std::string(target)};
    const char* end = head.data() + head.size();
    if (head.size() < 5 || std::string_view("dflhwo").find(head[0]) == std::string_view::npos || head[1] != ' ') {
      return Fail(Error::Fault("the list of a layer is damaged"));
    }
    entry.kind = static_cast<Kind>(head[0]);
    const auto mode = std::from_chars(head.data() + 2, end, entry.mode, 8);
    if (mode.ec != std::errc() || mode.ptr == end || *mode.ptr != ' ' || entry.mode > 0777) return Fail(Error::Fault("the list of a layer is damaged"));
    const auto file = std::from_chars(mode.ptr + 1, end, entry.file);
    if (file.ec != std::errc() || file.ptr != end) return Fail(Error::Fault("the list of a layer is damaged"));
    layer.entries.push_back(std::move(entry));
  }
  return layer;
}

}  // namespace mayfly::images
