#include "wire/directory.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/error_response.h"
#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

Error Unknown(std::string_view what, std::string_view name) {
  return Error::Service("UnknownOperationException", fmt::format("There is no {} {} here.", what, name.substr(0, 100)));
}

bool Streams(const Structure* structure) {
  const Member* payload = structure ? structure->Payload() : nullptr;
  return payload && (payload->shape->kind == Kind::BlobStream || payload->shape->kind == Kind::EventStream);
}

Result<> CheckCallable(const Operation& operation) {
  if (!operation.call) return Fail(NotImplemented(operation));
  if (!Streams(operation.input) && !Streams(operation.output)) return {};
  return Fail(Error::Service("NotImplementedException", fmt::format("{} streams, and so has no answer in JSON.", operation.name)));
}

Result<Message> ReadParameters(const Operation& operation, std::string_view parameters) {
  MF_TRY(json::Value body, ParseJsonBody(parameters));
  Message input(operation.input);
  Violations violations;
  MF_TRY_VOID(ReadJsonMembers(*operation.input, MemberChoice::All, body, input.get(), nullptr, violations));
  if (!violations.empty()) return Fail(violations.ToError());
  return input;
}

}  // namespace

void Directory::Register(Endpoint& endpoint) {
  MF_ASSERT(!Find(endpoint.service().name));
  endpoints_.push_back(&endpoint);
}

Endpoint* Directory::Find(std::string_view service) const {
  const auto is_it = [&](const Endpoint* endpoint) {
    const auto signing = Split(endpoint->service().signing, ' ');
    return endpoint->service().name == service || std::ranges::find(signing, service) != signing.end();
  };
  const auto found = std::ranges::find_if(endpoints_, is_it);
  return found == endpoints_.end() ? nullptr : *found;
}

Task<Result<Message>> Directory::CallMessage(Context& ctx, Principal principal, const Service& service, const Operation& operation, Message input) {
  Endpoint* endpoint = Find(service.name);
  if (!endpoint) co_return Fail(Unknown("service", service.name));
  Context inside = ctx;
  inside.principal = std::move(principal);
  inside.request_id = random_->Uuid();
  co_return co_await endpoint->Call(inside, operation, std::move(input));
}

Task<Result<std::string>> Directory::CallJson(Context& ctx, Principal principal, std::string_view service, std::string_view operation,
                                              std::string_view parameters) {
  const Endpoint* endpoint = Find(service);
  if (!endpoint) co_return Fail(Unknown("service", service));
  const Operation* found = FindOperation(endpoint->service(), operation);
  if (!found) co_return Fail(Unknown("operation", operation));
  MF_CO_TRY_VOID(CheckCallable(*found));
  MF_CO_TRY(Message input, ReadParameters(*found, parameters));
  MF_CO_TRY(const Message output, co_await CallMessage(ctx, std::move(principal), endpoint->service(), *found, std::move(input)));
  std::string result = "{}";
  if (output.get()) {
    result.clear();
    WriteJsonMembers(*output.structure(), MemberChoice::All, output.get(), result);
  }
  co_return result;
}

}  // namespace mayfly::wire
