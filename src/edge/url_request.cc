#include "edge/url_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "wire/host_form.h"

namespace mayfly::edge {
namespace {

constexpr std::string_view kUrlLabel = "lambda-url";
constexpr size_t kUrlHostBytesMax = 253;
constexpr std::array<std::string_view, 3> kTextTypes = {"application/json", "application/xml", "application/javascript"};
// Of one connection, not of the request.
constexpr std::array<std::string_view, 7> kHopFields = {"connection", "keep-alive",        "proxy-connection", "te",
                                                        "trailer",    "transfer-encoding", "upgrade"};

std::string_view TakeLabel(std::string_view& rest) {
  const size_t dot = std::min(rest.find('.'), rest.size());
  const std::string_view label = rest.substr(0, dot);
  rest.remove_prefix(std::min(dot + 1, rest.size()));
  return label;
}

bool IsLabel(std::string_view label) {
  return !label.empty() &&
         std::all_of(label.begin(), label.end(), [](char c) { return IsLowerCase(c) || IsDigit(c) || c == '-'; });
}

std::string_view DefaultPort(std::string_view scheme) { return scheme == "https" ? "443" : "80"; }

// Values of one name stand together, joined by commas, where the name came first.
class JoinedValues {
 public:
  void Add(const std::string& name, std::string_view value) {
    const auto found = std::find_if(values_.begin(), values_.end(), [&](const json::Member& member) { return member.first == name; });
    if (found == values_.end()) {
      values_.emplace_back(name, value);
    } else {
      found->second.string().append(",").append(value);
    }
  }
  void AddIfMissing(const std::string& name, std::string_view value) {
    if (std::none_of(values_.begin(), values_.end(), [&](const json::Member& member) { return member.first == name; })) Add(name, value);
  }
  bool empty() const { return values_.empty(); }
  json::Object Take() { return std::move(values_); }

