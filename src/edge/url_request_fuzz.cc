// Feeds a request as any client can send it to the parser of function URL hosts and the maker of events.
#include <cstddef>
#include <cstdint>

#include "base/json.h"
#include "edge/url_request.h"

namespace {

using namespace mayfly;

std::string Take(std::string_view& text, char until) {
  const size_t end = std::min(text.find(until), text.size());
  std::string piece(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

// "METHOD target\nhost\npeer\nname:value\n…\n\nbody"
http::Request ReadRequest(std::string_view text) {
  http::Request request;
  request.method = Take(text, ' ');
  request.target = Take(text, '\n');
  request.headers.Add("Host", Take(text, '\n'));
  request.peer = Take(text, '\n');
  while (!text.empty() && text[0] != '\n') {
    std::string line = Take(text, '\n');
    std::string_view rest = line;
    const std::string name = Take(rest, ':');
    request.headers.Add(name, rest);
  }
  request.body = text;
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const http::Request request = ReadRequest(std::string_view(reinterpret_cast<const char*>(data), size));
  const std::string_view host = request.headers.Get("Host");
  edge::UrlEventContext context{.host = {.name = "x", .url_id = "x", .region = "r"}};
  if (auto parsed = edge::ParseUrlHost(host, "lambda.example.com")) {
    MF_ASSERT(!parsed->url_id.empty() && !parsed->region.empty());
    MF_ASSERT(parsed->name.starts_with(parsed->url_id + ".lambda-url." + parsed->region + '.'));
    context.host = std::move(*parsed);
  }
  if (auto origin = edge::ParseUrlOrigin(host, edge::UrlOrigin())) {
    // What was accepted makes addresses that are recognised again.
    MF_ASSERT(edge::ParseUrlHost("x.lambda-url.r." + origin->domain, origin->domain).has_value() || origin->domain.size() > 230);
  }
  if (request.method.size() % 2) context.caller = Principal{.arn = request.method};
  const std::string event = edge::MakeUrlEvent(request, context);
  MF_ASSERT(json::IsValidJson(event));
  return 0;
}
