// Pages of lists, in Lambda's words (resources/paging.h).
#pragma once

#include "resources/paging.h"

namespace mayfly::lambda {

using resources::PageLimit;
using resources::WriteMarker;

// InvalidParameterValueException.
Error InvalidMarker();
// "" when there is none. Error: InvalidMarker.
Result<std::string> ReadMarker(const std::optional<std::string>& marker);

// The next rows whose keys begin with `prefix`, of those that `wanted` accepts. Error: InvalidMarker.
template <typename T, typename Predicate>
Result<resources::Page<T>> NextPageIf(const resources::ResourceTable<T>& table, std::string prefix, std::optional<std::string> marker,
                                      size_t limit, Predicate wanted) {
  return resources::NextPageIf(
      table, {.prefix = std::move(prefix), .marker = std::move(marker), .limit = limit, .bad_marker = &InvalidMarker}, wanted);
}

template <typename T>
Result<resources::Page<T>> NextPage(const resources::ResourceTable<T>& table, std::string prefix, std::optional<std::string> marker,
                                    size_t limit) {
  return NextPageIf(table, std::move(prefix), std::move(marker), limit, [](const auto&) { return true; });
}

}  // namespace mayfly::lambda
