// Any request, through routing, decoding and validation, must end in a struct or in a well-formed error answer.
// Input: method, target and headers one a line, an empty line, the body.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "model/lambda.h"
#include "wire/error_response.h"
#include "wire/rest_json.h"

namespace {

using mayfly::wire::RestJson;

std::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

mayfly::http::Request ReadRequest(std::string_view text) {
  mayfly::http::Request request;
  request.method = TakeLine(text);
  request.target = TakeLine(text);
  for (std::string_view line = TakeLine(text); !line.empty(); line = TakeLine(text)) {
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos) request.headers.Add(line.substr(0, colon), line.substr(colon + 1));
  }
  request.body = text;
  return request;
}

void CheckError(const RestJson& protocol, const mayfly::Error& error) {
  const auto answer = protocol.EncodeError(error);
  MF_ASSERT(answer.status >= 400 && answer.status < 600);
  MF_ASSERT(mayfly::json::IsValidJson(answer.body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const RestJson protocol(mayfly::lambda::kService);
  auto request = ReadRequest({reinterpret_cast<const char*>(data), size});
  auto match = protocol.Route(request);
  if (!match) {
    CheckError(protocol, match.error());
    return 0;
  }
  if (!match->operation->call) {
    CheckError(protocol, mayfly::wire::NotImplemented(*match->operation));
    return 0;
  }
  const auto message = protocol.Decode(*match, request);
  if (!message) CheckError(protocol, message.error());
  return 0;
}
