#include "wire/rest_json.h"

#include <algorithm>
#include <string>
#include <utility>

#include "wire/body_stream.h"
#include "wire/error_response.h"
#include "wire/event_answer.h"
#include "wire/event_stream.h"
#include "wire/json_codec.h"
#include "wire/violations.h"

namespace mayfly::wire {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kBytesType = "application/octet-stream";

const std::string* FindLabel(const RouteMatch& match, std::string_view name) {
  for (const auto& [label, value] : match.labels) {
    if (label == name) return &value;
  }
  return nullptr;
}

// The single text of a member outside of the body; null when the request has none.
const std::string* FindText(const Member& member, const RouteMatch& match, const http::Request& request) {
  if (member.location == Location::Path) return FindLabel(match, member.wire_name);
  if (member.location == Location::Header) return request.headers.Find(member.wire_name);
  for (const auto& [name, value] : match.query) {
    if (name == member.wire_name) return &value;
  }
  return nullptr;
}

// A list in the query is its parameter, repeated.
Result<> ReadQueryList(const Member& member, const RouteMatch& match, void* field_storage, const Path& path, Violations& violations) {
  json::Array items;
  for (const auto& [name, value] : match.query) {
    if (name == member.wire_name) items.emplace_back(value);
  }
  if (items.empty()) {
    if (member.required) violations.Missing(path);
    return {};
  }
  json::Value list(std::move(items));
  return ReadJson(*member.shape, list, member.field->emplace(field_storage), path, violations);
}

// A member in the path, the query or a header.
Result<> ReadOutside(const Member& member, const RouteMatch& match, const http::Request& request, void* object, Violations& violations) {
  const Path path{nullptr, member.name};
  void* storage = static_cast<char*>(object) + member.offset;
  if (member.shape->kind == Kind::List) return ReadQueryList(member, match, storage, path, violations);
  const std::string* text = FindText(member, match, request);
  if (!text) {
    if (member.required) violations.Missing(path);
    return {};
  }
  return ReadText(*member.shape, *text, member.field->emplace(storage), path, violations);
}

bool HasBodyMembers(const Structure& structure) {
  return std::ranges::any_of(structure.members, [](const Member& member) { return member.location == Location::Body; });
}

BlobStream BodyOf(http::Request& request) {
  if (request.body_reader) return std::move(request.body_reader);
  return std::move(request.body);
}

Result<> ReadPayload(const Member& member, http::Request& request, void* object, Violations& violations) {
  const Path path{nullptr, member.name};
  void* storage = static_cast<char*>(object) + member.offset;
  if (member.shape->kind == Kind::BlobStream) {
    *static_cast<BlobStream*>(member.field->emplace(storage)) = BodyOf(request);
    return {};
  }
  std::string& body = request.body;
  if (body.empty()) {
    if (member.required) violations.Missing(path);
    return {};
  }
  if (member.shape->kind == Kind::Blob || member.shape->kind == Kind::String) {
    *static_cast<std::string*>(member.field->emplace(storage)) = std::move(body);
    return {};
  }
  MF_TRY(json::Value value, ParseJsonBody(body));
  return ReadJson(*member.shape, value, member.field->emplace(storage), path, violations);
}

Result<> ReadBody(const Structure& structure, http::Request& request, void* object, Violations& violations) {
  if (const Member* payload = structure.Payload()) return ReadPayload(*payload, request, object, violations);
  if (!HasBodyMembers(structure)) return {};  // a body that nobody asked for is ignored
  json::Value value{json::Object()};
  if (!request.body.empty()) {
    MF_TRY(value, ParseJsonBody(request.body));
    std::string().swap(request.body);  // packages are large: do not keep both forms
    if (value.is_null()) value = json::Value(json::Object());
  }
  return ReadJsonMembers(structure, MemberChoice::BodyOnly, value, object, nullptr, violations);
}

void WriteOutside(const Member& member, const void* value, http::Response& response) {
  if (member.location == Location::Status) {
    response.status = *static_cast<const int32_t*>(value);
  } else if (member.location == Location::Header) {
    const std::string text = WriteText(*member.shape, value);
    response.headers.Set(member.wire_name, text);
  }
}

void WriteBlobStream(BlobStream& stream, http::Response& response) {
  if (stream.whole()) response.body = stream.Take();
  else response.stream = WriteBlob(std::move(stream));
}

void WritePayload(const Member& member, void* value, http::Response& response) {
  if (member.shape->kind == Kind::Blob || member.shape->kind == Kind::String) {
    response.body = std::move(*static_cast<std::string*>(value));
  } else if (member.shape->kind == Kind::BlobStream) {
    WriteBlobStream(*static_cast<BlobStream*>(value), response);
  } else if (member.shape->kind == Kind::EventStream) {
    response.stream = WriteEvents(*member.shape->structure, member.shape->events->take(value));
  } else {
    WriteJson(*member.shape, value, response.body);
  }
}

// What a body is called when the model binds nothing to Content-Type.
void NameContent(std::string_view type, http::Response& response) {
  if (!response.headers.Find("Content-Type")) response.headers.Set("Content-Type", type);
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

Result<RouteMatch> RestJson::Route(const http::Request& request) const {
  return router_.Find(request.method, request.path(), request.query());
}

Result<Message> RestJson::Decode(const RouteMatch& match, http::Request& request) const {
  MF_ASSERT(match.operation->todo.empty());
  Message message(match.operation->input);
  if (!message.get()) return message;
  const Structure& structure = *match.operation->input;
  Violations violations;
  for (const Member& member : structure.members) {
    if (member.location == Location::Body || member.location == Location::Payload) continue;
    MF_TRY_VOID(ReadOutside(member, match, request, message.get(), violations));
  }
  MF_TRY_VOID(ReadBody(structure, request, message.get(), violations));
  if (!violations.empty()) return Fail(violations.ToError());
  return message;
}

http::Response RestJson::Encode(const Operation& operation, Message& message) const {
  http::Response response;
  response.status = operation.status;
  if (!message.get()) return response;
  const Structure& structure = *message.structure();
  for (const Member& member : structure.members) {
    const void* value = member.field->get(static_cast<const char*>(message.get()) + member.offset);
    if (!value) continue;
    if (member.location == Location::Payload) WritePayload(member, const_cast<void*>(value), response);  // `message` is ours to empty
    WriteOutside(member, value, response);
  }
  const Member* payload = structure.Payload();
  if (!payload && response.status != 204) WriteJsonMembers(structure, MemberChoice::BodyOnly, message.get(), response.body);
  if (payload && payload->shape->kind == Kind::BlobStream) NameContent(kBytesType, response);
  else if (response.stream) NameEventStream(response);
  else if (!response.body.empty()) response.headers.Set("Content-Type", kJsonType);
  return response;
}

http::Response RestJson::EncodeError(const Error& error) const {
  ErrorAnswer answer = DescribeError(service_, error);
  http::Response response = http::Response::Json(answer.status, json::Write(json::Value(std::move(answer.body))));
  response.headers.Set("x-amzn-ErrorType", answer.code);
  if (!answer.retry_after.empty()) response.headers.Set("Retry-After", answer.retry_after);
  return response;
}

}  // namespace mayfly::wire
