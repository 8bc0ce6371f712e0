#include "invoke/lineage.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/text.h"

namespace mayfly::invoke {
namespace {

constexpr std::string_view kMember = "Lineage=";
constexpr size_t kHashLength = 8;

struct Entry {
  std::string_view hash;
  int count = 0;
};

bool IsHash(std::string_view text) {
  return text.size() == kHashLength && ConsistsOf(text, kLowerHexDigits);
}

// "cbc84ad3:2". A newer form has a further number in front ("1:fe460cdd:0"), which says nothing about one function.
std::optional<Entry> ParseEntry(std::string_view text) {
  const std::vector<std::string_view> parts = Split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const std::string_view hash = parts[parts.size() - 2];
  const std::optional<int> count = ParseNumber<int>(parts.back());
  if (!IsHash(hash) || !count || *count < 0) return std::nullopt;
  return Entry{hash, std::min(*count, kLineageCountMax)};
}

struct Header {
  std::string others;  // all other members, joined
  std::vector<Entry> lineage;
};

Header Parse(std::string_view trace_header) {
  Header header;
  for (const std::string_view member : Split(trace_header, ';')) {
    if (member.starts_with(kMember)) {
      for (const std::string_view text : Split(member.substr(kMember.size()), '|')) {
        if (const auto entry = ParseEntry(text)) header.lineage.push_back(*entry);
      }
    } else if (!member.empty()) {
      if (!header.others.empty()) header.others += ';';
      header.others += member;
    }
  }
  return header;
}

// The first digits of SHA-256.
std::string HashOf(std::string_view function_arn) { return HexEncode(AsView(Sha256(function_arn)).substr(0, kHashLength / 2)); }

}  // namespace

Hop AddHop(std::string_view trace_header, std::string_view function_arn) {
  Header header = Parse(trace_header);
  const std::string hash = HashOf(function_arn);
  Hop hop;
  for (const Entry& entry : header.lineage) {
    if (entry.hash == hash) hop.earlier = std::max(hop.earlier, std::min(entry.count + 1, kLineageCountMax));
  }
  std::erase_if(header.lineage, [&](const Entry& entry) { return entry.hash == hash; });
  const size_t surplus = header.lineage.size() >= kLineageFunctionsMax ? header.lineage.size() - kLineageFunctionsMax + 1 : 0;
  header.lineage.erase(header.lineage.begin(), header.lineage.begin() + static_cast<std::ptrdiff_t>(surplus));
  header.lineage.push_back({hash, hop.earlier});
  hop.trace_header = std::move(header.others);
  hop.trace_header += hop.trace_header.empty() ? kMember : ";Lineage=";
  for (const Entry& entry : header.lineage) {
    fmt::format_to(std::back_inserter(hop.trace_header), "{}{}:{}", &entry == &header.lineage.front() ? "" : "|", entry.hash,
                   entry.count);
  }
  return hop;
}

bool IsLoop(std::string_view trace_header, std::string_view function_arn) {
  const Header header = Parse(trace_header);
  const std::string hash = HashOf(function_arn);
  return std::ranges::any_of(header.lineage, [&](const Entry& entry) { return entry.hash == hash && entry.count >= kRecursionMax; });
}

}  // namespace mayfly::invoke
