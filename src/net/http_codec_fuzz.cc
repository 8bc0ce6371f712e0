// Fuzzes the codec, and compares it with Boost.Beast's parser: what ours accepts, Beast must accept too and read in the
// same way (method, target, fields, body, where the message ends). Ours may refuse more. Also: how the bytes are split must
// change nothing.
#include <cstdio>
#include <cstdlib>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/text.h"
#include "net/http_codec.h"

namespace mayfly::http {
namespace {

namespace beast = boost::beast::http;

constexpr size_t kBodyBytesMax = 1 << 20;
constexpr BodyLimits kLimits{kBodyBytesMax, 64 * 1024, 200};

[[noreturn]] void Differ(const char* what, std::string_view input, std::string_view ours, std::string_view theirs) {
  std::fprintf(stderr, "differs: %s\nours:   %.*s\ntheirs: %.*s\ninput:\n%.*s\n", what, static_cast<int>(ours.size()), ours.data(),
               static_cast<int>(theirs.size()), theirs.data(), static_cast<int>(input.size()), input.data());
  std::abort();
}

struct Body {
  BodyDecoder::State state = BodyDecoder::State::NeedMore;
  std::string bytes;
  size_t consumed = 0;
};

// Shows the decoder `step` bytes more at a time.
Body Decode(const Framing& framing, std::string_view input, size_t step) {
  BodyDecoder decoder(framing, kLimits);
  Body body;
  for (size_t visible = std::min(step, input.size());; visible = std::min(visible + step, input.size())) {
    for (;;) {
      const auto taken = decoder.Next(input.substr(body.consumed, visible - body.consumed));
      body.consumed += taken.consumed;
      body.bytes += taken.piece;
      body.state = taken.state;
      if (taken.state != BodyDecoder::State::Piece) break;
    }
    if (visible == input.size() || body.state != BodyDecoder::State::NeedMore) return body;
  }
}

std::string Describe(boost::beast::error_code error) { return error.message(); }

// Beast refuses lists in these fields that ours does not look into.
bool MayBeRefusedForAList(const Request& request) {
  return request.headers.Find("Connection") || request.headers.Find("Proxy-Connection") || request.headers.Find("Upgrade");
}

using BeastParser = beast::request_parser<beast::string_body>;

// Beast keeps fields of one name together, in their order.
void CompareFields(std::string_view input, const Request& request, const BeastParser& parser) {
  const auto& message = parser.get();
  const auto count = static_cast<size_t>(std::distance(message.begin(), message.end()));
  const bool absolute = !message.target().starts_with('/') && message.target() != "*";  // ours then makes the Host field
  const auto& fields = request.headers.fields();
  if (!absolute && count != fields.size()) Differ("field count", input, std::to_string(fields.size()), std::to_string(count));
  for (const auto& [name, value] : fields) {
    if (absolute && EqualIgnoringCase(name, "host")) continue;
    bool found = false;
    const auto [first, last] = message.equal_range(name);
    for (auto field = first; field != last; ++field) found = found || (field->name_string() == name && field->value() == value);
    if (!found) Differ("a field is only in ours", input, name, value);
  }
}

void CompareWithBeast(std::string_view input, const Request& request, const Framing& framing, const Body& body, size_t total) {
  BeastParser parser;
  parser.header_limit(1 << 20);
  parser.body_limit(kBodyBytesMax);
  boost::beast::error_code error;
  size_t used = parser.put(boost::asio::buffer(input.data(), input.size()), error);
  if (error == beast::error::need_more) error = {};
  if (!parser.is_header_done()) {
    if (error == beast::error::bad_value && MayBeRefusedForAList(request)) return;
    Differ("only ours accepts the head", input, request.method, Describe(error));
  }
  const auto& message = parser.get();
  if (request.method != message.method_string()) Differ("method", input, request.method, message.method_string());
  if (message.target().starts_with('/') && request.target != message.target()) Differ("target", input, request.target, message.target());
  CompareFields(input, request, parser);
  const bool chunked = framing.body == Framing::Body::Chunked;
  if (chunked != parser.chunked()) Differ("chunked", input, chunked ? "yes" : "no", parser.chunked() ? "yes" : "no");
  const uint64_t length = framing.body == Framing::Body::Length ? framing.length : 0;
  if (!chunked && parser.content_length().value_or(0) != length) Differ("length", input, std::to_string(length), "");
  if (framing.keep_alive != message.keep_alive() && !MayBeRefusedForAList(request)) Differ("keep-alive", input, "", "");
  if (body.state != BodyDecoder::State::End) return;
  parser.eager(true);
  while (!parser.is_done() && !error && used < input.size()) {
    used += parser.put(boost::asio::buffer(input.data() + used, input.size() - used), error);
  }
  if (error == beast::error::bad_value) return;  // a list in a trailer field
  if (!parser.is_done()) Differ("only ours accepts the body", input, body.bytes, Describe(error));
  if (message.body() != body.bytes) Differ("body", input, body.bytes, message.body());
  if (used != total) Differ("end of the message", input, std::to_string(total), std::to_string(used));
}

void FuzzRequest(std::string_view input, size_t step) {
  HeadScanner scanner, stepwise;
  const HeadScanner::State state = scanner.Scan(input);
  HeadScanner::State stepped = HeadScanner::State::Incomplete;
  for (size_t visible = 0; visible < input.size() && stepped == HeadScanner::State::Incomplete;) {
    visible = std::min(visible + step, input.size());
    stepped = stepwise.Scan(input.substr(0, visible));
  }
  if (state != stepped || scanner.bytes() != stepwise.bytes()) Differ("scanning in steps", input, "", "");
  if (state != HeadScanner::State::Complete) return;
  Request request;
  const auto framing = ParseRequestHead(input.substr(0, scanner.bytes()), 200, request);
  if (!framing) return;
  const std::string_view rest = input.substr(scanner.bytes());
  const Body whole = Decode(*framing, rest, rest.size() + 1);
  const Body pieces = Decode(*framing, rest, step);
  if (whole.state != pieces.state || whole.bytes != pieces.bytes) Differ("decoding in steps", input, whole.bytes, pieces.bytes);
  CompareWithBeast(input, request, *framing, whole, scanner.bytes() + whole.consumed);
}

void FuzzResponse(std::string_view input, size_t step) {
  HeadScanner scanner;
  if (scanner.Scan(input) != HeadScanner::State::Complete) return;
  ResponseHead response;
  const auto framing = ParseResponseHead(input.substr(0, scanner.bytes()), 200, AnswerTo::Other, response);
  if (!framing) return;
  const std::string_view rest = input.substr(scanner.bytes());
  const Body whole = Decode(*framing, rest, rest.size() + 1);
  const Body pieces = Decode(*framing, rest, step);
  if (whole.state != pieces.state || whole.bytes != pieces.bytes) Differ("decoding an answer in steps", input, whole.bytes, pieces.bytes);
}

}  // namespace
}  // namespace mayfly::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const size_t step = 1 + data[0] % 16;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  mayfly::http::FuzzRequest(input, step);
  mayfly::http::FuzzResponse(input, step);
  mayfly::http::ParseQuery(input);
  mayfly::http::Request skimmed;
  mayfly::http::SkimRequestHead(input, skimmed);
  MF_ASSERT(skimmed.target.starts_with('/') && mayfly::http::IsToken(skimmed.method));
  return 0;
}
