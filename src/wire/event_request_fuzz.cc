// Any body as a stream of events of a request ends, in the end of the stream or in an error. A second pass seals the input as one event,
// so that what stands behind the checksums is reached.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/sim_loop.h"
#include "model/shelf.h"
#include "wire/event_request.h"
#include "wire/event_stream.h"

namespace {

using namespace mayfly::wire;

void Check(std::string body) {
  mayfly::SimLoop loop;
  mayfly::Context ctx(loop);
  const Structure& events = *FindOperation(mayfly::shelf::kService, "Read")->input->Payload()->shape->structure;
  EventReader<mayfly::shelf::Reading> reader(ReadEvents(events, kJsonEvents, BlobStream(std::move(body))));
  for (;;) {
    const auto event = loop.Run(reader.Read(ctx));
    if (!event || !*event) return;
    MF_ASSERT((*event)->line.has_value() + (*event)->scan.has_value() + (*event)->turn.has_value() == 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  Check(input);
  for (const std::string_view kind : {"Line", "Turn"}) {
    const std::array<EventHeader, 2> headers = {EventHeader{":message-type", "event"}, EventHeader{":event-type", std::string(kind)}};
    std::string sealed;
    AppendEventMessage(sealed, headers, std::string_view(input).substr(0, kEventPayloadBytesMax));
    Check(sealed);
  }
  return 0;
}
