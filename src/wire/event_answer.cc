#include "wire/event_answer.h"

#include <array>

#include "wire/event_stream.h"

namespace mayfly::wire {
namespace {

constexpr std::string_view kInitialResponse = "initial-response";

class FrameSender final : public EventSender {
 public:
  FrameSender(const Structure& events, const EventForm& form, http::BodyWriter& body) : events_(events), form_(form), body_(body) {}

  Task<Result<>> Send(Context& ctx, const void* event) override {
    frame_.clear();
    MF_CO_TRY_VOID(Compose(event));
    co_return co_await body_.Write(ctx, frame_);
  }
  Task<Result<>> SendInitial(Context& ctx, std::string_view document) {
    frame_.clear();
    MF_CO_TRY_VOID(Append(kInitialResponse, form_.content_type, document));
    co_return co_await body_.Write(ctx, frame_);
  }

 private:
  Result<> Compose(const void* event) {
    for (const Member& member : events_.members) {
      if (const void* value = Structure::Get(member, event)) return ComposeMember(member, value);
    }
    return Fail(Error::Fault("an event without a kind"));
  }

  Result<> ComposeMember(const Member& kind, const void* value) {
    const Structure& structure = *kind.shape->structure;
    const Member* payload = structure.Payload();
    if (!payload) {
      document_.clear();
      form_.write(structure, value, document_);
      return Append(kind.name, form_.content_type, document_);
    }
    const void* bytes = Structure::Get(*payload, value);
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
  const EventForm& form_;
  http::BodyWriter& body_;
  std::string frame_;
  std::string document_;
};

Task<Result<>> Run(Context& ctx, http::BodyWriter& body, const Structure& events, const EventForm& form, RawEventStream stream, std::string initial) {
  FrameSender sender(events, form, body);
  if (!initial.empty()) MF_CO_TRY_VOID(co_await sender.SendInitial(ctx, initial));
  co_return co_await stream(ctx, sender);
}

// What the model binds to Content-Type of a stream of events is the type of what the events carry: the answer itself has its own.
void NameEventStream(http::Response& response) {
  if (const std::string* carried = response.headers.Find("Content-Type")) {
    const std::string type = *carried;
    response.headers.Set("X-Amzn-Remapped-Content-Type", type);
  }
  response.headers.Set("Content-Type", kEventStreamType);
}

}  // namespace

void StreamEvents(const Structure& events, const EventForm& form, RawEventStream stream, http::Response& response, std::string initial) {
  response.stream = [&events, &form, stream = std::move(stream), initial = std::move(initial)](Context& ctx, http::BodyWriter& body) mutable {
    return Run(ctx, body, events, form, std::move(stream), std::move(initial));
  };
  NameEventStream(response);
}

void StreamRpcEvents(const EventForm& form, Message& message, http::Response& response) {
  const Member* payload = message.structure()->Payload();
  if (!payload || payload->shape->kind != Kind::EventStream) return;
  void* stream = const_cast<void*>(Structure::Get(*payload, message.get()));  // `message` is ours to empty
  if (!stream) return;
  response.headers.Remove("Content-Type");
  StreamEvents(*payload->shape->structure, form, payload->shape->events->take(stream), response, std::exchange(response.body, {}));
}

}  // namespace mayfly::wire
