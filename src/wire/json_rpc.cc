#include "wire/json_rpc.h"

#include <fmt/format.h>

#include "wire/error_response.h"
#include "wire/event_answer.h"
#include "wire/json_codec.h"
#include "wire/rest_members.h"

namespace mayfly::wire {
namespace {

// "TARGET.SendMessage" → "SendMessage"; "" when the target is not of the service. (A service without a target stands for those that are
// not here: it takes all.)
std::string_view OperationName(const Service& service, const http::Request& request) {
  const std::string_view target = request.headers.Get("X-Amz-Target");
  const size_t dot = target.rfind('.');
  if (dot == std::string_view::npos || (!service.target.empty() && target.substr(0, dot) != service.target)) return {};
  return target.substr(dot + 1);
}

}  // namespace

JsonRpc::JsonRpc(const Service& service, std::string_view version)
    : service_(service), content_type_(fmt::format("application/x-amz-json-{}", version)), has_query_(service.Speaks("query")) {}

bool JsonRpc::Recognizes(const http::Request& request) const { return !OperationName(service_, request).empty(); }

Result<RouteMatch> JsonRpc::Route(const http::Request& request) const {
  const std::string_view name = OperationName(service_, request);
  const Operation* operation = name.empty() ? nullptr : FindOperation(service_, name);
  if (!operation) return Fail(Error::Service("UnknownOperationException", "The requested operation is not known to this service."));
  RouteMatch match;
  match.operation = operation;
  return match;
}

Result<Message> JsonRpc::Read(const RouteMatch& match, http::Request& request, Violations& violations) const {
  MF_ASSERT(match.operation->todo.empty());
  Message message(match.operation->input);
  if (!message.get()) return message;
  MF_TRY_VOID(ReadHeaderMembers(*message.structure(), request, message.get(), violations));
  MF_TRY(json::Value body, ParseJsonDocument(std::move(request.body)));
  MF_TRY_VOID(ReadJsonMembers(*message.structure(), MemberChoice::BodyOnly, body, message.get(), nullptr, violations));
  return message;
}

Error JsonRpc::ErrorOf(const Violations& violations) const {
  return has_query_ && !violations.first_missing().empty() ? MissingParameter(violations.first_missing()) : violations.ToError();
}

http::Response JsonRpc::Encode(const Operation& operation, Message& message) const {
  http::Response response;
  response.status = operation.status;
  response.headers.Set("Content-Type", content_type_);
  if (!message.get()) return response;
  WriteJsonMembers(*message.structure(), MemberChoice::BodyOnly, message.get(), response.body);
  StreamRpcEvents(kJsonEvents, message, response);
  return response;
}

http::Response JsonRpc::EncodeError(const Error& error) const {
  ErrorAnswer answer = DescribeError(service_, error);
  std::erase_if(answer.body, [](const json::Member& member) { return member.first == "Type"; });
  answer.body.insert(answer.body.begin(), json::Member("__type", TypeOf(service_, answer)));
  http::Response response = http::Response::Text(answer.status, json::Write(json::Value(std::move(answer.body))), content_type_);
  if (has_query_) {
    response.headers.Set("x-amzn-query-error", QueryErrorOf(service_, answer));
  }
  return response;
}

}  // namespace mayfly::wire
