#include "edge/service_choice.h"

#include <algorithm>
#include <bit>

#include "base/text.h"
#include "identity/sigv4.h"
#include "wire/host_form.h"
#include "wire/query.h"
#include "wire/router.h"

namespace mayfly::edge {
namespace {

// The service's part of "/service/TARGET/operation/NAME"; "" for any other path.
std::string_view RpcTarget(std::string_view path) {
  if (!path.starts_with("/service/")) return {};
  const auto parts = Split(path, '/');
  return parts.size() == 5 && parts[3] == "operation" ? parts[2] : std::string_view();
}

// What of a query decides. The body's parameters count like those of the URL.
struct QueryNames {
  std::string action;
  std::string version;
};

void TakeNames(std::string_view text, QueryNames& names) {
  // Values may be large, and there may be many: nothing is decoded but the two that matter.
  for (const std::string_view part : Split(text, '&')) {
    std::string* wanted = part.starts_with("Action=") ? &names.action : part.starts_with("Version=") ? &names.version : nullptr;
    if (wanted && wanted->empty()) *wanted = http::ParseQuery(part).front().second;
  }
}

QueryNames NamesOf(const http::Request& request) {
  QueryNames names;
  TakeNames(request.query(), names);
  TakeNames(request.body, names);
  return names;
}

}  // namespace

struct ServiceChoice::Entry {
  const wire::Service* service;
  std::vector<std::string_view> signing;
  std::vector<wire::HostForm> hosts;
  std::optional<wire::Router> router;  // of a REST protocol
  bool speaks_query;
};

ServiceChoice::ServiceChoice() = default;
ServiceChoice::~ServiceChoice() = default;

ServiceChoice::Set ServiceChoice::All() const { return entries_.empty() ? 0 : ~Set{0} >> (kServicesMax - entries_.size()); }

void ServiceChoice::Add(const wire::Service& service) {
  MF_ASSERT(entries_.size() < kServicesMax);
  Entry entry{.service = &service, .signing = Split(service.signing, ' '), .hosts = wire::HostFormsOf(service), .router = {}, .speaks_query = service.Speaks("query") || service.Speaks("ec2-query")};
  if (service.Speaks("rest-json") || service.Speaks("rest-xml")) entry.router.emplace(service);
  entries_.push_back(std::move(entry));
}

// Those of `among` of which `predicate` is true.
template <typename Predicate>
ServiceChoice::Set ServiceChoice::Those(Set among, Predicate predicate) const {
  Set found = 0;
  for (Set rest = among; rest != 0; rest &= rest - 1) {
    const int number = std::countr_zero(rest);
    if (predicate(entries_[static_cast<size_t>(number)])) found |= Set{1} << number;
  }
  return found;
}

std::optional<ServiceChoice::Set> ServiceChoice::OfSignature(const http::Request& request) const {
  const std::string name = identity::FindSigningName(request);
  if (name.empty()) return std::nullopt;
  return Those(All(), [&](const Entry& entry) { return std::ranges::find(entry.signing, name) != entry.signing.end(); });
}

ServiceChoice::Set ServiceChoice::OfHost(std::string_view host, Set among) const {
  host = wire::WithoutPort(host);
  const auto those = [&](bool labelled) {
    return Those(among, [&](const Entry& entry) {
      return std::ranges::any_of(entry.hosts, [&](const wire::HostForm& form) { return form.has_label() == labelled && form.Fits(host); });
    });
  };
  const Set plain = those(false);
  return plain ? plain : those(true);
}

std::optional<ServiceChoice::Set> ServiceChoice::OfAction(const http::Request& request, Set among) const {
  const QueryNames names = NamesOf(request);
  if (names.action.empty()) return std::nullopt;
  const Set speaking = Those(among, [](const Entry& entry) { return entry.speaks_query; });
  const Set versioned = names.version.empty() ? 0 : Those(speaking, [&](const Entry& entry) { return entry.service->version == names.version; });
  const Set having = Those(versioned ? versioned : speaking, [&](const Entry& entry) { return wire::FindOperation(*entry.service, names.action) != nullptr; });
  return having ? having : versioned;  // the service of that version says what is wrong with the Action
}

// Of the services whose templates the path fits: those of the template that it spells out best.
ServiceChoice::Set ServiceChoice::OfPath(const http::Request& request, Templates templates, Set among) const {
  Set best = 0;
  int best_rank = -1;
  for (size_t number = 0; number < entries_.size(); ++number) {
    if (!(among >> number & 1) || !entries_[number].router) continue;
    const auto fit = entries_[number].router->Fit(request.method, request.path());
    if (!fit || (fit->literals > 0) != (templates == Templates::WithLiterals)) continue;
    const int rank = 2 * fit->literals + (fit->has_method ? 1 : 0);
    if (rank > best_rank) best = 0;
    if (rank >= best_rank) best |= Set{1} << number;
    best_rank = std::max(rank, best_rank);
  }
  return best;
}

std::optional<ServiceChoice::Set> ServiceChoice::OfHead(const http::Request& request, Set& left) const {
  const std::optional<Set> signed_for = OfSignature(request);
  left = signed_for.value_or(All());
  if (signed_for && (left == 0 || std::has_single_bit(left))) return left;
  const auto of_target = [&](std::string_view target) { return Those(left, [&](const Entry& entry) { return !target.empty() && entry.service->target == target; }); };
  if (const std::string_view target = request.headers.Get("X-Amz-Target"); !target.empty()) return of_target(target.substr(0, target.rfind('.')));
  if (const std::string_view target = RpcTarget(request.path()); !target.empty()) return of_target(target);
  if (const Set of_host = OfHost(request.headers.Get("Host"), left)) {
    left = of_host;
    if (std::has_single_bit(left)) return left;
  }
  if (const Set of_path = OfPath(request, Templates::WithLiterals, left)) return of_path;
  return std::nullopt;
}

std::optional<size_t> ServiceChoice::Of(const http::Request& request) const {
  Set left = 0;
  std::optional<Set> decided = OfHead(request, left);
  if (!decided && wire::LooksLikeQuery(request)) decided = OfAction(request, left);
  // A form that is posted has an Action, or lacks it: it is no object of some service.
  const bool is_form = request.method == "POST" && wire::LooksLikeQuery(request);
  if (!decided) decided = is_form ? Set{0} : OfPath(request, Templates::OfLabels, left);
  return *decided ? std::optional(static_cast<size_t>(std::countr_zero(*decided))) : std::nullopt;
}

bool ServiceChoice::NeedsBody(const http::Request& request) const {
  Set left = 0;
  return request.body_reader && request.method == "POST" && wire::LooksLikeQuery(request) && !OfHead(request, left) && !OfAction(request, left);
}

}  // namespace mayfly::edge
