#include "edge/url_response.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"

namespace mayfly::edge {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kOctetStream = "application/octet-stream";
constexpr size_t kContentTypeBytesMax = 4096;
constexpr size_t kFieldFramingBytes = 4;  // ": " and CR LF
constexpr std::string_view kHttpIntegration = "application/vnd.awslambda.http-integration-response";
constexpr std::string_view kPreludeEnd("\0\0\0\0\0\0\0\0", 8);
constexpr std::string_view kForbidden =
    "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";
// What a function says in these is not for the connection that it is on: AWS gives it another name.
constexpr std::array<std::string_view, 12> kRemapped = {"authorization", "connection", "content-length",   "date",
                                                        "expect",        "host",       "max-forwards",     "proxy-authenticate",
                                                        "server",        "via",        "www-authenticate", "x-amzn-requestid"};
constexpr std::array<std::string_view, 6> kDropped = {"keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"};

bool IsOneOf(std::string_view name, const auto& names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view one) { return EqualIgnoringCase(one, name); });
}

bool IsFieldName(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return IsAlphanumeric(c) || kMarks.find(c) != std::string_view::npos;
  });
}

bool IsFieldValue(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; });
}

// What a member says as text: nullopt for arrays and objects.
std::optional<std::string> Scalar(const json::Value& value) {
  if (value.is_string()) return json::ToUtf8(value.string());
  if (value.is_number()) return value.number_text();
  if (value.is_bool()) return value.boolean() ? "true" : "false";
  return std::nullopt;
}

// 0: none that can be sent. A function may write it as a number or as a text.
int Status(const json::Value& value) {
  const int status = ParseNumber<int>(Scalar(value).value_or("")).value_or(0);
  return status >= 200 && status <= 599 ? status : 0;
}

// False: no response can be made of it.
bool AddHeader(std::string_view name, const json::Value& value, http::Headers& headers) {
  if (value.is_null()) return true;
  const std::optional<std::string> text = Scalar(value);
  if (!text || !IsFieldName(name) || !IsFieldValue(*text)) return false;
  if (IsOneOf(name, kDropped)) return true;
  headers.Add(IsOneOf(name, kRemapped) ? fmt::format("x-amzn-Remapped-{}", name) : std::string(name), *text);
  return true;
}

bool AddCookies(const json::Value& cookies, http::Headers& headers) {
  if (cookies.is_null()) return true;
  if (!cookies.is_array()) return false;
  for (const json::Value& cookie : cookies.array()) {
    if (!cookie.is_string() || !IsFieldValue(cookie.string())) return false;
    headers.Add("Set-Cookie", json::ToUtf8(cookie.string()));
  }
  return true;
}

bool ReadBody(const json::Value& result, std::string& body) {
  const json::Value* value = result.Find("body");
  if (!value || value->is_null()) return true;
  if (!value->is_string()) {
    body = json::Write(*value);
    return true;
  }
  const json::Value* is_base64 = result.Find("isBase64Encoded");
  if (!is_base64 || Scalar(*is_base64) != "true") {
    body = json::ToUtf8(value->string());
    return true;
  }
  auto decoded = Base64Decode(value->string());
  if (decoded) body = std::move(*decoded);
  return decoded.has_value();
}

bool IsWithinBounds(const http::Headers& headers) {
  size_t bytes = 0;
  for (const auto& [name, value] : headers.fields()) bytes += name.size() + value.size() + kFieldFramingBytes;
  return headers.fields().size() <= kUrlHeaderFieldsMax && bytes <= kUrlHeaderBytesMax;
}

// Status, headers and cookies of `head`. False: malformed, or more than a client should have to take.
bool ReadHead(const json::Value& head, http::Response& response) {
  if (const json::Value* status = head.Find("statusCode")) response.status = Status(*status);
  if (response.status == 0) return false;
  if (const json::Value* headers = head.Find("headers"); headers && !headers->is_null()) {
    if (!headers->is_object()) return false;
    for (const auto& [name, value] : headers->object()) {
      if (!AddHeader(name, value, response.headers)) return false;
    }
  }
  const json::Value* cookies = head.Find("cookies");
  return (!cookies || AddCookies(*cookies, response.headers)) && IsWithinBounds(response.headers);
}

