#include "edge/service_choice.h"

#include <algorithm>

#include "identity/sigv4.h"
#include "wire/query.h"

namespace mayfly::edge {
namespace {

// "/2015-03-31/…": Lambda's, and no path of a queue.
bool BeginsWithDate(std::string_view target) {
  return target.size() > 5 && target[0] == '/' && target[5] == '-' && std::ranges::all_of(target.substr(1, 4), [](char c) { return c >= '0' && c <= '9'; });
}

template <typename Predicate>
std::optional<size_t> IndexOf(std::span<const wire::Service* const> services, Predicate wanted) {
  const auto found = std::ranges::find_if(services, [&](const wire::Service* service) { return wanted(*service); });
  return found == services.end() ? std::nullopt : std::optional(static_cast<size_t>(found - services.begin()));
}

}  // namespace

std::optional<size_t> ChooseService(const http::Request& request, std::span<const wire::Service* const> services) {
  if (services.empty() || BeginsWithDate(request.target)) return std::nullopt;
  if (const std::string_view target = request.headers.Get("X-Amz-Target"); !target.empty()) {
    const std::string_view prefix = target.substr(0, target.rfind('.'));
    const auto found = IndexOf(services, [&](const wire::Service& service) { return !service.target.empty() && service.target == prefix; });
    if (found) return found;
  }
  if (const auto scope = identity::FindCredentialScope(request); scope && !scope->service.empty()) {
    const auto found = IndexOf(services, [&](const wire::Service& service) { return service.signing == scope->service; });
    if (found || scope->service == "lambda") return found;
  }
  if (wire::LooksLikeQuery(request)) {
    return IndexOf(services, [](const wire::Service& service) { return service.Speaks("query"); });
  }
  return std::nullopt;
}

}  // namespace mayfly::edge
