// What a function's result becomes for the client of its URL.
//
// Pure functions. The result is hostile: status, header names and values are checked before they become a response.
// Source: AWS "Invoking Lambda function URLs" and recorded answers.
#pragma once

#include <string_view>

#include "net/http_message.h"
#include "runtime/invocation.h"

namespace mayfly::edge {

// What a function may say in headers and cookies: as much as a client may say in its head. 502 beyond.
inline constexpr size_t kUrlHeaderFieldsMax = 200;
inline constexpr size_t kUrlHeaderBytesMax = 64 * 1024;

enum class UrlInvokeMode : unsigned char { Buffered, ResponseStream };

// A result with a statusCode says status, headers, cookies and body itself; any other JSON is the body of a 200 (a string
// without its quotes). With ResponseStream the result is the body as it is, unless it begins with a prelude
// (application/vnd.awslambda.http-integration-response).
// A function that streamed its answer to a URL that does not stream is understood as well: its prelude, or else its JSON, or else
// its bytes as they are.
// 502: the function failed, or its result makes no response.
http::Response MakeUrlResponse(const runtime::InvokeOutcome& outcome, UrlInvokeMode mode);

// The head of the response to a function that streams, found in the bytes as they come: everything before the first eight NULs is
// the prelude of a function that says so by its content type; of others all bytes are the body.
class UrlStreamHead {
 public:
  static constexpr size_t kPreludeBytesMax = 64 * 1024;
  enum class State : unsigned char { NeedMore, Complete, Malformed };

  explicit UrlStreamHead(std::string_view content_type);
  // More bytes of the answer. Complete: response() is the head, rest() what has come of the body. Nothing may be added then.
  // Malformed: no response can be made of it (502); also a prelude beyond kPreludeBytesMax.
  State Add(std::string_view bytes);
  State state() const { return state_; }
  http::Response& response() { return response_; }
  std::string& rest() { return bytes_; }

 private:
  State Parse(size_t prelude_bytes);

  bool has_prelude_;
  State state_ = State::NeedMore;
  std::string bytes_;
  http::Response response_;
};

// Answers that are not the function's: {"Message":…} with x-amzn-ErrorType.
http::Response UrlForbidden();   // 403: no permission, or not signed
http::Response UrlUnknown();     // 403: no such URL
http::Response UrlBadGateway();  // 502: malformed result, or no result for a reason of ours
http::Response UrlTooLarge();    // 413
http::Response UrlHeadTooLarge();  // 431

}  // namespace mayfly::edge
