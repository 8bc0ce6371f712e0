// What the fuzz targets of REST protocols share: any request, through routing, decoding and validation, must end in a struct or in a
// well-formed error answer. Input: method, target and headers one a line, an empty line, the body.
#pragma once

#include <cstdint>
#include <string_view>

#include "wire/error_response.h"
#include "wire/protocol.h"

namespace mayfly::wire::testing {

inline std::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

inline http::Request ReadRequest(std::string_view text) {
  http::Request request;
  request.method = TakeLine(text);
  request.target = TakeLine(text);
  for (std::string_view line = TakeLine(text); !line.empty(); line = TakeLine(text)) {
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos) request.headers.Add(line.substr(0, colon), line.substr(colon + 1));
  }
  request.body = text;
  return request;
}

// `is_document`: whether an error's body is well-formed.
inline void FuzzRest(const Protocol& protocol, const uint8_t* data, size_t size, bool (*is_document)(std::string_view)) {
  const auto refuse = [&](const Error& error) {
    auto answer = protocol.EncodeError(error);
    protocol.Finish(answer, "id");
    MF_ASSERT(answer.status >= 400 && answer.status < 600);
    MF_ASSERT(is_document(answer.body));
  };
  auto request = ReadRequest({reinterpret_cast<const char*>(data), size});
  auto match = protocol.Route(request);
  if (!match) return refuse(match.error());
  if (!match->operation->call) return refuse(NotImplemented(*match->operation));
  const auto message = protocol.Decode(*match, request);
  if (!message) refuse(message.error());
}

}  // namespace mayfly::wire::testing
