#include "wire/host_form.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace mayfly::wire {
namespace {

constexpr size_t kHostBytesMax = 255;  // of DNS

// What stands before the next separator; takes both off `rest`, which is nullopt afterwards when that was the last piece.
std::string_view TakePiece(std::optional<std::string_view>& rest, char separator) {
  const size_t end = rest->find(separator);
  const std::string_view piece = rest->substr(0, end);
  rest = end == std::string_view::npos ? std::nullopt : std::optional(rest->substr(end + 1));
  return piece;
}

// "us-east-1", "us-gov-west-1": words of letters, then a number.
bool LooksLikeRegion(std::string_view label) {
  const auto is_of = [](std::string_view word, char low, char high) {
    return !word.empty() && std::ranges::all_of(word, [&](char c) { return c >= low && c <= high; });
  };
  std::optional<std::string_view> rest = label;
  for (int words = 0;; ++words) {
    const std::string_view word = TakePiece(rest, '-');
    if (!rest) return words >= 2 && is_of(word, '0', '9');
    if (!is_of(word, 'a', 'z')) return false;
  }
}

// `host`: what is left of it; nullopt: nothing.
bool HasLabels(std::optional<std::string_view> host, std::span<const std::string_view> form) {
  if (form.empty() || !host) return form.empty() && !host;
  const std::string_view label = TakePiece(host, '.');
  if (form.front() == "*") return HasLabels(host, form.subspan(1)) || (host && HasLabels(host, form));
  const bool fits = form.front() == "REGION" ? LooksLikeRegion(label) : EqualIgnoringCase(form.front(), label);
  return fits && HasLabels(host, form.subspan(1));
}

bool IsHost(std::string_view host) { return !host.empty() && host.size() <= kHostBytesMax; }

}  // namespace

std::string_view WithoutPort(std::string_view host) {
  const size_t colon = host.rfind(':');
  return colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos ? host : host.substr(0, colon);
}

HostForm::HostForm(std::string_view form) : labels_(Split(form, '.')), has_label_(form.starts_with('{')) {
  if (has_label_) labels_.erase(labels_.begin());
}

bool HostForm::Fits(std::string_view host) const {
  if (has_label_) return LabelIn(host).has_value();
  return IsHost(host) && HasLabels(host, labels_);
}

std::optional<std::string_view> HostForm::LabelIn(std::string_view host) const {
  if (!has_label_ || !IsHost(host)) return std::nullopt;
  for (size_t dot = host.rfind('.'); dot != std::string_view::npos && dot > 0; dot = host.rfind('.', dot - 1)) {
    if (HasLabels(host.substr(dot + 1), labels_)) return host.substr(0, dot);
  }
  return std::nullopt;
}

std::vector<HostForm> HostFormsOf(const Service& service) {
  std::vector<HostForm> forms;
  if (service.hosts.empty()) return forms;
  for (const std::string_view form : Split(service.hosts, ' ')) forms.emplace_back(form);
  return forms;
}

}  // namespace mayfly::wire
