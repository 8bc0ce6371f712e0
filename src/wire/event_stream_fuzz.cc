// Any bytes as a stream of events: what is taken for a message is one, written back it gives the same bytes. A second pass seals
// the input with right checksums, so that the headers behind them are reached.
#include <cstddef>
#include <cstdint>
#include <string>

#include <zlib.h>

#include "base/result.h"
#include "wire/event_stream.h"

namespace {

using namespace mayfly::wire;

void Check(std::string_view input) {
  EventMessage message;
  while (!input.empty()) {
    const EventDecoding decoding = DecodeEventMessage(input, message);
    if (decoding.state != EventDecoding::State::Message) return;
    MF_ASSERT(decoding.consumed >= 16 && decoding.consumed <= input.size());
    std::string again;
    AppendEventMessage(again, message.headers, message.payload);
    MF_ASSERT(again == input.substr(0, decoding.consumed));
    input.remove_prefix(decoding.consumed);
  }
}

void Put(std::string& out, size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift & 0xff));
}

void Seal(std::string& out) { Put(out, ::crc32_z(0, reinterpret_cast<const Bytef*>(out.data()), out.size())); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Check(input);
  if (size == 0) return 0;
  std::string sealed;
  Put(sealed, 16 + size - 1);
  Put(sealed, std::min<size_t>(data[0], size - 1));
  Seal(sealed);
  sealed += input.substr(1);
  Seal(sealed);
  Check(sealed);
  return 0;
}
