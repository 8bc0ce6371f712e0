// Builds zip files for tests, also broken ones: every field of an entry can be set to a lie.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mayfly::packages {

struct ZipItem {
  std::string name;
  std::string bytes = {};
  uint32_t mode = 0100644;  // with file type; 0 with system 0 for "no Unix permissions"
  uint8_t system = 3;
  bool deflate = false;
  uint16_t flags = 0;
  std::optional<uint32_t> crc = std::nullopt;
  std::optional<uint32_t> unpacked_bytes = std::nullopt;
  std::optional<std::string> local_name = std::nullopt;
  std::optional<uint16_t> method = std::nullopt;
  std::optional<uint32_t> local_offset = std::nullopt;
  std::string extra = {};
};

inline void PutNumber(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

inline std::string RawDeflate(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// The fields that local and central headers share: flags … name length, extra length.
inline void PutShared(std::string& out, const ZipItem& item, size_t packed_bytes, size_t name_bytes, size_t extra_bytes) {
  PutNumber(out, item.flags, 2);
  PutNumber(out, item.method.value_or(item.deflate ? 8 : 0), 2);
  PutNumber(out, 0, 2);                         // 00:00:00
  PutNumber(out, (46 << 9) | (1 << 5) | 31, 2);  // 2026-01-31
  PutNumber(out, item.crc.value_or(crc32_z(0, reinterpret_cast<const Bytef*>(item.bytes.data()), item.bytes.size())), 4);
  PutNumber(out, packed_bytes, 4);
  PutNumber(out, item.unpacked_bytes.value_or(item.bytes.size()), 4);
  PutNumber(out, name_bytes, 2);
  PutNumber(out, extra_bytes, 2);
}

inline std::string MakeZip(const std::vector<ZipItem>& items, const std::string& comment = {}) {
  std::string out, directory;
  for (const ZipItem& item : items) {
    const std::string packed = item.deflate ? RawDeflate(item.bytes) : item.bytes;
    const std::string local_name = item.local_name.value_or(item.name);
    const size_t offset = out.size();
    PutNumber(out, 0x04034b50, 4);
    PutNumber(out, 20, 2);
    PutShared(out, item, packed.size(), local_name.size(), 0);
    out += local_name + packed;
    PutNumber(directory, 0x02014b50, 4);
    PutNumber(directory, item.system << 8 | 20, 2);
    PutNumber(directory, 20, 2);
    PutShared(directory, item, packed.size(), item.name.size(), item.extra.size());
    PutNumber(directory, 0, 2 + 2 + 2);
    PutNumber(directory, static_cast<uint64_t>(item.mode) << 16, 4);
    PutNumber(directory, item.local_offset.value_or(offset), 4);
    directory += item.name + item.extra;
  }
  const size_t directory_at = out.size();
  out += directory;
  PutNumber(out, 0x06054b50, 4);
  PutNumber(out, 0, 4);
  PutNumber(out, items.size(), 2);
  PutNumber(out, items.size(), 2);
  PutNumber(out, directory.size(), 4);
  PutNumber(out, directory_at, 4);
  PutNumber(out, comment.size(), 2);
  return out + comment;
}

}  // namespace mayfly::packages
