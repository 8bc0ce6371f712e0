// What a function's result becomes for the client of its URL.
//
// Pure functions. The result is hostile: status, header names and values are checked before they become a response.
// Source: AWS "Invoking Lambda function URLs" and recorded answers.
#pragma once

#include <string_view>

#include "net/http_message.h"
#include "runtime/invocation.h"

namespace mayfly::edge {

enum class UrlInvokeMode : unsigned char { Buffered, ResponseStream };

// A result with a statusCode says status, headers, cookies and body itself; any other JSON is the body of a 200 (a string
// without its quotes). With ResponseStream the result is the body as it is, unless it begins with a prelude
// (application/vnd.awslambda.http-integration-response).
// 502: the function failed, or its result makes no response.
http::Response MakeUrlResponse(const runtime::InvokeOutcome& outcome, UrlInvokeMode mode);

// Answers that are not the function's: {"Message":…} with x-amzn-ErrorType.
http::Response UrlForbidden();   // 403: no permission, or not signed
http::Response UrlUnknown();     // 403: no such URL
http::Response UrlBadGateway();  // 502: malformed result, or no result for a reason of ours
http::Response UrlTooLarge();    // 413

}  // namespace mayfly::edge