http::Response Structured(const json::Value& result) {
  http::Response response;
  if (!ReadHead(result, response) || !ReadBody(result, response.body)) return UrlBadGateway();
  if (!response.headers.Find("Content-Type")) response.headers.Add("Content-Type", kJson);
  return response;
}

http::Response Streamed(const runtime::InvokeOutcome& outcome) {
  UrlStreamHead head(outcome.content_type);
  if (head.Add(outcome.payload) != UrlStreamHead::State::Complete) return UrlBadGateway();
  head.response().body = std::move(head.rest());
  return std::move(head.response());
}

http::Response Refuse(int status, std::string_view error_type, std::string body) {
  http::Response response = http::Response::Json(status, std::move(body));
  if (!error_type.empty()) response.headers.Add("x-amzn-ErrorType", error_type);
  return response;
}

std::string Message(std::string_view text) { return fmt::format(R"({{"Message":{}}})", json::Quote(text)); }

}  // namespace

http::Response MakeUrlResponse(const runtime::InvokeOutcome& outcome, UrlInvokeMode mode) {
  if (outcome.function_error) return http::Response::Json(502, "Internal Server Error");
  if (mode == UrlInvokeMode::ResponseStream || outcome.content_type == kHttpIntegration) return Streamed(outcome);
  auto result = json::Parse(outcome.payload);
  if (!result) return outcome.streaming_mode ? Streamed(outcome) : UrlBadGateway();
  if (result->Find("statusCode")) return Structured(*result);
  if (result->is_string()) return http::Response::Json(200, json::ToUtf8(std::move(result->string())));
  // An array comes without the blanks between its items, an object as it was written.
  return http::Response::Json(200, result->is_object() ? outcome.payload : json::Write(*result));
}

UrlStreamHead::UrlStreamHead(std::string_view content_type) : has_prelude_(content_type == kHttpIntegration) {
  if (has_prelude_) return;
  const bool is_sound = IsFieldValue(content_type) && !content_type.empty() && content_type.size() <= kContentTypeBytesMax;
  response_.headers.Add("Content-Type", is_sound ? content_type : kOctetStream);
}

UrlStreamHead::State UrlStreamHead::Add(std::string_view bytes) {
  MF_ASSERT(state_ != State::Complete);
  if (state_ == State::Malformed) return state_;
  // The end may lie across two pieces.
  const size_t from = bytes_.size() < kPreludeEnd.size() ? 0 : bytes_.size() - kPreludeEnd.size() + 1;
  bytes_ += bytes;
  if (!has_prelude_) return state_ = State::Complete;
  const size_t end = bytes_.find(kPreludeEnd, from);
  if (end != std::string::npos) return state_ = end <= kPreludeBytesMax ? Parse(end) : State::Malformed;
  return state_ = bytes_.size() <= kPreludeBytesMax + kPreludeEnd.size() ? State::NeedMore : State::Malformed;
}

UrlStreamHead::State UrlStreamHead::Parse(size_t prelude_bytes) {
  const auto prelude = json::Parse(std::string_view(bytes_).substr(0, prelude_bytes));
  if (!prelude || !prelude->is_object() || !ReadHead(*prelude, response_)) return State::Malformed;
  if (!response_.headers.Find("Content-Type")) response_.headers.Add("Content-Type", kOctetStream);
  bytes_.erase(0, prelude_bytes + kPreludeEnd.size());
  return State::Complete;
}

http::Response UrlForbidden() { return Refuse(403, "AccessDeniedException", Message(kForbidden)); }

http::Response UrlUnknown() { return Refuse(403, "AccessDeniedException", R"({"Message":null})"); }

http::Response UrlBadGateway() { return Refuse(502, "", Message("Internal Server Error")); }

http::Response UrlTooLarge() {
  return Refuse(413, "RequestEntityTooLargeException",
                Message("Request must be smaller than 6291456 bytes for the InvokeFunction operation"));
}

http::Response UrlHeadTooLarge() { return Refuse(431, "RequestEntityTooLargeException", Message("Request Header Fields Too Large")); }

}  // namespace mayfly::edge
