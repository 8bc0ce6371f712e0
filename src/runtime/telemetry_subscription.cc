#include "runtime/telemetry_subscription.h"

#include <array>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

namespace mayfly::runtime {
namespace {

using telemetry::RecordSchema;

struct SchemaVersion {
  TelemetryApi api;
  std::string_view name;
  RecordSchema schema;
};
constexpr std::array kSchemas = {
    SchemaVersion{TelemetryApi::Logs, "2020-08-15", RecordSchema::Logs20200815},
    SchemaVersion{TelemetryApi::Logs, "2021-03-18", RecordSchema::Logs20210318},
    SchemaVersion{TelemetryApi::Telemetry, "2022-07-01", RecordSchema::Telemetry20220701},
    SchemaVersion{TelemetryApi::Telemetry, "2022-12-13", RecordSchema::Telemetry20221213},
    SchemaVersion{TelemetryApi::Telemetry, "2025-01-29", RecordSchema::Telemetry20250129},
};
constexpr size_t kTargetBytesMax = 2048;

std::unexpected<Error> InvalidSubscription(std::string message) { return Fail(Error::Fault(std::move(message))); }

Result<RecordSchema> ParseSchema(const json::Value& document, TelemetryApi api) {
  const json::Value* version = document.Find("schemaVersion");
  if (!version && api == TelemetryApi::Logs) return RecordSchema::Logs20200815;  // older than its versions
  if (!version || !version->is_string()) return InvalidSubscription("schemaVersion is required");
  for (const SchemaVersion& known : kSchemas) {
    if (known.api == api && known.name == version->string()) return known.schema;
  }
  return InvalidSubscription(fmt::format("schemaVersion {} is not known", json::Quote(std::string_view(version->string()).substr(0, 32))));
}

Result<> ParseTypes(const json::Value& document, TelemetrySubscription& subscription) {
  const json::Value* types = document.Find("types");
  if (!types || !types->is_array() || types->array().empty()) return InvalidSubscription("types is required: a list of platform, function, extension");
  for (const json::Value& type : types->array()) {
    const std::string_view name = type.is_string() ? std::string_view(type.string()) : std::string_view();
    if (name == "platform") subscription.platform = true;
    else if (name == "function") subscription.function = true;
    else if (name == "extension") subscription.extension = true;
    else return InvalidSubscription("types may hold platform, function, extension");
  }
  return {};
}

Result<int64_t> ParseBounded(const json::Value& buffering, std::string_view name, int64_t least, int64_t most, int64_t otherwise) {
  const json::Value* member = buffering.Find(name);
  if (!member) return otherwise;
  const auto value = member->is_number() ? member->AsInt64() : Result<int64_t>(Fail(Error::Fault("")));
  if (!value || *value < least || *value > most) return InvalidSubscription(fmt::format("buffering.{} must be an integer from {} to {}", name, least, most));
  return *value;
}

Result<> ParseBuffering(const json::Value& document, TelemetrySubscription& subscription) {
  const json::Value* buffering = document.Find("buffering");
  if (!buffering || buffering->is_null()) return {};
  if (!buffering->is_object()) return InvalidSubscription("buffering must be an object");
  MF_TRY(const int64_t items, ParseBounded(*buffering, "maxItems", 1000, 10'000, 10'000));
  MF_TRY(const int64_t bytes, ParseBounded(*buffering, "maxBytes", 262'144, 1'048'576, 262'144));
  MF_TRY(const int64_t timeout, ParseBounded(*buffering, "timeoutMs", 25, 30'000, 1000));
  subscription.items_max = static_cast<size_t>(items);
  subscription.bytes_max = static_cast<size_t>(bytes);
  subscription.timeout = std::chrono::milliseconds(timeout);
  return {};
}

bool IsInsideHost(std::string_view host) {
  return host == "sandbox.localdomain" || host == "sandbox" || host == "localhost" || host == "127.0.0.1";
}

// "http://sandbox.localdomain:8080/path". What is not visible ASCII would end up in a request line.
Result<> ParseUri(std::string_view uri, TelemetryDestination& destination) {
  constexpr std::string_view kScheme = "http://";
  if (!uri.starts_with(kScheme)) return InvalidSubscription("destination.URI must begin with http://");
  uri.remove_prefix(kScheme.size());
  const size_t slash = uri.find_first_of("/?#");
  const std::string_view authority = uri.substr(0, slash);
  const size_t colon = authority.find(':');
  destination.host = authority.substr(0, colon);
  if (!IsInsideHost(destination.host)) return InvalidSubscription("destination.URI must name the host sandbox.localdomain");
  const std::string_view port = colon == std::string_view::npos ? std::string_view("80") : authority.substr(colon + 1);
  destination.port = ParseNumber<uint16_t>(port).value_or(0);
  if (destination.port == 0) return InvalidSubscription("destination.URI has no valid port");
  std::string_view target = slash == std::string_view::npos ? std::string_view() : uri.substr(slash);
  target = target.substr(0, target.find('#'));
  if (target.size() > kTargetBytesMax) return InvalidSubscription("destination.URI is too long");
  for (const char c : target) {
    if (c <= ' ' || c > '~') return InvalidSubscription("destination.URI holds characters that a URI does not allow");
  }
  destination.target = target.starts_with('/') ? std::string(target) : '/' + std::string(target);
  return {};
}

Result<> ParseDestination(const json::Value& document, TelemetryApi api, TelemetryDestination& destination) {
  const json::Value* member = document.Find("destination");
  if (!member || !member->is_object()) return InvalidSubscription("destination is required");
  const std::string_view protocol = member->StringOr("protocol", "");
  if (protocol == "TCP") {
    destination.protocol = TelemetryDestination::Protocol::Tcp;
    const int64_t port = member->IntOr("port", 0);
    if (port < 1 || port > 65535) return InvalidSubscription("destination.port must be an integer from 1 to 65535");
    destination.port = static_cast<uint16_t>(port);
    return {};
  }
  if (protocol != "HTTP") return InvalidSubscription("destination.protocol must be HTTP or TCP");
  MF_TRY_VOID(ParseUri(member->StringOr("URI", ""), destination));
  if (destination.port == 9001) return InvalidSubscription("destination.URI names the port of the Runtime API");
  if (api == TelemetryApi::Telemetry) return {};
  destination.method = member->StringOr("method", "POST");
  if (destination.method != "POST" && destination.method != "PUT") return InvalidSubscription("destination.method must be POST or PUT");
  if (member->StringOr("encoding", "JSON") != "JSON") return InvalidSubscription("destination.encoding must be JSON");
  return {};
}

}  // namespace

Result<TelemetrySubscription> ParseTelemetrySubscription(std::string_view body, TelemetryApi api) {
  MF_TRY(const json::Value document, json::Parse(body));
  if (!document.is_object()) return InvalidSubscription("the body must be a JSON object");
  TelemetrySubscription subscription;
  MF_TRY(subscription.schema, ParseSchema(document, api));
  MF_TRY_VOID(ParseTypes(document, subscription));
  MF_TRY_VOID(ParseBuffering(document, subscription));
  MF_TRY_VOID(ParseDestination(document, api, subscription.destination));
  return subscription;
}

}  // namespace mayfly::runtime
