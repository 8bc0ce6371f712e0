#include "wire/rest_json.h"

#include <utility>

#include "wire/error_response.h"
#include "wire/json_codec.h"

namespace mayfly::wire {

Result<> RestJson::ReadDocument(const Structure& input, std::string body, void* object, Violations& violations) const {
  MF_TRY(json::Value value, ParseJsonDocument(std::move(body)));
  return ReadJsonMembers(input, MemberChoice::BodyOnly, value, object, nullptr, violations);
}

Result<> RestJson::ReadPayload(const Member& payload, std::string body, void* object, Violations& violations) const {
  MF_TRY(json::Value value, ParseJsonBody(body));
  return ReadJson(*payload.shape, value, Structure::Emplace(payload, object), {nullptr, payload.name}, violations);
}

void RestJson::WriteDocument(const Structure& output, const void* object, std::string& out) const {
  WriteJsonMembers(output, MemberChoice::BodyOnly, object, out);
}

void RestJson::WritePayload(const Member& payload, const void* value, std::string& out) const { WriteJson(*payload.shape, value, out); }

http::Response RestJson::EncodeError(const Error& error) const {
  ErrorAnswer answer = DescribeError(service_, error);
  http::Response response = http::Response::Json(answer.status, json::Write(json::Value(std::move(answer.body))));
  response.headers.Set("x-amzn-ErrorType", answer.code);
  if (!answer.retry_after.empty()) response.headers.Set("Retry-After", answer.retry_after);
  for (const auto& [name, value] : answer.headers) response.headers.Set(name, value);
  return response;
}

constinit const EventForm kJsonEvents{
    "application/json", [](const Structure& event, const void* object, std::string& out) { WriteJsonMembers(event, MemberChoice::All, object, out); },
    [](const Structure& event, std::string bytes, void* object, Violations& violations) -> Result<> {
      MF_TRY(json::Value value, ParseJsonDocument(std::move(bytes)));
      return ReadJsonMembers(event, MemberChoice::All, value, object, nullptr, violations);
    }};

}  // namespace mayfly::wire
