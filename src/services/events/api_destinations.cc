// CreateApiDestination, UpdateApiDestination, DeleteApiDestination, DescribeApiDestination, ListApiDestinations.
#include <fmt/format.h>

#include "base/text.h"
#include "resources/edit.h"
#include "services/events/events_api.h"
#include "services/events/http_api.h"

namespace mayfly::events {
namespace {

WallTime MillisTime(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

Result<> CheckEndpoint(std::string_view endpoint) {
  const bool is_http = StartsWithIgnoringCase(endpoint, "https://") || StartsWithIgnoringCase(endpoint, "http://");
  const size_t host = endpoint.find("//");
  if (is_http && host + 2 < endpoint.size() && !endpoint.substr(host + 2).starts_with('/')) return {};
  return Fail(Invalid("Parameter InvocationEndpoint is not valid. Reason: It must be a URL of https (or http)."));
}

// The members that most answers have.
template <typename Response>
Response DestinationAnswer(const DestinationRow& row, std::string state) {
  Response response;
  response.api_destination_arn = row.Arn();
  response.api_destination_state = std::move(state);
  response.creation_time = MillisTime(row.created_millis);
  response.last_modified_time = MillisTime(row.modified_millis);
  if constexpr (requires { response.invocation_endpoint; }) {
    response.name = row.name.name;
    response.connection_arn = row.connection_arn;
    response.invocation_endpoint = row.endpoint;
    response.http_method = row.method;
    response.invocation_rate_limit_per_second = row.rate;
  }
  return response;
}

// A connection's secrets are for its own account's destinations. Error: ResourceNotFoundException.
Result<> CheckConnection(const Context& ctx, const HttpTables& tables, const std::string& arn) {
  const auto named = ParseNamedArn(arn, kConnectionKind);
  if (named && named->name == NameOf(ctx, named->name.name) && tables.ConnectionOf(arn)) return {};
  return Fail(tables.connections.errors().missing(named ? named->name.Key() : arn));
}

}  // namespace

std::string HttpApi::StateOf(const DestinationRow& destination) const {
  const auto connection = tables_->ConnectionOf(destination.connection_arn);
  return connection && connection->state == "AUTHORIZED" ? "ACTIVE" : "INACTIVE";
}

Task<Result<CreateApiDestinationResponse>> HttpApi::CreateApiDestination(Context& ctx, CreateApiDestinationRequest request) {
  MF_CO_TRY_VOID(CheckEndpoint(request.invocation_endpoint));
  MF_CO_TRY_VOID(CheckConnection(ctx, *tables_, request.connection_arn));
  DestinationRow row{.name = NameOf(ctx, request.name), .id = random_->Uuid(), .description = request.description.value_or(""), .connection_arn = request.connection_arn,
                     .endpoint = request.invocation_endpoint, .method = request.http_method,
                     .rate = request.invocation_rate_limit_per_second.value_or(kDestinationRateUsual), .created_millis = NowMillis(), .modified_millis = NowMillis()};
  const std::string key = row.name.Key();
  const auto stage = [&](resources::Change& change, const auto&) -> Result<> {
    if (tables_->destinations.List(row.name.Place(), "", kDestinationsMax).size() >= kDestinationsMax) return Fail(LimitExceeded());
    return change.Create(tables_->destinations, key, row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, tables_->destinations, key, stage));
  co_return DestinationAnswer<CreateApiDestinationResponse>(row, StateOf(row));
}

Task<Result<UpdateApiDestinationResponse>> HttpApi::UpdateApiDestination(Context& ctx, UpdateApiDestinationRequest request) {
  if (request.invocation_endpoint) MF_CO_TRY_VOID(CheckEndpoint(*request.invocation_endpoint));
  DestinationRow updated;
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, tables_->destinations, NameOf(ctx, request.name).Key(), [&](DestinationRow& row) -> Result<> {
    if (request.connection_arn) MF_TRY_VOID(CheckConnection(ctx, *tables_, *request.connection_arn));
    row.description = request.description.value_or(row.description);
    row.connection_arn = request.connection_arn.value_or(row.connection_arn);
    row.endpoint = request.invocation_endpoint.value_or(row.endpoint);
    row.method = request.http_method.value_or(row.method);
    row.rate = request.invocation_rate_limit_per_second.value_or(row.rate);
    row.modified_millis = NowMillis();
    updated = row;
    return {};
  }));
  co_return DestinationAnswer<UpdateApiDestinationResponse>(updated, StateOf(updated));
}

Task<Result<DeleteApiDestinationResponse>> HttpApi::DeleteApiDestination(Context& ctx, DeleteApiDestinationRequest request) {
  MF_CO_TRY_VOID(co_await resources::Remove(ctx, tables_->destinations, NameOf(ctx, std::move(request.name)).Key()));
  co_return DeleteApiDestinationResponse();
}

Task<Result<DescribeApiDestinationResponse>> HttpApi::DescribeApiDestination(Context& ctx, DescribeApiDestinationRequest request) {
  MF_CO_TRY(const auto row, tables_->destinations.Get(NameOf(ctx, std::move(request.name)).Key()));
  auto response = DestinationAnswer<DescribeApiDestinationResponse>(*row, StateOf(*row));
  if (!row->description.empty()) response.description = row->description;
  co_return response;
}

Task<Result<ListApiDestinationsResponse>> HttpApi::ListApiDestinations(Context& ctx, ListApiDestinationsRequest request) {
  const std::string prefix = NameOf(ctx, request.name_prefix.value_or("")).Key();
  MF_CO_TRY(auto page, resources::NextPageIf(tables_->destinations, PageOf(prefix, request.limit, request.next_token),
                                             [&](const auto& row) { return !request.connection_arn || row.value->connection_arn == *request.connection_arn; }));
  ListApiDestinationsResponse response{.api_destinations = std::vector<ApiDestination>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) response.api_destinations->push_back(DestinationAnswer<ApiDestination>(*row.value, StateOf(*row.value)));
  co_return response;
}

}  // namespace mayfly::events
