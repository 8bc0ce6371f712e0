#include "wire/rpc_cbor.h"

#include "wire/cbor_codec.h"
#include "wire/error_response.h"
#include "wire/event_answer.h"
#include "wire/rest_members.h"
#include "wire/violations.h"

namespace mayfly::wire {
namespace {

constexpr std::string_view kType = "application/cbor";

http::Response Answer(int status) {
  http::Response response;
  response.status = status;
  response.headers.Set("smithy-protocol", "rpc-v2-cbor");
  return response;
}

// "/service/TARGET/operation/NAME", behind whatever prefix, → "NAME"; "" for a path of another form or another service.
std::string_view OperationName(const Service& service, std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view target = service.target.empty() ? service.name : service.target;
  const std::string head = std::string("/service/").append(target).append("/operation");
  return path.substr(0, slash).ends_with(head) ? path.substr(slash + 1) : std::string_view();
}

}  // namespace

bool RpcCbor::Recognizes(const http::Request& request) const { return request.headers.Get("smithy-protocol") == "rpc-v2-cbor"; }

Result<RouteMatch> RpcCbor::Route(const http::Request& request) const {
  const std::string_view name = OperationName(service_, request.path());
  RouteMatch match;
  match.operation = name.empty() ? nullptr : FindOperation(service_, name);
  if (!match.operation) return Fail(Error::Service("UnknownOperationException", "The requested operation is not known to this service."));
  if (request.method != "POST") return Fail(Error::Service("MethodNotAllowedException", "Operations are called by POST."));
  return match;
}

Result<Message> RpcCbor::Read(const RouteMatch& match, http::Request& request, Violations& violations) const {
  MF_ASSERT(match.operation->todo.empty());
  Message message(match.operation->input);
  if (!message.get()) return message;
  MF_TRY_VOID(ReadHeaderMembers(*message.structure(), request, message.get(), violations));
  MF_TRY_VOID(ReadCborDocument(*message.structure(), MemberChoice::BodyOnly, request.body, message.get(), violations));
  return message;
}

Error RpcCbor::ErrorOf(const Violations& violations) const {
  const bool in_query = service_.Speaks("query") && !violations.first_missing().empty();
  return in_query ? MissingParameter(violations.first_missing()) : violations.ToError();
}

http::Response RpcCbor::Encode(const Operation& operation, Message& message) const {
  http::Response response = Answer(operation.status);
  if (!message.get()) return response;
  WriteCborMembers(*message.structure(), MemberChoice::BodyOnly, message.get(), response.body);
  response.headers.Set("Content-Type", kType);
  StreamRpcEvents(kCborEvents, message, response);
  return response;
}

http::Response RpcCbor::EncodeError(const Error& error) const {
  ErrorAnswer answer = DescribeError(service_, error);
  std::erase_if(answer.body, [](const json::Member& member) { return member.first == "Type"; });
  answer.body.insert(answer.body.begin(), json::Member("__type", TypeOf(service_, answer)));
  http::Response response = Answer(answer.status);
  response.headers.Set("Content-Type", kType);
  if (service_.Speaks("query")) response.headers.Set("x-amzn-query-error", QueryErrorOf(service_, answer));
  CborWriter writer(response.body);
  WriteCborValue(json::Value(std::move(answer.body)), writer);
  return response;
}

constinit const EventForm kCborEvents{
    kType, [](const Structure& event, const void* object, std::string& out) { WriteCborMembers(event, MemberChoice::All, object, out); },
    [](const Structure& event, std::string bytes, void* object, Violations& violations) {
      return ReadCborDocument(event, MemberChoice::All, bytes, object, violations);
    }};

}  // namespace mayfly::wire
