// DescribePrefixLists, DescribeManagedPrefixLists, GetManagedPrefixListEntries.
#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/ec2_api.h"
#include "services/ec2/prefix_lists.h"
#include "services/ec2/selection.h"

namespace mayfly::ec2 {
namespace {

Error NoSuchList(std::string_view id) {
  return Error::Service("InvalidPrefixListID.NotFound", fmt::format("The prefix list ID '{}' does not exist", id));
}

Result<bool> PassesList(const AwsPrefixList& list, const std::vector<Filter>& filters) {
  for (const Filter& filter : filters) {
    std::vector<std::string> values;
    if (filter.name == "prefix-list-id")
      values = {list.id};
    else if (filter.name == "prefix-list-name")
      values = {list.name};
    else if (filter.name == "owner-id")
      values = {"AWS"};
    else
      return Fail(UnknownFilter(filter.name.value_or("null")));
    if (!IsWanted(filter.values.value_or(std::vector<std::string>()), values)) return false;
  }
  return true;
}

// Errors: no such list; an unknown filter.
template <typename Request>
Result<std::vector<AwsPrefixList>> ListsOf(const Context& ctx, const Request& request) {
  auto lists = PrefixListsOf(ctx.principal.region);
  const auto ids = request.prefix_list_ids.value_or(std::vector<std::string>());
  for (const std::string& id : ids) {
    if (std::ranges::find(lists, id, &AwsPrefixList::id) == lists.end()) return Fail(NoSuchList(id));
  }
  std::vector<AwsPrefixList> wanted;
  for (AwsPrefixList& list : lists) {
    MF_TRY(const bool passes, PassesList(list, request.filters.value_or(std::vector<Filter>())));
    if (passes && (ids.empty() || std::ranges::find(ids, list.id) != ids.end())) wanted.push_back(std::move(list));
  }
  return wanted;
}

}  // namespace

Task<Result<DescribePrefixListsResponse>> EndpointsApi::DescribePrefixLists(Context& ctx, DescribePrefixListsRequest request) {
  MF_CO_TRY(auto lists, ListsOf(ctx, request));
  DescribePrefixListsResponse response{.next_token = std::nullopt, .prefix_lists = std::vector<PrefixList>()};
  for (AwsPrefixList& list : lists)
    response.prefix_lists->push_back({.cidrs = std::move(list.cidrs), .prefix_list_id = list.id, .prefix_list_name = list.name});
  co_return response;
}

Task<Result<DescribeManagedPrefixListsResponse>> EndpointsApi::DescribeManagedPrefixLists(Context& ctx,
                                                                                          DescribeManagedPrefixListsRequest request) {
  MF_CO_TRY(const auto lists, ListsOf(ctx, request));
  DescribeManagedPrefixListsResponse response{.next_token = std::nullopt, .prefix_lists = std::vector<ManagedPrefixList>()};
  for (const AwsPrefixList& list : lists) {
    ManagedPrefixList shown{.prefix_list_id = list.id, .address_family = "IPv4", .state = "create-complete"};
    shown.prefix_list_arn = fmt::format("arn:aws:ec2:{}:aws:prefix-list/{}", ctx.principal.region, list.id);
    shown.prefix_list_name = list.name;
    shown.owner_id = "AWS";
    response.prefix_lists->push_back(std::move(shown));
  }
  co_return response;
}

Task<Result<GetManagedPrefixListEntriesResponse>> EndpointsApi::GetManagedPrefixListEntries(Context& ctx,
                                                                                            GetManagedPrefixListEntriesRequest request) {
  const auto lists = PrefixListsOf(ctx.principal.region);
  const auto list = std::ranges::find(lists, request.prefix_list_id, &AwsPrefixList::id);
  if (list == lists.end()) co_return Fail(NoSuchList(request.prefix_list_id));
  GetManagedPrefixListEntriesResponse response{.entries = std::vector<PrefixListEntry>(), .next_token = std::nullopt};
  for (const std::string& cidr : list->cidrs) response.entries->push_back({.cidr = cidr});
  co_return response;
}

}  // namespace mayfly::ec2