 private:
  json::Object values_;
};

std::string SourceIp(std::string_view peer) {
  if (peer == "unix") return "127.0.0.1";
  std::string_view address = wire::WithoutPort(peer);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  return std::string(address);
}

json::Object Headers(const http::Request& request, const UrlEventContext& context, std::string_view source_ip) {
  JoinedValues headers;
  for (const auto& [field, value] : request.headers.fields()) {
    std::string name = LowerCase(field);
    if (std::find(kHopFields.begin(), kHopFields.end(), name) != kHopFields.end()) continue;
    // A signature is for us, and would be good for a second use.
    if (context.caller && name == "authorization") continue;
    headers.Add(name, value);
  }
  headers.Add("x-forwarded-for", source_ip);
  headers.AddIfMissing("x-forwarded-port", context.port);
  headers.AddIfMissing("x-forwarded-proto", context.scheme);
  headers.AddIfMissing("x-amzn-trace-id", context.trace_header);
  return headers.Take();
}

json::Array Cookies(const http::Request& request) {
  json::Array cookies;
  for (const auto& [field, value] : request.headers.fields()) {
    if (!EqualIgnoringCase(field, "Cookie")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(';'), rest.size());
      if (const std::string_view cookie = Trim(rest.substr(0, end)); !cookie.empty()) cookies.emplace_back(cookie);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return cookies;
}

// "12/Mar/2020:19:03:58 +0000"
std::string EventTime(WallTime time) {
  const std::string date = FormatHttpDate(time);  // "Thu, 12 Mar 2020 19:03:58 GMT"
  return fmt::format("{}/{}/{}:{} +0000", date.substr(5, 2), date.substr(8, 3), date.substr(12, 4), date.substr(17, 8));
}

// The unique id that IAM would have for it. The account itself has its number.
std::string PrincipalId(const Principal& caller) {
  if (caller.arn.ends_with(":root")) return caller.account_id;
  std::string digest = Sha256Hex(caller.arn).substr(0, 17);
  std::transform(digest.begin(), digest.end(), digest.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  return "AIDA" + digest;
}

json::Value Authorizer(const Principal& caller) {
  const std::string id = PrincipalId(caller);
  json::Object iam = {{"accessKey", caller.access_key_id}, {"accountId", caller.account_id}, {"callerId", id}, {"cognitoIdentity", nullptr},
                      {"principalOrgId", nullptr},         {"userArn", caller.arn},          {"userId", id}};
  return json::Object{{"iam", std::move(iam)}};
}

json::Value RequestContext(const http::Request& request, const UrlEventContext& context, std::string_view path,
                           std::string_view source_ip) {
  json::Object http = {{"method", request.method},
                       {"path", PercentDecode(path).value_or(std::string(path))},
                       {"protocol", "HTTP/1.1"},
                       {"sourceIp", source_ip},
                       {"userAgent", request.headers.Get("User-Agent")}};
  json::Object made = {{"accountId", context.caller ? context.caller->account_id : "anonymous"}, {"apiId", context.host.url_id}};
  if (context.caller) {
    made.emplace_back("authentication", nullptr);
    made.emplace_back("authorizer", Authorizer(*context.caller));
  }
  made.emplace_back("domainName", context.host.name);
  made.emplace_back("domainPrefix", context.host.url_id);
  made.emplace_back("http", std::move(http));
  made.emplace_back("requestId", context.request_id);
  made.emplace_back("routeKey", "$default");
  made.emplace_back("stage", "$default");
  made.emplace_back("time", EventTime(context.received_at));
  made.emplace_back("timeEpoch", ToEpochMillis(context.received_at));
  return made;
}

}  // namespace

std::optional<UrlHost> ParseUrlHost(std::string_view host, std::string_view domain) {
  UrlHost parsed{.name = LowerCase(wire::WithoutPort(host))};
  if (parsed.name.ends_with('.')) parsed.name.pop_back();
  if (parsed.name.size() > kUrlHostBytesMax) return std::nullopt;
  std::string_view rest = parsed.name;
  const std::string_view id = TakeLabel(rest);
  if (TakeLabel(rest) != kUrlLabel) return std::nullopt;
  const std::string_view region = TakeLabel(rest);
  if (!IsLabel(id) || !IsLabel(region) || (rest != "localhost" && !EqualIgnoringCase(rest, domain))) return std::nullopt;
  parsed.url_id = id;
  parsed.region = region;
  return parsed;
}

Result<UrlOrigin> ParseUrlOrigin(std::string_view text, const UrlOrigin& listener) {
  UrlOrigin origin = listener;
  std::string_view rest = text;
  if (const size_t separator = rest.find("://"); separator != std::string_view::npos) {
    origin.scheme = LowerCase(rest.substr(0, separator));
    rest.remove_prefix(separator + 3);
    origin.port = DefaultPort(origin.scheme);
  }
  origin.domain = LowerCase(wire::WithoutPort(rest));
  if (origin.domain.size() < rest.size()) origin.port = rest.substr(origin.domain.size() + 1);
  const bool is_scheme = origin.scheme == "http" || origin.scheme == "https";
  const bool is_port = origin.port.size() <= 5 && IsNumber(origin.port);
  bool is_domain = true;
  for (std::string_view labels = origin.domain; is_domain && !labels.empty();) is_domain = IsLabel(TakeLabel(labels));
  if (is_scheme && is_port && is_domain && !origin.domain.empty() && !origin.domain.ends_with('.')) return origin;
  return Fail(Error::Fault(fmt::format("{}: expected [SCHEME://]DOMAIN[:PORT], e.g. lambda.example.com", text)));
}

std::string UrlAddress(const UrlOrigin& origin, std::string_view url_id, std::string_view region) {
  const std::string port = origin.port == DefaultPort(origin.scheme) ? "" : ':' + origin.port;
  return fmt::format("{}://{}.{}.{}.{}{}/", origin.scheme, url_id, kUrlLabel, region, origin.domain, port);
}

bool IsTextBody(std::string_view content_type, std::string_view body) {
  const std::string type = LowerCase(Trim(content_type.substr(0, content_type.find(';'))));
  const bool is_text_type = type.starts_with("text/") || std::find(kTextTypes.begin(), kTextTypes.end(), type) != kTextTypes.end();
  return is_text_type && IsValidUtf8(body);
}

std::string MakeUrlEvent(const http::Request& request, const UrlEventContext& context) {
  const std::string_view path = request.path().starts_with('/') ? request.path() : "/";
  const std::string source_ip = SourceIp(request.peer);
  json::Object event = {{"version", "2.0"}, {"routeKey", "$default"}, {"rawPath", path}, {"rawQueryString", request.query()}};
  if (json::Array cookies = Cookies(request); !cookies.empty()) event.emplace_back("cookies", std::move(cookies));
  event.emplace_back("headers", Headers(request, context, source_ip));
  JoinedValues parameters;
  for (const auto& [name, value] : http::ParseQuery(request.query())) parameters.Add(name, value);
  if (!parameters.empty()) event.emplace_back("queryStringParameters", parameters.Take());
  event.emplace_back("requestContext", RequestContext(request, context, path, source_ip));
  const bool is_base64 = !request.body.empty() && !IsTextBody(request.headers.Get("Content-Type"), request.body);
  if (!request.body.empty()) event.emplace_back("body", is_base64 ? Base64Encode(request.body) : request.body);
  event.emplace_back("isBase64Encoded", is_base64);
  return json::Write(event);
}

}  // namespace mayfly::edge
