// Hostile writers of the framed log: any bytes in any pieces. However they are cut, the messages are the same, none is larger than
// a log event, and nothing is made up.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "runtime/log_frames.h"

namespace {

using namespace mayfly::runtime;

std::string Split(std::string_view input, size_t piece) {
  std::string out;
  size_t total = 0;
  LogFrameSplitter splitter([&](std::string_view text, mayfly::telemetry::LogLevel level) {
    MF_ASSERT(text.size() <= kLogLineBytesMax);
    total += text.size();
    out += std::to_string(static_cast<int>(level)) + ':' + std::string(text) + '\x1e';
  });
  for (size_t at = 0; at < input.size(); at += piece) splitter.Add(input.substr(at, piece));
  splitter.Flush();
  MF_ASSERT(total <= input.size());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string whole = Split(input, size + 1);
  for (const size_t piece : {1, 3, 16, 17}) MF_ASSERT(Split(input, piece) == whole);
  return 0;
}
