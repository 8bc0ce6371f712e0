#include "store/log_segment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "store/checksum.h"

namespace mayfly::store {
namespace {

constexpr uint32_t kSegmentMagic = 0x534c464d;  // "MFLS"
constexpr uint16_t kVersion = 1;
constexpr size_t kFixedHeaderBytes = 12;
constexpr size_t kWindowBytes = 64u << 10;

Error Damaged(const std::string& what) {
  Error error = Error::Fault(what);
  error.code = "EBADMSG";
  return error;
}

// Up to `size` bytes at `offset`; fewer only at the end of the file.
Result<std::string> ReadAt(int fd, uint64_t offset, size_t size) {
  MF_ASSERT(fd >= 0);
  std::string bytes;
  bytes.resize(size);
  size_t done = 0;
  while (done < size) {
    const ssize_t count = ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("read a log segment", errno));
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

Result<> WriteAt(int fd, uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("write a log segment", errno));
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  return {};
}

}  // namespace

std::string SegmentHeader(std::string_view group) {
  MF_ASSERT(group.size() <= kGroupNameMax);
  const auto length = static_cast<uint16_t>(group.size());
  std::string rest(reinterpret_cast<const char*>(&kVersion), sizeof kVersion);
  rest.append(reinterpret_cast<const char*>(&length), sizeof length);
  rest += group;
  const uint32_t checksum = Crc32c(rest);
  std::string header(reinterpret_cast<const char*>(&kSegmentMagic), sizeof kSegmentMagic);
  header.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  header += rest;
  MF_ASSERT(header.size() == kFixedHeaderBytes + group.size());
  return header;
}

Result<> WriteToSegment(const std::string& path, uint64_t offset, std::string_view bytes) {
  const int create = offset == 0 ? O_CREAT | O_EXCL : 0;
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | create, 0600));
  if (!file) return Fail(Error::FromErrno("open " + path, errno));
  auto written = WriteAt(file.get(), offset, bytes);
  if (!written) (void)!::ftruncate(file.get(), static_cast<off_t>(offset));
  return written;
}

Result<> SyncSegment(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return Fail(Error::FromErrno("open " + path, errno));
  if (::fdatasync(file.get()) != 0) return Fail(Error::FromErrno("fdatasync " + path, errno));
  return {};
}

Result<> CutSegment(const std::string& path, uint64_t bytes) {
  if (::truncate(path.c_str(), static_cast<off_t>(bytes)) != 0) return Fail(Error::FromErrno("cut " + path, errno));
  return {};
}

Result<SegmentReader> SegmentReader::Open(const std::string& path, uint64_t bytes) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return Fail(Error::FromErrno("open " + path, errno));
  SegmentReader reader(std::move(file), bytes);
  MF_TRY_VOID(reader.ReadHeader());
  return reader;
}

Result<> SegmentReader::ReadHeader() {
  MF_TRY(std::string_view header, Peek(0, kFixedHeaderBytes + kGroupNameMax));
  if (header.size() < kFixedHeaderBytes) return Fail(Damaged("a log segment ends inside its header"));
  uint32_t magic, checksum;
  uint16_t version, length;
  std::memcpy(&magic, header.data(), sizeof magic);
  std::memcpy(&checksum, header.data() + 4, sizeof checksum);
  std::memcpy(&version, header.data() + 8, sizeof version);
  std::memcpy(&length, header.data() + 10, sizeof length);
  const bool whole = magic == kSegmentMagic && version == kVersion && header.size() - kFixedHeaderBytes >= length &&
                     Crc32c(header.substr(8, 4 + size_t{length})) == checksum;
  if (!whole) return Fail(Damaged("the header of a log segment is damaged"));
  group_ = header.substr(kFixedHeaderBytes, length);
  position_ = kFixedHeaderBytes + length;
  return {};
}

Result<std::string_view> SegmentReader::Peek(uint64_t offset, size_t size) {
  size = static_cast<size_t>(std::min<uint64_t>(size, offset < bytes_ ? bytes_ - offset : 0));
  const bool inside = offset >= window_offset_ && offset + size <= window_offset_ + window_.size();
  if (!inside) {
    MF_TRY(window_, ReadAt(file_.get(), offset, static_cast<size_t>(std::min<uint64_t>(kWindowBytes, bytes_ - offset))));
    window_offset_ = offset;
  }
  const size_t start = static_cast<size_t>(offset - window_offset_);
  return start < window_.size() ? std::string_view(window_).substr(start, size) : std::string_view();
}

Result<std::optional<SegmentReader::Block>> SegmentReader::Next() {
  MF_TRY(const std::string_view bytes, Peek(position_, kBlockHeaderBytes));
  const auto header = ParseBlockHeader(bytes);
  if (!header) return std::optional<Block>();
  const uint64_t end = position_ + kBlockHeaderBytes + header->payload_bytes();
  if (end > bytes_) return std::optional<Block>();
  const Block block{position_ + kBlockHeaderBytes, *header};
  MF_ASSERT(end > position_);
  position_ = end;
  return block;
}

Result<std::string> SegmentReader::ReadPayload(const Block& block) const {
  MF_TRY(std::string payload, ReadAt(file_.get(), block.offset, block.header.payload_bytes()));
  if (!PayloadIsWhole(block.header, payload)) return Fail(Damaged("a block of a log segment is damaged"));
  return payload;
}

Result<uint64_t> WholeBytesOf(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return Fail(Error::FromErrno("stat " + path, errno));
  auto reader = SegmentReader::Open(path, static_cast<uint64_t>(status.st_size));
  if (!reader) {
    if (reader.error().code == "EBADMSG") return uint64_t{0};
    return Fail(std::move(reader).error());
  }
  uint64_t whole = reader->position();
  for (;;) {
    MF_TRY(const auto block, reader->Next());
    if (!block) return whole;
    auto payload = reader->ReadPayload(*block);
    if (payload) whole = reader->position();
    // A damaged block before whole ones is left to the readers, who skip it; only what no whole block follows is torn.
    if (!payload && payload.error().code != "EBADMSG") return Fail(std::move(payload).error());
  }
}

}  // namespace mayfly::store
