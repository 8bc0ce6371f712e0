#include "services/events/http_tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::events {
namespace {

Error MissingConnection(std::string_view key) {
  return Error::Service("ResourceNotFoundException", fmt::format("Failed to describe the connection(s). Connection '{}' does not exist.", NamedOfKey(key).name));
}
Error ConnectionExists(std::string_view key) {
  return Error::Service("ResourceAlreadyExistsException", fmt::format("Connection {} already exists.", NamedOfKey(key).name));
}
Error MissingDestination(std::string_view key) {
  return Error::Service("ResourceNotFoundException", fmt::format("Failed to describe the api-destination(s). An api-destination '{}' does not exist.", NamedOfKey(key).name));
}
Error DestinationExists(std::string_view key) {
  return Error::Service("ResourceAlreadyExistsException", fmt::format("An api-destination '{}' already exists.", NamedOfKey(key).name));
}
Error BusyHttpRow(std::string_view) {
  return Error::Service("ConcurrentModificationException", "There is concurrent modification on a resource. Please retry.");
}

bool IsSecretMember(const json::Member& member, bool has_secret_value) {
  return member.first == "Password" || member.first == "ClientSecret" || member.first == "ApiKeyValue" || (has_secret_value && member.first == "Value");
}

}  // namespace

void VisitMembers(resources::Is<ConnectionRow> auto& row, auto&& visit) {
  visit("Id", row.id);
  visit("Description", row.description);
  visit("Type", row.type);
  visit("Parameters", row.parameters);
  visit("State", row.state);
  visit("Reason", row.reason);
  visit("KmsKey", row.kms_key_id);
  visit("Created", row.created_millis);
  visit("Modified", row.modified_millis);
  visit("Authorized", row.authorized_millis);
}

void VisitMembers(resources::Is<DestinationRow> auto& row, auto&& visit) {
  visit("Id", row.id);
  visit("Description", row.description);
  visit("Connection", row.connection_arn);
  visit("Endpoint", row.endpoint);
  visit("Method", row.method);
  visit("Rate", row.rate);
  visit("Created", row.created_millis);
  visit("Modified", row.modified_millis);
}

json::Value ToJson(const ConnectionRow& row) { return resources::WriteMembers(row); }
Result<> FromJson(std::string_view key, const json::Value& value, ConnectionRow& row) {
  row.name = NamedOfKey(key);
  resources::ReadMembers(value, row);
  return {};
}
json::Value ToJson(const DestinationRow& row) { return resources::WriteMembers(row); }
Result<> FromJson(std::string_view key, const json::Value& value, DestinationRow& row) {
  row.name = NamedOfKey(key);
  resources::ReadMembers(value, row);
  return {};
}

json::Value PublicParameters(json::Value parameters) {
  if (parameters.is_array()) {
    for (json::Value& item : parameters.array()) item = PublicParameters(std::move(item));
  }
  if (!parameters.is_object()) return parameters;
  const json::Value* secret = parameters.Find("IsValueSecret");
  const bool has_secret_value = secret && secret->is_bool() && secret->boolean();
  std::erase_if(parameters.object(), [&](const json::Member& member) { return IsSecretMember(member, has_secret_value); });
  for (json::Member& member : parameters.object()) member.second = PublicParameters(std::move(member.second));
  return parameters;
}

json::Value MergedParameters(json::Value parameters, const json::Value& update) {
  if (!parameters.is_object() || !update.is_object()) return update;
  for (const auto& [name, value] : update.object()) {
    json::Value* old = parameters.Find(name);
    if (old) *old = MergedParameters(std::move(*old), value);
    else parameters.Set(name, value);
  }
  return parameters;
}

HttpTables::HttpTables(resources::ResourceTables& tables)
    : connections(tables, "event_connections", {.owners = {}, .errors = {.missing = MissingConnection, .exists = ConnectionExists, .busy = BusyHttpRow}}),
      destinations(tables, "event_api_destinations", {.owners = {}, .errors = {.missing = MissingDestination, .exists = DestinationExists, .busy = BusyHttpRow}}) {}

resources::ResourceTable<ConnectionRow>::Pointer HttpTables::ConnectionOf(std::string_view arn) const {
  const auto parsed = ParseNamedArn(arn, kConnectionKind);
  auto row = parsed ? connections.Find(parsed->name.Key()) : nullptr;
  return row && row->id == parsed->id ? row : nullptr;
}

resources::ResourceTable<DestinationRow>::Pointer HttpTables::DestinationOf(std::string_view arn) const {
  const auto parsed = ParseNamedArn(arn, kDestinationKind);
  auto row = parsed ? destinations.Find(parsed->name.Key()) : nullptr;
  return row && row->id == parsed->id ? row : nullptr;
}

}  // namespace mayfly::events
