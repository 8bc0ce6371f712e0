// CreateConnection, UpdateConnection, DeleteConnection, DeauthorizeConnection, DescribeConnection, ListConnections.
#include <fmt/format.h>

#include "base/real_loop.h"
#include "resources/edit.h"
#include "services/events/events_api.h"
#include "services/events/http_api.h"
#include "wire/struct_text.h"

namespace mayfly::events {
namespace {

constexpr std::string_view kOauth = "OAUTH_CLIENT_CREDENTIALS";

std::optional<std::string> TextUnlessEmpty(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }
std::optional<WallTime> TimeUnlessNone(int64_t millis) { return millis == 0 ? std::nullopt : std::optional(WallTime(std::chrono::milliseconds(millis))); }

// AuthParameters, as the request has them.
json::Value ParametersIn(const wire::Operation& operation, const void* request) {
  auto written = json::Parse(wire::WriteStruct(*operation.input, request));
  MF_ASSERT(written.has_value());  // we have just written it
  const json::Value* parameters = written->Find("AuthParameters");
  return parameters ? *parameters : json::Value(json::Object());
}

// What the type needs is there, and nothing of another type.
Result<> CheckParameters(std::string_view type, const json::Value& parameters) {
  constexpr std::pair<std::string_view, std::string_view> kParts[] = {
      {"BASIC", "BasicAuthParameters"}, {"API_KEY", "ApiKeyAuthParameters"}, {kOauth, "OAuthParameters"}};
  for (const auto& [of_type, part] : kParts) {
    if ((of_type == type) == (parameters.Find(part) != nullptr)) continue;
    return Fail(Invalid(of_type == type ? fmt::format("AuthParameters of type {} need {}.", type, part) : fmt::format("AuthParameters of type {} have no {}.", type, part)));
  }
  return {};
}

// The members that most answers have.
template <typename Response>
Response ConnectionAnswer(const ConnectionRow& row) {
  Response response;
  response.connection_arn = row.Arn();
  response.connection_state = row.state;
  response.creation_time = TimeUnlessNone(row.created_millis);
  response.last_modified_time = TimeUnlessNone(row.modified_millis);
  if constexpr (requires { response.last_authorized_time; }) response.last_authorized_time = TimeUnlessNone(row.authorized_millis);
  return response;
}

Error NoConnectivity() { return Error::Service("NotImplementedException", "Private connectivity of connections is not implemented by Mayfly yet."); }

}  // namespace

HttpApi::HttpApi(RealLoop& loop, const Clock& clock, Random& random, HttpTables& tables, DestinationCaller& caller)
    : loop_(&loop), clock_(&clock), random_(&random), tables_(&tables), caller_(&caller), tasks_(loop) {}

void HttpApi::Start() {
  for (const auto& row : tables_->connections.List("", "", SIZE_MAX)) {
    if (row.value->state == "AUTHORIZING") tasks_.Spawn(Authorize(row.key));
  }
}

Task<> HttpApi::Stop() {
  tasks_.Stop();
  co_await tasks_.Join();
}

void HttpApi::BeginAuthorization(ConnectionRow& row, int64_t now_millis) {
  row.modified_millis = now_millis;
  row.state = row.type == kOauth ? "AUTHORIZING" : "AUTHORIZED";
  row.reason.clear();
  if (row.state == "AUTHORIZED") row.authorized_millis = now_millis;
}

// Another change of the connection, meanwhile, begins an authorization of its own.
Task<> HttpApi::Authorize(std::string key) {
  const auto row = tables_->connections.Find(key);
  if (!row || row->state != "AUTHORIZING") co_return;
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  const auto fetched = co_await caller_->FetchToken(ctx, *row);
  if (ctx.stop.stop_requested()) co_return;
  const auto done = co_await resources::Edit(ctx, tables_->connections, key, [&](ConnectionRow& changed) -> Result<> {
    if (changed.modified_millis != row->modified_millis || changed.id != row->id) return {};
    changed.state = fetched ? "AUTHORIZED" : "DEAUTHORIZED";
    changed.reason = fetched ? "" : fetched.error().message.substr(0, 512);
    if (fetched) changed.authorized_millis = NowMillis();
    return {};
  });
  (void)done;  // it is gone
}

Task<Result<CreateConnectionResponse>> HttpApi::CreateConnection(Context& ctx, CreateConnectionRequest request) {
  if (request.invocation_connectivity_parameters || request.auth_parameters.connectivity_parameters) co_return Fail(NoConnectivity());
  const json::Value parameters = ParametersIn(calls::kCreateConnection.operation(), &request);
  MF_CO_TRY_VOID(CheckParameters(request.authorization_type, parameters));
  ConnectionRow row{.name = NameOf(ctx, request.name), .id = random_->Uuid(), .description = request.description.value_or(""), .type = request.authorization_type,
                    .parameters = json::Write(parameters), .kms_key_id = request.kms_key_identifier.value_or(""), .created_millis = NowMillis()};
  BeginAuthorization(row, row.created_millis);
  const std::string key = row.name.Key();
  const auto stage = [&](resources::Change& change, const auto&) -> Result<> {
    if (tables_->connections.List(row.name.Place(), "", kConnectionsMax).size() >= kConnectionsMax) return Fail(LimitExceeded());
    return change.Create(tables_->connections, key, row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, tables_->connections, key, stage));
  if (row.state == "AUTHORIZING") tasks_.Spawn(Authorize(key));
  co_return ConnectionAnswer<CreateConnectionResponse>(row);
}

Task<Result<UpdateConnectionResponse>> HttpApi::UpdateConnection(Context& ctx, UpdateConnectionRequest request) {
  if (request.invocation_connectivity_parameters) co_return Fail(NoConnectivity());
  const json::Value update = ParametersIn(calls::kUpdateConnection.operation(), &request);
  const std::string key = NameOf(ctx, request.name).Key();
  ConnectionRow updated;
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, tables_->connections, key, [&](ConnectionRow& row) -> Result<> {
    json::Value parameters = json::Parse(row.parameters).value_or(json::Value(json::Object()));
    const std::string type = request.authorization_type.value_or(row.type);
    if (type != row.type) std::erase_if(parameters.object(), [](const json::Member& member) { return member.first != "InvocationHttpParameters"; });
    parameters = MergedParameters(std::move(parameters), update);
    MF_TRY_VOID(CheckParameters(type, parameters));
    row.type = type;
    row.parameters = json::Write(parameters);
    if (request.description) row.description = *request.description;
    if (request.kms_key_identifier) row.kms_key_id = *request.kms_key_identifier;
    BeginAuthorization(row, std::max(NowMillis(), row.modified_millis + 1));
    updated = row;
    return {};
  }));
  if (updated.state == "AUTHORIZING") tasks_.Spawn(Authorize(key));
  co_return ConnectionAnswer<UpdateConnectionResponse>(updated);
}

