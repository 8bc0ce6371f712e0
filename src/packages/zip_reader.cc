#include "packages/zip_reader.h"

#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "packages/zip_format.h"

namespace mayfly::packages {
namespace {

constexpr uint16_t kExtraZip64 = 0x0001, kExtraTimestamp = 0x5455;
constexpr uint16_t kFlagEncrypted = 0x0001, kFlagStrongEncryption = 0x0040, kFlagMaskedDirectory = 0x2000;

Error BadZip(std::string_view what) { return Error::Fault(fmt::format("zip: {}", what)); }

// Little-endian numbers from a part of the file; reading past the end gives zeros and sets `overrun`.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}
  uint64_t Number(size_t count) {
    if (rest_.size() < count) {
      overrun_ = true;
      rest_ = {};
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i) value |= static_cast<uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    rest_.remove_prefix(count);
    return value;
  }
  uint16_t U16() { return static_cast<uint16_t>(Number(2)); }
  uint32_t U32() { return static_cast<uint32_t>(Number(4)); }
  uint64_t U64() { return Number(8); }
  std::string_view Bytes(size_t count) {
    if (rest_.size() < count) overrun_ = true;
    const std::string_view piece = rest_.substr(0, count);
    rest_.remove_prefix(piece.size());
    return piece;
  }
  std::string_view rest() const { return rest_; }
  bool overrun() const { return overrun_; }

