#include "services/events/http_call.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace mayfly::events {
namespace {

// What users may not set, and what they may not break: the body's length and form, the connection, who calls.
constexpr std::string_view kForbiddenHeaders[] = {"connection", "content-encoding", "content-length", "host",    "keep-alive",        "max-forwards", "proxy-authenticate",
                                                  "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "via", "www-authenticate", "x-forwarded-for", "range"};

const json::Value& PartOf(const json::Value& value, std::string_view name) {
  static const json::Value kNothing{json::Object()};
  const json::Value* found = value.Find(name);
  return found ? *found : kNothing;
}

bool IsForbidden(std::string_view header) {
  const std::string name = LowerCase(header);
  return name.starts_with("x-amz") || std::ranges::find(kForbiddenHeaders, name) != std::end(kForbiddenHeaders);
}

// The items of a list of {Key, Value}.
std::vector<std::pair<std::string, std::string>> PairsIn(const json::Value& parameters, std::string_view list) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const json::Value& items = PartOf(parameters, list);
  if (!items.is_array()) return pairs;
  for (const json::Value& item : items.array()) pairs.emplace_back(item.StringOr("Key", ""), item.StringOr("Value", ""));
  return pairs;
}

// Each star takes a value; where there are none left, it goes.
std::string WithPath(std::string_view endpoint, const std::vector<std::string>& values) {
  std::string url;
  size_t next = 0;
  for (const char c : endpoint) {
    if (c != '*') url += c;
    else if (next < values.size()) url += PercentEncode(values[next++]);
  }
  return url;
}

void AddQuery(std::string& url, const std::vector<std::pair<std::string, std::string>>& query) {
  for (const auto& [name, value] : query) {
    url += url.contains('?') ? '&' : '?';
    url += PercentEncode(name) + '=' + PercentEncode(value);
  }
}

std::string FormOf(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string form;
  for (const auto& [name, value] : fields) form += (form.empty() ? "" : "&") + PercentEncode(name) + '=' + PercentEncode(value);
  return form;
}

// A body that is an object takes the connection's members; they win.
std::string WithMembers(std::string body, const std::vector<std::pair<std::string, std::string>>& members) {
  if (members.empty()) return body;
  auto value = body.empty() ? Result<json::Value>(json::Object()) : json::Parse(body);
  if (!value || !value->is_object()) return body;
  for (const auto& [name, text] : members) value->Set(name, text);
  return json::Write(*value);
}

// As if by name: what is said there first does not count any more.
void SetAll(std::vector<std::pair<std::string, std::string>>& pairs, const std::vector<std::pair<std::string, std::string>>& winners) {
  for (const auto& winner : winners) {
    std::erase_if(pairs, [&](const auto& pair) { return EqualIgnoringCase(pair.first, winner.first); });
    pairs.push_back(winner);
  }
}

bool IsHttpUrl(std::string_view url) { return StartsWithIgnoringCase(url, "https://") || StartsWithIgnoringCase(url, "http://"); }

Error BadEndpoint(std::string_view url) { return Error::Service("InvalidEndpoint", fmt::format("{} is no URL of http or https", url)); }

void AddAuthorization(const ConnectionRow& connection, const json::Value& parameters, http::ClientRequest& request) {
  if (connection.type == "BASIC") {
    const json::Value& basic = PartOf(parameters, "BasicAuthParameters");
    request.headers.Set("Authorization", "Basic " + Base64Encode(fmt::format("{}:{}", basic.StringOr("Username", ""), basic.StringOr("Password", ""))));
  } else if (connection.type == "API_KEY") {
    const json::Value& key = PartOf(parameters, "ApiKeyAuthParameters");
    request.headers.Set(key.StringOr("ApiKeyName", ""), key.StringOr("ApiKeyValue", ""));
  }
}

}  // namespace

Result<http::ClientRequest> CallOf(const DestinationRow& destination, const ConnectionRow& connection, const delivery::HttpFields& fields, std::string body) {
  if (!IsHttpUrl(destination.endpoint)) return Fail(BadEndpoint(destination.endpoint));
  const json::Value parameters = json::Parse(connection.parameters).value_or(json::Value(json::Object()));
  const json::Value& of_connection = PartOf(parameters, "InvocationHttpParameters");
  auto headers = fields.headers;
  auto query = fields.query;
  std::erase_if(headers, [](const auto& header) { return IsForbidden(header.first); });
  SetAll(headers, PairsIn(of_connection, "HeaderParameters"));
  SetAll(query, PairsIn(of_connection, "QueryStringParameters"));
  http::ClientRequest request{.method = destination.method, .url = WithPath(destination.endpoint, fields.path_values), .headers = {},
                              .body = WithMembers(std::move(body), PairsIn(of_connection, "BodyParameters"))};
  AddQuery(request.url, query);
  request.headers.Add("User-Agent", "Amazon/EventBridge/ApiDestinations");
  request.headers.Add("Content-Type", "application/json; charset=utf-8");
  request.headers.Add("Range", "bytes=0-1048575");
  for (const auto& [name, value] : headers) request.headers.Set(name, value);
  AddAuthorization(connection, parameters, request);
  if (request.method == "GET" || request.method == "HEAD") request.body.clear();
  return request;
}

Result<http::ClientRequest> TokenCallOf(const ConnectionRow& connection) {
  const json::Value parameters = json::Parse(connection.parameters).value_or(json::Value(json::Object()));
  const json::Value& oauth = PartOf(parameters, "OAuthParameters");
  const json::Value& client = PartOf(oauth, "ClientParameters");
  const json::Value& extra = PartOf(oauth, "OAuthHttpParameters");
  const std::string endpoint(oauth.StringOr("AuthorizationEndpoint", ""));
  if (!IsHttpUrl(endpoint)) return Fail(BadEndpoint(endpoint));
  std::vector<std::pair<std::string, std::string>> fields = {{"grant_type", "client_credentials"},
                                                             {"client_id", std::string(client.StringOr("ClientID", ""))},
                                                             {"client_secret", std::string(client.StringOr("ClientSecret", ""))}};
  SetAll(fields, PairsIn(extra, "BodyParameters"));
  http::ClientRequest request{.method = std::string(oauth.StringOr("HttpMethod", "POST")), .url = endpoint, .headers = {}, .body = {}};
  AddQuery(request.url, PairsIn(extra, "QueryStringParameters"));
  if (request.method == "GET") AddQuery(request.url, fields);
  else request.body = FormOf(fields);
  request.headers.Add("User-Agent", "Amazon/EventBridge/ApiDestinations");
  if (request.method != "GET") request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
  for (const auto& [name, value] : PairsIn(extra, "HeaderParameters")) request.headers.Set(name, value);
  return request;
}

Result<Token> ReadToken(const std::string& answer) {
  const auto value = json::Parse(answer);
  const std::string_view text = value && value->is_object() ? value->StringOr("access_token", "") : std::string_view();
  if (text.empty()) return Fail(Error::Service("AuthorizationFailure", "the answer of the authorization endpoint has no access_token"));
  std::string type(value->StringOr("token_type", "Bearer"));
  if (EqualIgnoringCase(type, "bearer")) type = "Bearer";
  return Token{std::move(type), std::string(text), std::chrono::seconds(value->IntOr("expires_in", 3600))};
}

CallVerdict VerdictOf(int status) {
  if (status >= 200 && status < 300) return CallVerdict::Taken;
  const bool passes = status == 401 || status == 407 || status == 409 || status == 429 || status >= 500;
  return passes ? CallVerdict::TryAgain : CallVerdict::Refused;
}

}  // namespace mayfly::events
