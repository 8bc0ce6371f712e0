// What a Describe asks for: resources by id, by filter and page by page, alike for all kinds.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/ec2.h"
#include "resources/paging.h"
#include "services/ec2/region_state.h"

namespace mayfly::ec2 {

inline constexpr size_t kPageMax = 1'000;

// A filter's name, and the values that a resource has for it: one of them must be wanted.
template <typename T>
struct Field {
  std::string_view name;
  void (*read)(const RegionState& region, const T& row, std::vector<std::string>& values);
};

inline std::string TextOf(bool value) { return value ? "true" : "false"; }

// All point into the request.
struct Asked {
  const std::vector<std::string>* ids = nullptr;
  const std::vector<Filter>* filters = nullptr;
  const std::string* next_token = nullptr;
  size_t limit = kPageMax;
};

template <typename Request>
Asked AskedOf(const Request& request, const std::optional<std::vector<std::string>>& ids) {
  Asked asked;
  if (ids) asked.ids = &*ids;
  if constexpr (requires { request.filters; }) {
    if (request.filters) asked.filters = &*request.filters;
  }
  if constexpr (requires { request.next_token; }) {
    if (request.next_token) asked.next_token = &*request.next_token;
  }
  if constexpr (requires { request.max_results; }) {
    if (request.max_results) asked.limit = static_cast<size_t>(std::max(1, *request.max_results));
  }
  return asked;
}

// Whether one of `values` is wanted; * and ? in what is wanted stand for any text, and for one character.
bool IsWanted(const std::vector<std::string>& wanted, const std::vector<std::string>& values);
// What every kind has: tag:KEY, tag-key, tag-value. Whether `name` is one of them; its values then.
bool ReadTagFilter(std::string_view name, const resources::StringPairs& tags, std::vector<std::string>& values);
Error UnknownFilter(std::string_view name);
Error BadToken(std::string_view token);
// Errors: a filter without a name, too many values.
Result<> CheckFilters(const std::vector<Filter>& filters);

template <typename T>
Result<bool> Passes(const RegionState& region, const T& row, const std::vector<Filter>& filters, std::span<const Field<T>> fields) {
  for (const Filter& filter : filters) {
    std::vector<std::string> values;
    const auto field = std::ranges::find(fields, std::string_view(*filter.name), &Field<T>::name);
    if (field != fields.end())
      field->read(region, row, values);
    else if (!ReadTagFilter(*filter.name, row.tags, values))
      return Fail(UnknownFilter(*filter.name));
    if (!IsWanted(filter.values.value_or(std::vector<std::string>()), values)) return false;
  }
  return true;
}

template <typename Pointer>
struct Selected {
  std::vector<Pointer> rows;
  std::optional<std::string> next_token;
};

// The page of `rows`, which are in the order of their ids, that `asked` means. Error: InvalidNextToken.
template <typename Pointer>
Result<Selected<Pointer>> PageOf(std::vector<Pointer> rows, const Asked& asked) {
  Selected<Pointer> page;
  std::string after;
  if (asked.next_token) {
    auto place = resources::ReadMarker(*asked.next_token);
    if (!place) return Fail(BadToken(*asked.next_token));
    after = std::move(*place);
  }
  for (Pointer& row : rows) {
    if (row->id <= after) continue;
    if (page.rows.size() == asked.limit) {
      page.next_token = resources::WriteMarker(page.rows.back()->id);
      break;
    }
    page.rows.push_back(std::move(row));
  }
  return page;
}

// Those of a kind. Errors: of the kind, for an id; UnknownFilter; InvalidNextToken.
template <typename T>
Result<Selected<RegionState::Pointer<T>>> Select(const RegionState& region, const Asked& asked, std::span<const Field<T>> fields) {
  std::vector<RegionState::Pointer<T>> rows;
  if (asked.ids && !asked.ids->empty()) {
    for (const std::string& id : *asked.ids) {
      MF_TRY(auto row, region.Get<T>(id));
      rows.push_back(std::move(row));
    }
    std::ranges::sort(rows, {}, [](const auto& row) { return row->id; });
  } else {
    rows = region.All<T>();
  }
  if (asked.filters) {
    MF_TRY_VOID(CheckFilters(*asked.filters));
    std::vector<RegionState::Pointer<T>> passing;
    for (auto& row : rows) {
      MF_TRY(const bool passes, Passes<T>(region, *row, *asked.filters, fields));
      if (passes) passing.push_back(std::move(row));
    }
    rows = std::move(passing);
  }
  return PageOf(std::move(rows), asked);
}

}  // namespace mayfly::ec2
