// Feeds a request's head to everything that takes signatures apart.
#include <cstddef>
#include <cstdint>

#include "identity/authenticator.h"
#include "identity/error_status.h"

namespace {

using namespace mayfly;
using namespace mayfly::identity;

// "METHOD target\nname:value\n…\n\nbody"
http::Request ReadRequest(std::string_view text) {
  http::Request request;
  const auto take = [&](std::string_view until) {
    const size_t end = text.find(until);
    std::string piece(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + until.size());
    return piece;
  };
  request.method = take(" ");
  request.target = take("\n");
  while (!text.empty() && text[0] != '\n') {
    const std::string line = take("\n");
    const size_t colon = line.find(':');
    if (colon != std::string::npos) request.headers.Add(line.substr(0, colon), line.substr(colon + 1));
  }
  request.body = text;
  return request;
}

void RequireKnownCode(const Error& error) {
  MF_ASSERT(error.kind == Error::Kind::Service);
  MF_ASSERT(HttpStatusOf(error.code) != 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const SystemClock clock;
  static SignatureVerifier verifier(clock);
  const http::Request request = ReadRequest(text);
  (void)FindCredentialScope(request);
  const auto claim = ParseClaim(request);
  if (!claim) {
    RequireKnownCode(claim.error());
    return 0;
  }
  if (*claim) {
    const auto verified = verifier.Verify(request, **claim, "secret", Sha256Hex(request.body));
    if (!verified) RequireKnownCode(verified.error());
    (void)PayloadModeOf((*claim)->payload_hash);
  }
  (void)FindSigningName(request);
  return 0;
}
