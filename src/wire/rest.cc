#include "wire/rest.h"

#include <algorithm>
#include <utility>

#include "wire/body_stream.h"
#include "wire/event_answer.h"
#include "wire/event_request.h"
#include "wire/rest_members.h"

namespace mayfly::wire {
namespace {

BlobStream BodyOf(http::Request& request) {
  if (request.body_reader) return std::move(request.body_reader);
  return std::move(request.body);
}

bool IsBytes(const Shape& shape) { return shape.kind == Kind::Blob || shape.kind == Kind::String; }

void WriteBlobStream(BlobStream& stream, http::Response& response) {
  if (stream.whole()) response.body = stream.Take();
  else response.stream = WriteBlob(std::move(stream));
}

void NameContent(std::string_view type, http::Response& response) {
  if (!response.headers.Find("Content-Type")) response.headers.Set("Content-Type", type);
}

}  // namespace

Rest::Rest(const Service& service, const EventForm& events) : service_(service), events_(events), router_(service), virtual_hosts_(HostFormsOf(service)) {
  const auto labelled = std::ranges::stable_partition(virtual_hosts_, [](const HostForm& form) { return !form.has_label(); });
  plain_hosts_.assign(virtual_hosts_.begin(), labelled.begin());
  virtual_hosts_.erase(virtual_hosts_.begin(), labelled.begin());
}

std::string Rest::PathOf(const http::Request& request) const {
  const std::string_view host = virtual_hosts_.empty() ? std::string_view() : WithoutPort(request.headers.Get("Host"));
  if (std::ranges::any_of(plain_hosts_, [&](const HostForm& form) { return form.Fits(host); })) return std::string(request.path());
  for (const HostForm& form : virtual_hosts_) {
    if (const auto label = form.LabelIn(host)) return std::string("/").append(*label).append(request.path());
  }
  return std::string(request.path());
}

Result<RouteMatch> Rest::Route(const http::Request& request) const {
  return router_.Find(request.method, PathOf(request), request.query(), request.headers);
}

Result<Message> Rest::Read(const RouteMatch& match, http::Request& request, Violations& violations) const {
  MF_ASSERT(match.operation->todo.empty());
  Message message(match.operation->input);
  if (!message.get()) return message;
  const Structure& structure = *match.operation->input;
  MF_TRY_VOID(ReadOutsideMembers(structure, match, request, message.get(), violations));
  MF_TRY_VOID(ReadBody(structure, request, message.get(), violations));
  return message;
}

Result<> Rest::ReadBody(const Structure& input, http::Request& request, void* object, Violations& violations) const {
  if (const Member* payload = input.Payload()) return ReadWhole(*payload, request, object, violations);
  if (!input.HasBody()) return {};  // a body that nobody asked for is ignored
  return ReadDocument(input, std::move(request.body), object, violations);
}

Result<> Rest::ReadWhole(const Member& payload, http::Request& request, void* object, Violations& violations) const {
  const Shape& shape = *payload.shape;
  if (shape.kind == Kind::BlobStream) {
    *static_cast<BlobStream*>(Structure::Emplace(payload, object)) = BodyOf(request);
    return {};
  }
  if (shape.kind == Kind::EventStream) {
    shape.events->give(Structure::Emplace(payload, object), ReadEvents(*shape.structure, events_, BodyOf(request)));
    return {};
  }
  if (request.body.empty()) {
    if (payload.required) violations.Missing({nullptr, payload.name});
    return {};
  }
  if (!IsBytes(shape)) return ReadPayload(payload, std::move(request.body), object, violations);
  *static_cast<std::string*>(Structure::Emplace(payload, object)) = std::move(request.body);
  return {};
}

http::Response Rest::Encode(const Operation& operation, Message& message) const {
  http::Response response;
  response.status = operation.status;
  if (!message.get()) return response;
  const Structure& structure = *message.structure();
  WriteOutsideMembers(structure, message.get(), response);
  if (const Member* payload = structure.Payload()) {
    const void* value = Structure::Get(*payload, message.get());
    if (value) WriteWhole(*payload, const_cast<void*>(value), response);  // `message` is ours to empty
  } else if (response.status != 204) {
    WriteDocument(structure, message.get(), response.body);
    if (!response.body.empty()) NameContent(document_type(), response);
  }
  return response;
}

void Rest::WriteWhole(const Member& payload, void* value, http::Response& response) const {
  const Shape& shape = *payload.shape;
  if (shape.kind == Kind::BlobStream) {
    WriteBlobStream(*static_cast<BlobStream*>(value), response);
    NameContent("application/octet-stream", response);
  } else if (shape.kind == Kind::EventStream) {
    StreamEvents(*shape.structure, events_, shape.events->take(value), response);
  } else if (IsBytes(shape)) {
    response.body = std::move(*static_cast<std::string*>(value));
    if (!response.body.empty()) NameContent(blob_type(), response);
  } else {
    WritePayload(payload, value, response.body);
    NameContent(document_type(), response);
  }
}

}  // namespace mayfly::wire
