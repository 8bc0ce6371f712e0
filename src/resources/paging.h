// Pages of lists. A marker holds where a page ended: the rest of its last row's key behind the list's prefix. So pages stay right
// while resources come and go, and across restarts. Clients take it as opaque.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resources/resource_table.h"

namespace mayfly::resources {

std::string WriteMarker(std::string_view place);
// nullopt: it is none of ours.
std::optional<std::string> ReadMarker(std::string_view marker);

// As many as the client asked for, at most `maximum`; that many when it did not say.
size_t PageLimit(const std::optional<int32_t>& asked, size_t maximum);
// For services that refuse what others cut: whether it asked for 1 to `maximum`, or did not say.
bool IsPageLimit(const std::optional<int32_t>& asked, size_t maximum);

struct PageRequest {
  std::string prefix;                 // of the keys
  std::optional<std::string> marker;  // as the client sent it
  size_t limit = 0;
  Error (*bad_marker)() = nullptr;    // what a client is told whose marker is none of ours
};

template <typename T>
struct Page {
  std::vector<typename ResourceTable<T>::Row> rows;
  std::optional<std::string> next_marker;
};

// The next rows, of those that `wanted` accepts. Error: PageRequest::bad_marker.
template <typename T, typename Predicate>
Result<Page<T>> NextPageIf(const ResourceTable<T>& table, const PageRequest& request, Predicate wanted) {
  std::string after;
  if (request.marker) {
    const auto place = ReadMarker(*request.marker);
    if (!place) return Fail(request.bad_marker());
    after = request.prefix + *place;
  }
  Page<T> page{.rows = table.ListIf(request.prefix, after, request.limit + 1, wanted), .next_marker = std::nullopt};
  if (page.rows.size() > request.limit) {
    page.rows.pop_back();
    page.next_marker = WriteMarker(std::string_view(page.rows.back().key).substr(request.prefix.size()));
  }
  return page;
}

template <typename T>
Result<Page<T>> NextPage(const ResourceTable<T>& table, const PageRequest& request) {
  return NextPageIf(table, request, [](const auto&) { return true; });
}

}  // namespace mayfly::resources
