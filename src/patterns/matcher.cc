#include "patterns/matcher.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "patterns/address_range.h"

namespace mayfly::patterns {
namespace {

bool SameNumber(const json::Value& a, const json::Value& b) {
  if (a.number_text() == b.number_text()) return true;
  const auto x = a.AsDouble();
  const auto y = b.AsDouble();
  return x && y && *x == *y;
}

bool HoldsHow(const Literal& literal, const json::Value& leaf) {
  return literal.value.is_number() && leaf.is_number() ? SameNumber(literal.value, leaf) : literal.value == leaf;
}

bool HoldsHow(const Text& wanted, const json::Value& leaf) {
  if (!leaf.is_string()) return false;
  const std::string lower = wanted.letters == Case::Ignore ? LowerCase(leaf.string()) : std::string();
  const std::string_view text = wanted.letters == Case::Ignore ? std::string_view(lower) : std::string_view(leaf.string());
  switch (wanted.place) {
    case Place::Start: return text.starts_with(wanted.text);
    case Place::End: return text.ends_with(wanted.text);
    case Place::Whole: break;
  }
  return text == wanted.text;
}

bool HoldsHow(const Wildcard& wildcard, const json::Value& leaf) {
  if (!leaf.is_string()) return false;
  std::string_view text = leaf.string();
  const std::string& first = wildcard.pieces.front();
  if (wildcard.pieces.size() == 1) return text == first;
  if (!text.starts_with(first)) return false;
  text.remove_prefix(first.size());
  for (size_t piece = 1; piece + 1 < wildcard.pieces.size(); ++piece) {
    const size_t at = text.find(wildcard.pieces[piece]);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + wildcard.pieces[piece].size());
  }
  return text.ends_with(wildcard.pieces.back());
}

bool IsTrue(Comparison comparison, double left, double right) {
  switch (comparison) {
    case Comparison::Less: return left < right;
    case Comparison::LessOrEqual: return left <= right;
    case Comparison::GreaterOrEqual: return left >= right;
    case Comparison::Greater: return left > right;
    case Comparison::Equal: break;
  }
  return left == right;
}

bool HoldsHow(const Range& range, const json::Value& leaf) {
  if (!leaf.is_number()) return false;
  const auto number = leaf.AsDouble();
  if (!number || std::fabs(*number) > range.number_max) return false;
  return std::ranges::all_of(range.bounds, [&](const auto& bound) { return IsTrue(bound.first, *number, bound.second); });
}

bool HoldsHow(const Network& network, const json::Value& leaf) {
  const auto host = leaf.is_string() ? ParseAddress(leaf.string()) : std::nullopt;
  return host && Contains(network, *host);
}

bool HoldsHow(Existence existence, const json::Value&) { return existence == Existence::Present; }

bool HoldsHow(const NoneOf& none_of, const json::Value& leaf) {
  return std::ranges::none_of(none_of.matchers, [&](const Matcher& one) { return Holds(one, leaf); });
}

// How many beginnings of `piece` end where its longest repetition of itself ends: "aaa" has 3, "abc" 1, "" 0.
int OverlapsOf(std::string_view piece) {
  std::vector<size_t> border(piece.size() + 1, 0);
  std::vector<int> depth(piece.size() + 1, 0);
  int most = 0;
  for (size_t length = 1; length <= piece.size(); ++length) {
    size_t candidate = length > 1 ? border[length - 1] : 0;
    while (length > 1 && candidate > 0 && piece[candidate] != piece[length - 1]) candidate = border[candidate];
    if (length > 1 && piece[candidate] == piece[length - 1]) ++candidate;
    border[length] = candidate;
    depth[length] = depth[candidate] + 1;
    most = std::max(most, depth[length]);
  }
  return most;
}

int ComplexityOfHow(const NoneOf& none_of) {
  int sum = 0;
  for (const Matcher& one : none_of.matchers) sum += ComplexityOf(one);
  return sum;
}
int ComplexityOfHow(const Wildcard& wildcard) { return ComplexityOf(wildcard); }
int ComplexityOfHow(const auto&) { return 0; }

}  // namespace

bool Holds(const Matcher& matcher, const json::Value& leaf) {
  return std::visit([&](const auto& how) { return HoldsHow(how, leaf); }, matcher.how);
}

int ComplexityOf(const Wildcard& wildcard) {
  int sum = 0;
  for (size_t piece = 1; piece < wildcard.pieces.size(); ++piece) sum += std::max(1, OverlapsOf(wildcard.pieces[piece]));
  return sum;
}

int ComplexityOf(const Matcher& matcher) {
  return std::visit([](const auto& how) { return ComplexityOfHow(how); }, matcher.how);
}

}  // namespace mayfly::patterns
