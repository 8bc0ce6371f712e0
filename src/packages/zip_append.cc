#include "packages/zip_append.h"

#include <zlib.h>

#include <cstdint>

#include "packages/zip_format.h"
#include "packages/zip_reader.h"

namespace mayfly::packages {
namespace {

constexpr size_t kEntriesMax = 65'000;
constexpr uint32_t kUnixFile = 0100644u << 16;

void Put(std::string& out, uint64_t value, int bytes) {
  MF_ASSERT(bytes >= 8 || value >> (8 * bytes) == 0);
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

uint64_t Get(std::string_view bytes, size_t at, int count) {
  MF_ASSERT(at + static_cast<size_t>(count) <= bytes.size());
  uint64_t value = 0;
  for (int i = 0; i < count; ++i) value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

struct End {
  size_t at = 0;  // where the end record begins
  size_t directory_offset = 0;
  size_t directory_bytes = 0;
  size_t entries = 0;
};

Result<End> FindEndOfArchive(std::string_view zip) {
  const Error strange = Error::Fault("the zip is of a kind that cannot be added to: zip64, or with bytes before or after it", "pack it again with a plain zip tool");
  for (size_t comment = 0; comment <= 0xffff && kEndBytes + comment <= zip.size(); ++comment) {
    const size_t at = zip.size() - kEndBytes - comment;
    if (Get(zip, at, 4) != kEndMark || Get(zip, at + 20, 2) != comment) continue;
    End end{.at = at, .directory_offset = Get(zip, at + 16, 4), .directory_bytes = Get(zip, at + 12, 4), .entries = Get(zip, at + 10, 2)};
    if (end.directory_offset + end.directory_bytes != at || end.entries > kEntriesMax) return Fail(strange);
    return end;
  }
  return Fail(strange);
}

// What local and central headers share, from the flags on.
void PutShared(std::string& out, const ZipAddition& file) {
  Put(out, 0x0800, 2);                           // names are UTF-8
  Put(out, 0, 2);                                // stored
  Put(out, 0, 2);                                // 00:00
  Put(out, 0x21, 2);                             // 1980-01-01
  Put(out, crc32_z(0, reinterpret_cast<const Bytef*>(file.bytes.data()), file.bytes.size()), 4);
  Put(out, file.bytes.size(), 4);
  Put(out, file.bytes.size(), 4);
  Put(out, file.name.size(), 2);
  Put(out, 0, 2);                                // no extra field
}

}  // namespace

Result<std::string> AppendToZip(std::string_view zip, const std::vector<ZipAddition>& additions) {
  MF_TRY([[maybe_unused]] const ZipReader proof, ZipReader::Open(zip, kEntriesMax));
  MF_TRY(const End end, FindEndOfArchive(zip));
  std::string out(zip.substr(0, end.directory_offset));
  std::string directory(zip.substr(end.directory_offset, end.directory_bytes));
  for (const ZipAddition& file : additions) {
    const size_t offset = out.size();
    if (offset + file.bytes.size() > 0x7fffffff) return Fail(Error::Fault("the zip would be larger than 2 GiB"));
    Put(out, kLocalHeaderMark, 4);
    Put(out, 20, 2);
    PutShared(out, file);
    out += file.name + file.bytes;
    Put(directory, kCentralHeaderMark, 4);
    Put(directory, 3 << 8 | 20, 2);              // made on Unix
    Put(directory, 20, 2);
    PutShared(directory, file);
    Put(directory, 0, 2 + 2 + 2);                // no comment, first disk, binary
    Put(directory, kUnixFile, 4);
    Put(directory, offset, 4);
    directory += file.name;
  }
  const size_t directory_at = out.size();
  MF_ASSERT(directory.size() >= end.directory_bytes && directory_at >= end.directory_offset);
  out += directory;
  Put(out, kEndMark, 4);
  Put(out, 0, 4);
  Put(out, end.entries + additions.size(), 2);
  Put(out, end.entries + additions.size(), 2);
  Put(out, directory.size(), 4);
  Put(out, directory_at, 4);
  out += zip.substr(end.at + 20);                // the comment stays
  return out;
}

}  // namespace mayfly::packages
