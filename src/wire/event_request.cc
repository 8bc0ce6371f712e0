#include "wire/event_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "wire/event_stream.h"
#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

class FrameReader final : public EventSource {
 public:
  FrameReader(const Structure& events, const EventForm& form, BlobStream body) : events_(events), form_(form), body_(std::move(body)) {}

  Task<Result<bool>> Read(Context& ctx, void* event) override {
    EventMessage message;
    MF_CO_TRY(bool more, co_await Next(ctx, message));
    if (more && IsSigned(message)) {
      MF_CO_TRY(more, Unwrap(message));
    }
    if (!more) co_return false;
    MF_CO_TRY_VOID(Take(message, event));
    co_return true;
  }

 private:
  // The next message of the body; false at its end.
  Task<Result<bool>> Next(Context& ctx, EventMessage& message) {
    for (;;) {
      const EventDecoding decoding = DecodeEventMessage(std::string_view(bytes_).substr(taken_), message);
      if (decoding.state == EventDecoding::State::Malformed) co_return Fail(SerializationError("An event of the request is malformed"));
      if (decoding.state == EventDecoding::State::Message) {
        taken_ += decoding.consumed;
        co_return true;
      }
      bytes_.erase(0, std::exchange(taken_, 0));
      MF_CO_TRY(const std::string piece, co_await body_.Read(ctx));
      if (piece.empty() && bytes_.empty()) co_return false;
      if (piece.empty()) co_return Fail(SerializationError("The request ends within an event"));
      bytes_ += piece;
    }
  }

  static bool IsSigned(const EventMessage& message) {
    return std::ranges::any_of(message.headers, [](const EventHeader& header) { return header.name == ":chunk-signature"; });
  }

  static Result<bool> Unwrap(EventMessage& message) {
    if (message.payload.empty()) return false;
    const std::string inner = std::move(message.payload);
    const EventDecoding decoding = DecodeEventMessage(inner, message);
    if (decoding.state != EventDecoding::State::Message || decoding.consumed != inner.size()) {
      return Fail(SerializationError("A signed event of the request is malformed"));
    }
    return true;
  }

  Result<> Take(EventMessage& message, void* event) {
    if (message.Text(":message-type") != "event") return Fail(SerializationError("The request's events end with an error of the client"));
    const std::string_view kind = message.Text(":event-type");
    const auto member = std::ranges::find(events_.members, kind, &Member::name);
    if (member == events_.members.end()) return Fail(SerializationError(fmt::format("There is no event {}", kind.substr(0, 100))));
    Violations violations;
    MF_TRY_VOID(TakeEvent(*member->shape->structure, message.payload, Structure::Emplace(*member, event), violations));
    if (!violations.empty()) return Fail(violations.ToError());
    return {};
  }

  Result<> TakeEvent(const Structure& structure, std::string& bytes, void* object, Violations& violations) {
    const Member* payload = structure.Payload();
    if (!payload) return form_.read(structure, std::move(bytes), object, violations);
    if (payload->shape->kind == Kind::String && !IsValidUtf8(bytes)) return Fail(SerializationError("A text of an event is not in UTF-8"));
    auto& field = *static_cast<std::string*>(Structure::Emplace(*payload, object));
    field = std::move(bytes);
    violations.CheckStored({nullptr, payload->name}, *payload->shape, &field, {});
    return {};
  }

  const Structure& events_;
  const EventForm& form_;
  BlobStream body_;
  std::string bytes_;  // at most a message and a piece
  size_t taken_ = 0;
};

}  // namespace

std::shared_ptr<EventSource> ReadEvents(const Structure& events, const EventForm& form, BlobStream body) {
  return std::make_shared<FrameReader>(events, form, std::move(body));
}

}  // namespace mayfly::wire
