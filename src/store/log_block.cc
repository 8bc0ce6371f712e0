#include "store/log_block.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "store/checksum.h"

namespace mayfly::store {
namespace {

constexpr uint32_t kBlockMagic = 0x424c464d;  // "MFLB"
constexpr int kCompressionLevel = 1;
constexpr size_t kLineHeaderBytes = 16;

template <typename T>
void AppendNumber(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Takes a number off the front. The caller has checked that it is there.
template <typename T>
T TakeNumber(std::string_view& bytes) {
  MF_ASSERT(bytes.size() >= sizeof(T));
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

std::optional<std::vector<std::string_view>> ParseTable(std::string_view table) {
  std::vector<std::string_view> streams;
  while (!table.empty()) {
    if (table.size() < sizeof(uint16_t)) return std::nullopt;
    const size_t size = TakeNumber<uint16_t>(table);
    if (table.size() < size) return std::nullopt;
    streams.push_back(table.substr(0, size));
    table.remove_prefix(size);
  }
  return streams;
}

std::string Compress(std::string_view lines) {
  MF_ASSERT(!lines.empty());
  std::string frame(ZSTD_compressBound(lines.size()), '\0');
  const size_t size = ZSTD_compress(frame.data(), frame.size(), lines.data(), lines.size(), kCompressionLevel);
  MF_ASSERT(!ZSTD_isError(size));
  frame.resize(size);
  MF_ASSERT(frame.size() <= kBlockFrameMax);
  return frame;
}

}  // namespace

bool BlockBuilder::HasRoomFor(const LogLine& line) const {
  if (empty()) return true;
  if (lines_.size() + kLineHeaderBytes + line.text.size() > kBlockLinesTarget) return false;
  return streams_.contains(line.stream) || table_.size() + sizeof(uint16_t) + line.stream.size() <= kBlockTableTarget;
}

uint32_t BlockBuilder::StreamIndex(const std::string& stream) {
  const auto [entry, added] = streams_.try_emplace(stream, static_cast<uint32_t>(streams_.size()));
  if (added) {
    AppendNumber(table_, static_cast<uint16_t>(stream.size()));
    table_ += stream;
  }
  return entry->second;
}

void BlockBuilder::Add(const LogLine& line) {
  MF_ASSERT(line.text.size() <= kLineTextMax && line.stream.size() <= kStreamNameMax);
  AppendNumber(lines_, static_cast<int64_t>(line.time.time_since_epoch().count()));
  AppendNumber(lines_, StreamIndex(line.stream));
  AppendNumber(lines_, static_cast<uint32_t>(line.text.size()));
  lines_ += line.text;
  earliest_ = std::min(earliest_, line.time);
  latest_ = std::max(latest_, line.time);
  ++line_count_;
}

std::string BlockBuilder::Finish(WallTime now) {
  MF_ASSERT(line_count_ > 0 && earliest_ <= latest_);
  MF_ASSERT(lines_.size() <= kBlockLinesMax && table_.size() <= kBlockTableMax);
  const std::string payload = table_ + Compress(lines_);
  std::string rest;
  AppendNumber(rest, Crc32c(payload));
  AppendNumber(rest, static_cast<uint32_t>(table_.size()));
  AppendNumber(rest, static_cast<uint32_t>(payload.size() - table_.size()));
  AppendNumber(rest, static_cast<uint32_t>(lines_.size()));
  AppendNumber(rest, line_count_);
  AppendNumber(rest, static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count()));
  AppendNumber(rest, static_cast<int64_t>(earliest_.time_since_epoch().count()));
  AppendNumber(rest, static_cast<int64_t>(latest_.time_since_epoch().count()));
  std::string block;
  block.reserve(kBlockHeaderBytes + payload.size());
  AppendNumber(block, kBlockMagic);
  AppendNumber(block, Crc32c(rest));
  block += rest;
  MF_ASSERT(block.size() == kBlockHeaderBytes);
  block += payload;
  *this = BlockBuilder();
  return block;
}

std::optional<BlockHeader> ParseBlockHeader(std::string_view bytes) {
  if (bytes.size() < kBlockHeaderBytes) return std::nullopt;
  bytes = bytes.substr(0, kBlockHeaderBytes);
  if (TakeNumber<uint32_t>(bytes) != kBlockMagic) return std::nullopt;
  const auto checksum = TakeNumber<uint32_t>(bytes);
  if (Crc32c(bytes) != checksum) return std::nullopt;
  BlockHeader header;
  header.payload_checksum = TakeNumber<uint32_t>(bytes);
  header.table_bytes = TakeNumber<uint32_t>(bytes);
  header.frame_bytes = TakeNumber<uint32_t>(bytes);
  header.lines_bytes = TakeNumber<uint32_t>(bytes);
  header.line_count = TakeNumber<uint32_t>(bytes);
  header.made_at = WallTime(std::chrono::seconds(TakeNumber<uint32_t>(bytes)));
  header.earliest = WallTime(Duration(TakeNumber<int64_t>(bytes)));
  header.latest = WallTime(Duration(TakeNumber<int64_t>(bytes)));
  const bool within_limits = header.table_bytes <= kBlockTableMax && header.frame_bytes <= kBlockFrameMax &&
                             header.lines_bytes <= kBlockLinesMax && header.line_count <= header.lines_bytes / kLineHeaderBytes;
  return within_limits ? std::optional(header) : std::nullopt;
}

bool PayloadIsWhole(const BlockHeader& header, std::string_view payload) {
  return payload.size() == header.payload_bytes() && Crc32c(payload) == header.payload_checksum;
}

std::optional<BlockLines> BlockLines::Decode(const BlockHeader& header, std::string_view payload, Filter filter) {
  if (payload.size() != header.payload_bytes()) return std::nullopt;
  const auto streams = ParseTable(payload.substr(0, header.table_bytes));
  if (!streams) return std::nullopt;
  BlockLines block;
  if (std::ranges::none_of(*streams, [&](std::string_view stream) { return stream.starts_with(filter.stream_prefix); })) {
    return block;
  }
  const std::string_view frame = payload.substr(header.table_bytes);
  block.text_ = std::make_unique_for_overwrite<char[]>(std::max<size_t>(header.lines_bytes, 1));
  block.text_bytes_ = ZSTD_decompress(block.text_.get(), header.lines_bytes, frame.data(), frame.size());
  if (ZSTD_isError(block.text_bytes_) || block.text_bytes_ != header.lines_bytes) return std::nullopt;
  // Text lies in one piece, so bytes that are nowhere in the block are in none of its lines.
  if (!filter.contains.empty() && !::memmem(block.text_.get(), block.text_bytes_, filter.contains.data(), filter.contains.size())) {
    return block;
  }
  if (!block.Split(header, *streams)) return std::nullopt;
  return block;
}

bool BlockLines::Split(const BlockHeader& header, const std::vector<std::string_view>& streams) {
  MF_ASSERT(lines_.empty() && text_bytes_ == header.lines_bytes);
  std::string_view rest(text_.get(), text_bytes_);
  lines_.reserve(header.line_count);
  for (uint32_t i = 0; i < header.line_count; ++i) {
    if (rest.size() < kLineHeaderBytes) return false;
    const WallTime time{Duration(TakeNumber<int64_t>(rest))};
    const auto stream = TakeNumber<uint32_t>(rest);
    const auto size = TakeNumber<uint32_t>(rest);
    if (stream >= streams.size() || size > rest.size() || time < header.earliest || time > header.latest) return false;
    lines_.push_back({time, streams[stream], rest.substr(0, size)});
    rest.remove_prefix(size);
  }
  return rest.empty();
}

}  // namespace mayfly::store
