#include "invoke/async_event.h"

#include <fmt/format.h>

namespace mayfly::invoke {
namespace {

// Format, then the members in their order: a number as 8 bytes, little-endian; a text as its length and its bytes.
constexpr char kEventFormat = 'E';
constexpr char kDeliveryFormat = 'D';
constexpr uint64_t kAttributesMax = 64;

class Writer {
 public:
  Writer(char format, size_t bytes) {
    out_.reserve(bytes);
    out_ += format;
  }
  Writer& Number(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) out_ += static_cast<char>(value >> shift & 0xff);
    return *this;
  }
  Writer& Text(std::string_view text) {
    Number(text.size());
    out_ += text;
    return *this;
  }
  Writer& Function(const catalog::FunctionReference& function) {
    return Text(function.name.account_id).Text(function.name.region).Text(function.name.name).Text(function.qualifier);
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// Reads what Writer wrote; after bytes that do not fit, everything is empty and ok() is false.
class Reader {
 public:
  Reader(char format, std::string_view bytes) : left_(bytes), ok_(!bytes.empty() && bytes[0] == format) {
    if (ok_) left_.remove_prefix(1);
  }
  uint64_t Number() {
    if (!ok_ || left_.size() < 8) return Spoil(), 0;
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value |= uint64_t{static_cast<unsigned char>(left_[static_cast<size_t>(i)])} << (8 * i);
    left_.remove_prefix(8);
    return value;
  }
  int Count() {
    const uint64_t value = Number();
    if (value > INT32_MAX) return Spoil(), 0;
    return static_cast<int>(value);
  }
  std::string Text() {
    const uint64_t size = Number();
    if (!ok_ || size > left_.size()) return Spoil(), std::string();
    std::string text(left_.substr(0, size));
    left_.remove_prefix(size);
    return text;
  }
  catalog::FunctionReference Function() {
    catalog::FunctionReference function;
    function.name = {Text(), Text(), Text()};
    function.qualifier = Text();
    return function;
  }
  void Spoil() { ok_ = false; }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && left_.empty(); }

 private:
  std::string_view left_;
  bool ok_;
};

size_t BytesOf(const catalog::FunctionReference& function) {
  return function.name.account_id.size() + function.name.region.size() + function.name.name.size() + function.qualifier.size();
}

}  // namespace

std::string Encode(const AsyncEvent& event) {
  Writer writer(kEventFormat, 128 + event.request_id.size() + BytesOf(event.function) + event.payload.size() + event.trace_header.size() +
                                  event.client_context.size());
  writer.Text(event.request_id).Function(event.function).Text(event.trace_header).Text(event.client_context);
  writer.Number(static_cast<uint64_t>(event.accepted_at.time_since_epoch().count()));
  writer.Number(static_cast<uint64_t>(event.invocations)).Number(static_cast<uint64_t>(event.function_errors));
  writer.Number(static_cast<uint64_t>(event.system_errors)).Text(event.payload);
  return writer.Take();
}

Result<AsyncEvent> DecodeEvent(std::string_view bytes) {
  Reader reader(kEventFormat, bytes);
  AsyncEvent event;
  event.request_id = reader.Text();
  event.function = reader.Function();
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

std::string Encode(const OwedDelivery& owed) {
  const delivery::Delivery& delivery = owed.delivery;
  Writer writer(kDeliveryFormat, 256 + delivery.body.size() + delivery.trace_header.size());
  writer.Number(static_cast<uint64_t>(owed.kind)).Number(static_cast<uint64_t>(owed.attempts)).Function(owed.function);
  writer.Text(delivery.id).Text(delivery.target_arn).Text(delivery.source_arn).Text(delivery.trace_header).Text(delivery.detail_type);
  writer.Number(delivery.attributes.size());
  for (const delivery::DeliveryAttribute& attribute : delivery.attributes) {
    writer.Text(attribute.name).Number(static_cast<uint64_t>(attribute.type)).Text(attribute.value);
  }
  writer.Text(delivery.body);
  return writer.Take();
}

Result<OwedDelivery> DecodeDelivery(std::string_view bytes) {
  Reader reader(kDeliveryFormat, bytes);
  OwedDelivery owed;
  const uint64_t kind = reader.Number();
  if (kind > 1) reader.Spoil();
  owed.kind = static_cast<OwedDelivery::Kind>(kind);
  owed.attempts = reader.Count();
  owed.function = reader.Function();
  delivery::Delivery& delivery = owed.delivery;
  delivery.id = reader.Text();
  delivery.target_arn = reader.Text();
  delivery.source_arn = reader.Text();
  delivery.trace_header = reader.Text();
  delivery.detail_type = reader.Text();
  const uint64_t attributes = reader.Number();
  if (attributes > kAttributesMax) reader.Spoil();
  for (uint64_t i = 0; reader.ok() && i < attributes; ++i) {
    delivery::DeliveryAttribute attribute;
    attribute.name = reader.Text();
    const uint64_t type = reader.Number();
    if (type > 1) reader.Spoil();
    attribute.type = static_cast<delivery::DeliveryAttribute::Type>(type);
    attribute.value = reader.Text();
    delivery.attributes.push_back(std::move(attribute));
  }
  delivery.body = reader.Text();
  if (!reader.at_end()) return Fail(Error::Fault(fmt::format("a stored delivery of {} bytes cannot be read", bytes.size())));
  return owed;
}

}  // namespace mayfly::invoke