Task<Result<DeleteConnectionResponse>> HttpApi::DeleteConnection(Context& ctx, DeleteConnectionRequest request) {
  const std::string key = NameOf(ctx, std::move(request.name)).Key();
  MF_CO_TRY(const auto row, tables_->connections.Get(key));
  MF_CO_TRY_VOID(co_await resources::Remove(ctx, tables_->connections, key));
  caller_->ForgetToken(*row);
  auto response = ConnectionAnswer<DeleteConnectionResponse>(*row);
  response.connection_state = "DELETING";
  co_return response;
}

Task<Result<DeauthorizeConnectionResponse>> HttpApi::DeauthorizeConnection(Context& ctx, DeauthorizeConnectionRequest request) {
  ConnectionRow changed;
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, tables_->connections, NameOf(ctx, request.name).Key(), [&](ConnectionRow& row) -> Result<> {
    row.parameters = json::Write(PublicParameters(json::Parse(row.parameters).value_or(json::Value(json::Object()))));
    row.state = "DEAUTHORIZED";
    row.reason.clear();
    row.modified_millis = std::max(NowMillis(), row.modified_millis + 1);
    changed = row;
    return {};
  }));
  caller_->ForgetToken(changed);
  co_return ConnectionAnswer<DeauthorizeConnectionResponse>(changed);
}

Task<Result<DescribeConnectionResponse>> HttpApi::DescribeConnection(Context& ctx, DescribeConnectionRequest request) {
  MF_CO_TRY(const auto row, tables_->connections.Get(NameOf(ctx, std::move(request.name)).Key()));
  json::Value shown{json::Object()};
  shown.Set("AuthParameters", PublicParameters(json::Parse(row->parameters).value_or(json::Value(json::Object()))));
  DescribeConnectionResponse response;
  MF_CO_TRY_VOID(wire::ReadStruct(*calls::kDescribeConnection.operation().output, shown, &response));
  response.connection_arn = row->Arn();
  response.name = row->name.name;
  response.description = TextUnlessEmpty(row->description);
  response.connection_state = row->state;
  response.state_reason = TextUnlessEmpty(row->reason);
  response.authorization_type = row->type;
  response.kms_key_identifier = TextUnlessEmpty(row->kms_key_id);
  response.creation_time = TimeUnlessNone(row->created_millis);
  response.last_modified_time = TimeUnlessNone(row->modified_millis);
  response.last_authorized_time = TimeUnlessNone(row->authorized_millis);
  co_return response;
}

Task<Result<ListConnectionsResponse>> HttpApi::ListConnections(Context& ctx, ListConnectionsRequest request) {
  const std::string prefix = NameOf(ctx, request.name_prefix.value_or("")).Key();
  MF_CO_TRY(auto page, resources::NextPageIf(tables_->connections, PageOf(prefix, request.limit, request.next_token),
                                             [&](const auto& row) { return !request.connection_state || row.value->state == *request.connection_state; }));
  ListConnectionsResponse response{.connections = std::vector<Connection>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) {
    Connection shown = ConnectionAnswer<Connection>(*row.value);
    shown.name = row.value->name.name;
    shown.state_reason = TextUnlessEmpty(row.value->reason);
    shown.authorization_type = row.value->type;
    response.connections->push_back(std::move(shown));
  }
  co_return response;
}

}  // namespace mayfly::events
