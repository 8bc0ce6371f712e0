// Reads zip files that strangers made: the central directory, and entries one by one, from memory.
//
// Used by CodeStore. One thread per reader; the bytes outlive it.
// There is one reading of a file, that of its central directory; a local header that tells another name, entries that
// overlap, or sizes and CRCs that are not what they say make the file invalid. Methods: stored and deflated (what Lambda
// takes), zip64 included; not: encryption, several volumes. Not libarchive, because that takes names from the local headers,
// rewrites them by locale and Unicode form, and does not tell whether an entry has Unix permissions.
//
// Every error is a Fault whose message is for the log; the caller chooses what the client sees.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly::packages {

struct ZipEntry {
  std::string name;          // as in the file: not checked, may be anything
  uint64_t packed_bytes = 0;
  uint64_t unpacked_bytes = 0;
  uint32_t crc32 = 0;
  uint16_t method = 0;       // 0 stored, 8 deflated
  bool has_unix_mode = false;
  uint32_t unix_mode = 0;    // file type and permissions, when has_unix_mode
  int64_t modified_seconds = 0;  // since 1970, UTC
  uint64_t data_offset = 0;  // of the packed bytes

  bool is_directory() const { return name.ends_with('/') || (unix_mode & 0170000) == 0040000; }
};

class ZipReader {
 public:
  // `bytes` and the counts in it are believed only as far as they fit. Errors: no zip file; more than `entries_max` entries.
  static Result<ZipReader> Open(std::string_view bytes, size_t entries_max);

  const std::vector<ZipEntry>& entries() const { return entries_; }
  // The sum of what the entries say they unpack to; saturates.
  uint64_t unpacked_bytes() const;

  // Unpacks `entry`, a piece (up to 64 KiB) at a time. Errors: bad data, a wrong length or CRC, or `sink`'s own.
  // Never gives more than entry.unpacked_bytes to `sink`.
  using Sink = std::function<Result<>(std::string_view piece)>;
  Result<> Read(const ZipEntry& entry, const Sink& sink) const;

 private:
  explicit ZipReader(std::string_view bytes) : bytes_(bytes) {}

  std::string_view bytes_;
  std::vector<ZipEntry> entries_;
};

}  // namespace mayfly::packages
