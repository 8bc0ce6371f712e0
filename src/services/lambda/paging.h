// Pages of lists. A marker holds the key that came last, so that pages stay right while resources come and go, and across
// restarts; clients take it as opaque.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "resources/resource_table.h"

namespace mayfly::lambda {

std::string EncodeMarker(std::string_view key);
// "" when there is none. Error: InvalidParameterValueException.
Result<std::string> DecodeMarker(const std::optional<std::string>& marker);

// What the client asked for (MaxItems), at most `maximum`.
size_t PageLimit(const std::optional<int32_t>& max_items, size_t maximum);

template <typename T>
struct Page {
  std::vector<typename resources::ResourceTable<T>::Row> rows;
  std::optional<std::string> next_marker;
};

// The next rows whose keys begin with `prefix`. Error: InvalidParameterValueException, the marker is none of ours.
// `wanted`: which rows to show.
template <typename T, typename Predicate>
Result<Page<T>> NextPageIf(const resources::ResourceTable<T>& table, std::string_view prefix, const std::optional<std::string>& marker,
                           size_t limit, Predicate wanted) {
  MF_TRY(const std::string after, DecodeMarker(marker));
  Page<T> page;
  page.rows = table.ListIf(prefix, after.empty() ? "" : std::string(prefix) + after, limit + 1, wanted);
  if (page.rows.size() > limit) {
    page.rows.resize(limit);
    page.next_marker = EncodeMarker(std::string_view(page.rows.back().key).substr(prefix.size()));
  }
  return page;
}

template <typename T>
Result<Page<T>> NextPage(const resources::ResourceTable<T>& table, std::string_view prefix, const std::optional<std::string>& marker,
                         size_t limit) {
  return NextPageIf(table, prefix, marker, limit, [](const auto&) { return true; });
}

}  // namespace mayfly::lambda
