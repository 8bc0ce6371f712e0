#include "net/http_message.h"

#include <algorithm>

#include "base/text.h"

namespace mayfly::http {
namespace {

Error BodyTooLarge(size_t bytes_max) {
  Error error = Error::Fault("the body is larger than " + std::to_string(bytes_max) + " bytes");
  error.code = "BodyTooLarge";
  return error;
}

// As a form field is decoded: '+' is a space, a bad escape stays as it is.
std::string DecodeQueryPart(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      decoded += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

}  // namespace

void Headers::Set(std::string_view name, std::string_view value) {
  const auto first = std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return EqualIgnoringCase(field.first, name); });
  if (first == fields_.end()) return Add(name, value);
  // Both arguments may point into the fields that are about to change.
  Field replacement{std::string(name), std::string(value)};
  fields_.erase(std::remove_if(first + 1, fields_.end(), [&](const Field& field) { return EqualIgnoringCase(field.first, replacement.first); }),
                fields_.end());
  *first = std::move(replacement);
}

void Headers::Remove(std::string_view name) {
  const std::string held(name);
  std::erase_if(fields_, [&](const Field& field) { return EqualIgnoringCase(field.first, held); });
}

const std::string* Headers::Find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (EqualIgnoringCase(field.first, name)) return &field.second;
  }
  return nullptr;
}

int64_t Request::content_length() const {
  const std::string* value = headers.Find("Content-Length");
  if (!value) return -1;
  return std::max<int64_t>(ParseNumber<int64_t>(*value).value_or(-1), -1);
}

Task<Result<>> Request::ReadAll(Context& ctx, size_t bytes_max) {
  if (!body_reader) {
    if (body.size() > bytes_max) co_return Fail(BodyTooLarge(bytes_max));
    co_return Result<>();
  }
  const int64_t announced = content_length();
  if (announced > 0 && static_cast<uint64_t>(announced) > bytes_max) co_return Fail(BodyTooLarge(bytes_max));
  for (;;) {
    MF_CO_TRY(const std::string piece, co_await body_reader->Read(ctx));
    if (piece.empty()) break;
    if (piece.size() > bytes_max - body.size()) co_return Fail(BodyTooLarge(bytes_max));
    body += piece;
  }
  body_reader.reset();
  co_return Result<>();
}

Response Response::Text(int status, std::string body, std::string_view content_type) {
  Response response;
  response.status = status;
  response.headers.Add("Content-Type", content_type);
  response.body = std::move(body);
  return response;
}

std::vector<std::pair<std::string, std::string>> ParseQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    parameters.emplace_back(DecodeQueryPart(part.substr(0, equals)),
                            equals == std::string_view::npos ? std::string() : DecodeQueryPart(part.substr(equals + 1)));
  }
  return parameters;
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 207: return "Multi-Status";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 418: return "I'm a teapot";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 424: return "Failed Dependency";
    case 425: return "Too Early";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "Unknown";
  }
}

}  // namespace mayfly::http
