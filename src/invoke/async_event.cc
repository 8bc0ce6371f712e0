#include "invoke/async_event.h"

#include <fmt/format.h>

#include "delivery/item_codec.h"

namespace mayfly::invoke {
namespace {

constexpr char kFormat = 'E';

void Write(const catalog::FunctionReference& function, delivery::ItemWriter& writer) {
  writer.Text(function.name.account_id).Text(function.name.region).Text(function.name.name).Text(function.qualifier);
}

catalog::FunctionReference ReadFunction(delivery::ItemReader& reader) {
  catalog::FunctionReference function;
  function.name = {reader.Text(), reader.Text(), reader.Text()};
  function.qualifier = reader.Text();
  return function;
}

size_t BytesOf(const catalog::FunctionReference& function) {
  return function.name.account_id.size() + function.name.region.size() + function.name.name.size() + function.qualifier.size();
}

}  // namespace

std::string Encode(const AsyncEvent& event) {
  delivery::ItemWriter writer(kFormat, 128 + event.request_id.size() + BytesOf(event.function) + event.payload.size() +
                                           event.trace_header.size() + event.client_context.size());
  writer.Text(event.request_id);
  Write(event.function, writer);
  writer.Text(event.trace_header).Text(event.client_context);
  writer.Number(static_cast<uint64_t>(event.accepted_at.time_since_epoch().count()));
  writer.Number(static_cast<uint64_t>(event.invocations)).Number(static_cast<uint64_t>(event.function_errors));
  writer.Number(static_cast<uint64_t>(event.system_errors)).Text(event.payload);
  return writer.Take();
}

Result<AsyncEvent> DecodeEvent(std::string_view bytes) {
  delivery::ItemReader reader(bytes);
  if (reader.format() != kFormat) reader.Spoil();
  AsyncEvent event;
  event.request_id = reader.Text();
  event.function = ReadFunction(reader);
  event.trace_header = reader.Text();
  event.client_context = reader.Text();
  event.accepted_at = WallTime(Duration(static_cast<int64_t>(reader.Number())));
  event.invocations = reader.Count();
  event.function_errors = reader.Count();
  event.system_errors = reader.Count();
  event.payload = reader.Text();
  if (!reader.at_end()) return Fail(Error::Fault(fmt::format("a stored event of {} bytes cannot be read", bytes.size())));
  return event;
}

}  // namespace mayfly::invoke
