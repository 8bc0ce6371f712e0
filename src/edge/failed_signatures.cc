#include "edge/failed_signatures.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace mayfly::edge {
namespace {

constexpr std::array<std::string_view, 4> kCounted = {"InvalidSignatureException", "UnrecognizedClientException", "SignatureDoesNotMatch", "IncompleteSignatureException"};

bool IsLoopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

// The address itself, or the 64 bits of its network.
std::string SenderOf(std::string_view address) {
  std::string text(address);
  std::array<char, 16> bytes{};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return std::string(bytes.data(), 8);
  return text;
}

}  // namespace

bool FailedSignatures::IsBarred(std::string_view address, TimePoint now) const {
  if (windows_.empty()) return false;
  const auto found = windows_.find(SenderOf(address));
  return found != windows_.end() && found->second.failures >= kFailuresMax && now < found->second.end;
}

void FailedSignatures::Note(std::string_view address, const Error& error, TimePoint now) {
  if (IsLoopback(address) || std::ranges::find(kCounted, error.code) == kCounted.end()) return;
  if (windows_.size() >= kAddressesMax) windows_.clear();
  Window& window = windows_[SenderOf(address)];
  if (now >= window.end) window = {.end = now + kWindow};
  ++window.failures;
}

}  // namespace mayfly::edge
