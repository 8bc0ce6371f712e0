// A block: about 256 KiB of log lines, or one longer line, compressed; the unit that is written, checked, skipped and read.
//
// On disk, all numbers little-endian: the header (48 bytes), the table of stream names, the zstd frame of the lines.
//   header   u32 magic "MFLB", u32 CRC-32C of the rest of the header, u32 CRC-32C of what follows it,
//            u32 bytes of the table, u32 bytes of the frame, u32 bytes of the lines, u32 number of lines, u32 seconds since 1970
//            when it was made (0: not known),
//            i64 earliest and i64 latest time of a line (nanoseconds since 1970)
//   table    for each stream u16 length, name
//   lines    for each line i64 time, u32 index of its stream, u32 length, text
// Reading takes nothing on trust: any bytes give lines or a refusal, in bounded memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/log_store.h"

namespace mayfly::store {

inline constexpr size_t kLineTextMax = 1u << 20;
inline constexpr size_t kStreamNameMax = 1024;
inline constexpr size_t kBlockHeaderBytes = 48;
inline constexpr size_t kBlockLinesTarget = 256u << 10;
inline constexpr size_t kBlockLinesMax = 1280u << 10;
inline constexpr size_t kBlockTableTarget = 64u << 10;
inline constexpr size_t kBlockTableMax = 128u << 10;
inline constexpr size_t kBlockFrameMax = kBlockLinesMax + (16u << 10);

struct BlockHeader {
  uint32_t payload_checksum = 0;
  uint32_t table_bytes = 0;
  uint32_t frame_bytes = 0;
  uint32_t lines_bytes = 0;
  uint32_t line_count = 0;
  WallTime made_at{};  // in whole seconds; 0: not known
  WallTime earliest{};
  WallTime latest{};

  size_t payload_bytes() const { return size_t{table_bytes} + frame_bytes; }
};

// Collects lines and makes them a block.
class BlockBuilder {
 public:
  bool empty() const { return line_count_ == 0; }
  // Whether `line` goes into this block. An empty block takes any line (within kLineTextMax and kStreamNameMax).
  bool HasRoomFor(const LogLine& line) const;
  void Add(const LogLine& line);
  // The bytes of the block; the builder is empty again. Not for an empty builder.
  std::string Finish(WallTime now);
  size_t line_count() const { return line_count_; }

 private:
  uint32_t StreamIndex(const std::string& stream);

  std::string table_, lines_;
  std::unordered_map<std::string, uint32_t> streams_;
  uint32_t line_count_ = 0;
  WallTime earliest_ = WallTime::max(), latest_ = WallTime::min();
};

// nullopt: no header, or one that is damaged or beyond the limits.
std::optional<BlockHeader> ParseBlockHeader(std::string_view bytes);
// `payload`: the header.payload_bytes() bytes behind the header.
bool PayloadIsWhole(const BlockHeader& header, std::string_view payload);

// The lines of one block, decoded. The views stay valid as long as this object and the payload it was made from.
class BlockLines {
 public:
  // What a query can rule out before lines are taken apart.
  struct Filter {
    std::string_view stream_prefix;
    std::string_view contains;
  };
  // No lines when the filter excludes the whole block. nullopt: the payload is damaged.
  static std::optional<BlockLines> Decode(const BlockHeader& header, std::string_view payload, Filter filter = {});
  const std::vector<LogLineView>& lines() const { return lines_; }

 private:
  bool Split(const BlockHeader& header, const std::vector<std::string_view>& streams);

  std::unique_ptr<char[]> text_;
  size_t text_bytes_ = 0;
  std::vector<LogLineView> lines_;
};

}  // namespace mayfly::store
