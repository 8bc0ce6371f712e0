#include "wire/event_answer.h"

#include <algorithm>
#include <array>

#include "wire/event_stream.h"
#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

class FrameSender final : public EventSender {
 public:
  FrameSender(const Structure& events, http::BodyWriter& body) : events_(events), body_(body) {}

  Task<Result<>> Send(Context& ctx, const void* event) override {
    frame_.clear();
    MF_CO_TRY_VOID(Compose(event));
    co_return co_await body_.Write(ctx, frame_);
  }

 private:
  Result<> Compose(const void* event) {
    for (const Member& member : events_.members) {
      const void* value = member.field->get(static_cast<const char*>(event) + member.offset);
      if (value) return ComposeMember(member, value);
    }
    return Fail(Error::Fault("an event without a kind"));
  }

  Result<> ComposeMember(const Member& kind, const void* value) {
    const Structure& structure = *kind.shape->structure;
    const auto payload = std::ranges::find(structure.members, Location::Payload, &Member::location);
    if (payload == structure.members.end()) {
      json_.clear();
      WriteJsonMembers(structure, MemberChoice::All, value, json_);
      return Append(kind.name, "application/json", json_);
    }
    const void* bytes = payload->field->get(static_cast<const char*>(value) + payload->offset);
    return Append(kind.name, payload->shape->kind == Kind::String ? "text/plain" : "application/octet-stream",
                  bytes ? std::string_view(*static_cast<const std::string*>(bytes)) : std::string_view());
  }

  Result<> Append(std::string_view kind, std::string_view content_type, std::string_view payload) {
    if (payload.size() > kEventPayloadBytesMax) return Fail(Error::Fault("an event is too large for a message"));
    const std::array<EventHeader, 3> headers = {EventHeader{":event-type", std::string(kind)}, EventHeader{":content-type", std::string(content_type)},
                                                EventHeader{":message-type", "event"}};
    AppendEventMessage(frame_, headers, payload);
    return {};
  }

  const Structure& events_;
  http::BodyWriter& body_;
  std::string frame_;
  std::string json_;
};

Task<Result<>> Run(Context& ctx, http::BodyWriter& body, const Structure& events, RawEventStream stream) {
  FrameSender sender(events, body);
  co_return co_await stream(ctx, sender);
}

}  // namespace

std::move_only_function<Task<Result<>>(Context&, http::BodyWriter&)> WriteEvents(const Structure& events, RawEventStream stream) {
  return [&events, stream = std::move(stream)](Context& ctx, http::BodyWriter& body) mutable { return Run(ctx, body, events, std::move(stream)); };
}

}  // namespace mayfly::wire
