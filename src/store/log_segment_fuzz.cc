// Any bytes as a segment file: the readers stay within memory and limits, and a cut file is whole.
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/log.h"
#include "store/checksum.h"
#include "store/log_query.h"
#include "store/log_segment.h"
#include "store/test_directory.h"

namespace {

using namespace mayfly;
using namespace mayfly::store;

constexpr size_t kFieldBytes = 40;  // of a block's header behind its checksum

void SetField(std::string& fields, size_t index, size_t value) {
  const auto number = static_cast<uint32_t>(value);
  std::memcpy(fields.data() + index * sizeof number, &number, sizeof number);
}

// A segment of one block with right sizes and checksums, so that the code behind those checks is reached.
std::string SegmentOf(std::string fields, std::string_view table, std::string_view frame) {
  const std::string payload = std::string(table) + std::string(frame);
  SetField(fields, 0, Crc32c(payload));
  SetField(fields, 1, table.size());
  SetField(fields, 2, frame.size());
  const uint32_t checksum = Crc32c(fields);
  std::string file = SegmentHeader("g") + "MFLB";
  file.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  return file + fields + payload;
}

void Check(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  size_t text_bytes = 0;
  const auto lines = QuerySegments({.group = "g"}, {{path, 1, bytes.size()}});
  MF_ASSERT(lines);
  for (const LogLine& line : *lines) text_bytes += line.text.size() + line.stream.size();
  MF_ASSERT(text_bytes <= (kBlockLinesMax + kBlockTableMax * 1000) * (bytes.size() / kBlockHeaderBytes + 1));
  const uint64_t whole = WholeBytesOf(path).value();
  MF_ASSERT(whole <= bytes.size());
  MF_ASSERT(CutSegment(path, whole));
  MF_ASSERT(WholeBytesOf(path).value() == whole);
}

// The input as fields, table and zstd frame; and as fields, table and the lines inside a valid frame.
void CheckAsBlock(const std::string& path, std::string_view input) {
  if (input.size() < kFieldBytes + 1) return;
  std::string fields(input.substr(0, kFieldBytes));
  const auto table_bytes = std::min<size_t>(static_cast<unsigned char>(input[kFieldBytes]), input.size() - kFieldBytes - 1);
  const std::string_view table = input.substr(kFieldBytes + 1, table_bytes);
  const std::string_view lines = input.substr(kFieldBytes + 1 + table_bytes);
  Check(path, SegmentOf(fields, table, lines));
  std::string frame(ZSTD_compressBound(lines.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), lines.data(), lines.size(), 1));
  SetField(fields, 3, lines.size());
  SetField(fields, 4, static_cast<unsigned char>(fields[16]));  // how many lines: few are more often right
  const int64_t any_time[2] = {INT64_MIN, INT64_MAX};
  std::memcpy(fields.data() + 24, any_time, sizeof any_time);
  Check(path, SegmentOf(fields, table, frame));
}

}  // namespace

// A file system in memory where there is one: each input is written several times.
const TestDirectory& Directory() {
  static const TestDirectory directory = [] {
    if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
    return TestDirectory();
  }();
  return directory;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  log::SetLevel(static_cast<log::Level>(4));  // above Error: damage is what this is about
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string path = Directory() / "fuzz.seg";
  Check(path, std::string(input));
  Check(path, SegmentHeader("g") + std::string(input));
  CheckAsBlock(path, input);
  return 0;
}