 private:
  std::string_view rest_;
  bool overrun_ = false;
};

std::string_view At(std::string_view bytes, uint64_t offset) {
  return offset <= bytes.size() ? bytes.substr(offset) : std::string_view();
}

struct Directory {
  uint64_t offset = 0;  // in the file, from its first byte
  uint64_t bytes = 0;
  uint64_t entries = 0;
  uint64_t prefix = 0;  // bytes before the zip proper (self-extracting files); offsets in the file count from there
};

// The end record is the last one whose comment reaches exactly to the end of the file.
std::optional<size_t> FindEnd(std::string_view bytes) {
  if (bytes.size() < kEndBytes) return std::nullopt;
  const size_t lowest = bytes.size() - std::min(bytes.size(), kEndBytes + 0xffff);
  MF_ASSERT(lowest <= bytes.size() - kEndBytes);
  for (size_t at = bytes.size() - kEndBytes + 1; at-- > lowest;) {
    Cursor cursor(bytes.substr(at));
    if (cursor.U32() != kEndMark) continue;
    cursor.Bytes(16);
    if (cursor.U16() == bytes.size() - at - kEndBytes) return at;
  }
  return std::nullopt;
}

Result<Directory> ReadEnd64(std::string_view bytes, size_t end_at) {
  if (end_at < kEnd64LocatorBytes + kEnd64Bytes) return Fail(BadZip("no zip64 end record"));
  Cursor locator(bytes.substr(end_at - kEnd64LocatorBytes));
  if (locator.U32() != kEnd64LocatorMark) return Fail(BadZip("no zip64 locator"));
  // The record is taken where it must be when it has no extensible data, whatever the locator says.
  const size_t at = end_at - kEnd64LocatorBytes - kEnd64Bytes;
  Cursor cursor(bytes.substr(at));
  if (cursor.U32() != kEnd64Mark) return Fail(BadZip("no zip64 end record"));
  cursor.Bytes(8 + 2 + 2 + 4 + 4 + 8);
  Directory directory;
  directory.entries = cursor.U64();
  directory.bytes = cursor.U64();
  const uint64_t offset = cursor.U64();
  if (directory.bytes > at || offset > at - directory.bytes) return Fail(BadZip("the directory is outside of the file"));
  directory.offset = at - directory.bytes;
  directory.prefix = directory.offset - offset;
  MF_ASSERT(directory.offset + directory.bytes <= bytes.size() && directory.prefix <= directory.offset);
  return directory;
}

Result<Directory> FindDirectory(std::string_view bytes) {
  const auto end_at = FindEnd(bytes);
  if (!end_at) return Fail(BadZip("no end record"));
  Cursor cursor(bytes.substr(*end_at + 4));
  const uint16_t disk = cursor.U16(), directory_disk = cursor.U16(), entries_here = cursor.U16(), entries = cursor.U16();
  const uint32_t size = cursor.U32(), offset = cursor.U32();
  if (entries == 0xffff || size == 0xffffffff || offset == 0xffffffff) {
    auto directory = ReadEnd64(bytes, *end_at);
    if (directory || size == 0xffffffff || offset == 0xffffffff) return directory;
  }
  if (disk != 0 || directory_disk != 0 || entries_here != entries) return Fail(BadZip("several volumes"));
  if (size > *end_at || offset > *end_at - size) return Fail(BadZip("the directory is outside of the file"));
  return Directory{.offset = *end_at - size, .bytes = size, .entries = entries, .prefix = *end_at - size - offset};
}

// MS-DOS date and time, taken as UTC.
int64_t DosTime(uint16_t time, uint16_t date) {
  const std::chrono::year_month_day day{std::chrono::year{1980 + (date >> 9)}, std::chrono::month{date >> 5 & 15u},
                                        std::chrono::day{date & 31u}};
  if (!day.ok()) return 315532800;  // 1980-01-01
  const auto days = std::chrono::sys_days(day).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(days).count() + (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2;
}

void ReadExtras(std::string_view extras, ZipEntry& entry, uint64_t& local_offset) {
  Cursor cursor(extras);
  while (cursor.rest().size() >= 4) {
    const uint16_t kind = cursor.U16();
    Cursor field(cursor.Bytes(cursor.U16()));
    if (kind == kExtraZip64) {
      if (entry.unpacked_bytes == 0xffffffff) entry.unpacked_bytes = field.U64();
      if (entry.packed_bytes == 0xffffffff) entry.packed_bytes = field.U64();
      if (local_offset == 0xffffffff) local_offset = field.U64();
    } else if (kind == kExtraTimestamp && field.rest().size() >= 5 && (field.Number(1) & 1) != 0) {
      entry.modified_seconds = static_cast<int32_t>(field.U32());
    }
  }
}

// Where the entry's data begins, if its local header tells the same name and the data lies before the directory.
Result<> LocateData(std::string_view bytes, const Directory& directory, uint64_t local_offset, ZipEntry& entry) {
  if (local_offset > directory.offset - directory.prefix) return Fail(BadZip("an entry is outside of the file"));
  const uint64_t at = local_offset + directory.prefix;
  Cursor cursor(At(bytes.substr(0, directory.offset), at));
  if (cursor.U32() != kLocalHeaderMark) return Fail(BadZip("an entry has no local header"));
  cursor.Bytes(22);
  const uint16_t name_bytes = cursor.U16(), extra_bytes = cursor.U16();
  if (cursor.Bytes(name_bytes) != entry.name) return Fail(BadZip("an entry has two names"));
  cursor.Bytes(extra_bytes);
  if (cursor.overrun() || cursor.rest().size() < entry.packed_bytes) return Fail(BadZip("an entry is cut off"));
  entry.data_offset = at + kLocalHeaderBytes + name_bytes + extra_bytes;
  MF_ASSERT(entry.data_offset + entry.packed_bytes <= directory.offset);
  return {};
}

Result<ZipEntry> ReadEntry(std::string_view bytes, const Directory& directory, Cursor& cursor) {
  if (cursor.U32() != kCentralHeaderMark) return Fail(BadZip("the directory has fewer entries than it says"));
  ZipEntry entry;
  const uint16_t made_by = cursor.U16();
  cursor.U16();
  const uint16_t flags = cursor.U16();
  entry.method = cursor.U16();
  const uint16_t dos_time = cursor.U16(), dos_date = cursor.U16();
  entry.modified_seconds = DosTime(dos_time, dos_date);
  entry.crc32 = cursor.U32();
  entry.packed_bytes = cursor.U32();
  entry.unpacked_bytes = cursor.U32();
  const uint16_t name_bytes = cursor.U16(), extra_bytes = cursor.U16(), comment_bytes = cursor.U16();
  cursor.Bytes(4);
  const uint32_t attributes = cursor.U32();
  uint64_t local_offset = cursor.U32();
  entry.name = cursor.Bytes(name_bytes);
  const std::string_view extras = cursor.Bytes(extra_bytes);
  cursor.Bytes(comment_bytes);
  if (cursor.overrun()) return Fail(BadZip("the directory is cut off"));
  if ((flags & (kFlagEncrypted | kFlagStrongEncryption | kFlagMaskedDirectory)) != 0) return Fail(BadZip("encrypted"));
  if (entry.method != 0 && entry.method != 8) return Fail(BadZip("a compression method other than deflate"));
  ReadExtras(extras, entry, local_offset);
  const uint8_t system = static_cast<uint8_t>(made_by >> 8);
  entry.unix_mode = attributes >> 16;
  entry.has_unix_mode = (system == 3 || system == 19) && entry.unix_mode != 0;
  if (!entry.has_unix_mode) entry.unix_mode = 0;
  MF_TRY_VOID(LocateData(bytes, directory, local_offset, entry));
  return entry;
}

// Shared data would let a small file unpack to a huge one.
bool Overlap(const std::vector<ZipEntry>& entries) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const ZipEntry& entry : entries) ranges.emplace_back(entry.data_offset, entry.data_offset + entry.packed_bytes);
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].second) return true;
  }
  return false;
}

