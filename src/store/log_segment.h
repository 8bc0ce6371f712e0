// A segment: one append-only file of blocks of one log group. Blocking; any thread. No file stays open between calls.
//
// On disk: u32 magic "MFLS", u32 CRC-32C of the rest of the header, u16 version (1), u16 length, group name; then blocks.
// Only its last block can be torn. Blocks never change once written, so a reader that knows how many bytes were whole at
// some moment can read those while the file grows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "store/log_block.h"

namespace mayfly::store {

inline constexpr size_t kGroupNameMax = 4096;

// The bytes before the first block.
std::string SegmentHeader(std::string_view group);

// Writes `bytes` at `offset`; at 0 it makes the file, which must not exist. On failure the file ends at `offset` again.
// Error: code "ENOENT" when somebody has removed the file or its folder.
Result<> WriteToSegment(const std::string& path, uint64_t offset, std::string_view bytes);
Result<> SyncSegment(const std::string& path);

class SegmentReader {
 public:
  // Looks at the first `bytes` bytes of the file. Error: code "EBADMSG" when it has no valid header; or of the system
  // (ENOENT: the segment has been removed to make room).
  static Result<SegmentReader> Open(const std::string& path, uint64_t bytes);

  const std::string& group() const { return group_; }

  struct Block {
    uint64_t offset = 0;  // of its payload
    BlockHeader header;
  };
  // The next block in the order of the file; nullopt at the end, or where the chain of headers is broken.
  Result<std::optional<Block>> Next();
  // Where Next() has come to.
  uint64_t position() const { return position_; }
  // Error: code "EBADMSG" when the payload is damaged.
  Result<std::string> ReadPayload(const Block& block) const;

 private:
  SegmentReader(UniqueFd file, uint64_t bytes) : file_(std::move(file)), bytes_(bytes) {}
  Result<> ReadHeader();
  // A view of `size` bytes at `offset`, valid until the next call; shorter at the end of the file.
  Result<std::string_view> Peek(uint64_t offset, size_t size);

  UniqueFd file_;
  uint64_t bytes_;
  uint64_t position_ = 0;
  std::string group_;
  std::string window_;  // bytes from window_offset_ on: small blocks do not cost a read each
  uint64_t window_offset_ = 0;
};

// How many bytes of the file are header and whole blocks; what follows is a torn tail. Reads all of it. 0: no valid header.
Result<uint64_t> WholeBytesOf(const std::string& path);
// Cuts the file to `bytes`.
Result<> CutSegment(const std::string& path, uint64_t bytes);

}  // namespace mayfly::store