// Counts and checks what goes to the sink.
class CheckedSink {
 public:
  CheckedSink(const ZipEntry& entry, const ZipReader::Sink& sink) : entry_(&entry), sink_(&sink) {}
  Result<> Write(std::string_view piece) {
    MF_ASSERT(bytes_ <= entry_->unpacked_bytes);
    if (piece.size() > entry_->unpacked_bytes - bytes_) return Fail(BadZip("an entry is longer than it says"));
    bytes_ += piece.size();
    crc_ = ::crc32_z(crc_, reinterpret_cast<const Bytef*>(piece.data()), piece.size());
    return (*sink_)(piece);
  }
  Result<> Finish() const {
    if (bytes_ != entry_->unpacked_bytes) return Fail(BadZip("an entry is shorter than it says"));
    if (crc_ != entry_->crc32) return Fail(BadZip("a wrong CRC"));
    return {};
  }

 private:
  const ZipEntry* entry_;
  const ZipReader::Sink* sink_;
  uint64_t bytes_ = 0;
  uLong crc_ = 0;
};

constexpr size_t kPieceBytes = 64 * 1024;

Result<> ReadStored(std::string_view packed, CheckedSink& sink) {
  while (!packed.empty()) {
    MF_TRY_VOID(sink.Write(packed.substr(0, kPieceBytes)));
    packed.remove_prefix(std::min(packed.size(), kPieceBytes));
  }
  return {};
}

Result<> ReadDeflated(std::string_view packed, CheckedSink& sink) {
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) return Fail(Error::Fault("inflateInit2 failed"));
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, ::inflateEnd);
  std::string piece(kPieceBytes, '\0');
  for (;;) {
    if (stream.avail_in == 0) {
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
      stream.avail_in = static_cast<uInt>(std::min<size_t>(packed.size(), 1u << 30));
      packed.remove_prefix(stream.avail_in);
    }
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = kPieceBytes;
    const int status = ::inflate(&stream, Z_NO_FLUSH);
    MF_ASSERT(stream.avail_out <= kPieceBytes);
    MF_TRY_VOID(sink.Write(std::string_view(piece).substr(0, kPieceBytes - stream.avail_out)));
    if (status == Z_STREAM_END) break;
    if (status != Z_OK) return Fail(BadZip("bad compressed data"));
  }
  if (stream.avail_in != 0 || !packed.empty()) return Fail(BadZip("bytes after the compressed data"));
  return {};
}

}  // namespace

Result<ZipReader> ZipReader::Open(std::string_view bytes, size_t entries_max) {
  MF_TRY(const Directory directory, FindDirectory(bytes));
  if (directory.entries > entries_max) return Fail(BadZip("too many entries"));
  if (directory.entries * kCentralHeaderBytes > directory.bytes) return Fail(BadZip("the directory is too short for its entries"));
  ZipReader reader(bytes);
  reader.entries_.reserve(directory.entries);
  Cursor cursor(bytes.substr(directory.offset, directory.bytes));
  for (uint64_t i = 0; i < directory.entries; ++i) {
    MF_TRY(ZipEntry entry, ReadEntry(bytes, directory, cursor));
    reader.entries_.push_back(std::move(entry));
  }
  if (!cursor.rest().empty()) return Fail(BadZip("the directory has more entries than it says"));
  if (Overlap(reader.entries_)) return Fail(BadZip("entries share data"));
  MF_ASSERT(reader.entries_.size() == directory.entries);
  return reader;
}

uint64_t ZipReader::unpacked_bytes() const {
  uint64_t sum = 0;
  for (const ZipEntry& entry : entries_) {
    if (__builtin_add_overflow(sum, entry.unpacked_bytes, &sum)) return UINT64_MAX;
  }
  return sum;
}

Result<> ZipReader::Read(const ZipEntry& entry, const Sink& sink) const {
  MF_ASSERT(&entry >= entries_.data() && &entry < entries_.data() + entries_.size());
  const std::string_view packed = At(bytes_, entry.data_offset).substr(0, entry.packed_bytes);
  CheckedSink checked(entry, sink);
  if (entry.method == 0) {
    MF_TRY_VOID(ReadStored(packed, checked));
  } else {
    MF_TRY_VOID(ReadDeflated(packed, checked));
  }
  return checked.Finish();
}

}  // namespace mayfly::packages
