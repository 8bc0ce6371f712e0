// DescribeAvailabilityZones, DescribeRegions, DescribeAccountAttributes.
#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/ec2_api.h"
#include "services/ec2/limits.h"
#include "services/ec2/places.h"
#include "services/ec2/selection.h"

namespace mayfly::ec2 {
namespace {

constexpr std::string_view kNoOptIn = "opt-in-not-required";

struct NamedValue {
  std::string_view name;
  std::string value;
};

// Errors: as of Passes, for what has no tags.
Result<bool> PassesValues(const std::optional<std::vector<Filter>>& filters, const std::vector<NamedValue>& values) {
  if (!filters) return true;
  MF_TRY_VOID(CheckFilters(*filters));
  for (const Filter& filter : *filters) {
    const auto found = std::ranges::find(values, std::string_view(*filter.name), &NamedValue::name);
    if (found == values.end()) return Fail(UnknownFilter(*filter.name));
    if (!IsWanted(filter.values.value_or(std::vector<std::string>()), {found->value})) return false;
  }
  return true;
}

AvailabilityZone ShowZone(const std::string& region, const std::string& zone) {
  AvailabilityZone shown;
  shown.opt_in_status = kNoOptIn;
  shown.messages.emplace();
  shown.region_name = region;
  shown.zone_name = zone;
  shown.zone_id = ZoneIdOf(zone);
  shown.group_name = fmt::format("{}-zg-1", region);
  shown.zone_type = "availability-zone";
  shown.state = "available";
  return shown;
}

bool IsListed(const std::optional<std::vector<std::string>>& names, const std::string& name) {
  return !names || names->empty() || std::ranges::find(*names, name) != names->end();
}

AccountAttribute Attribute(std::string name, std::string value) {
  return {.attribute_name = std::move(name), .attribute_values = std::vector<AccountAttributeValue>{{.attribute_value = std::move(value)}}};
}

}  // namespace

Task<Result<DescribeAvailabilityZonesResponse>> PlacesApi::DescribeAvailabilityZones(Context& ctx,
                                                                                     DescribeAvailabilityZonesRequest request) {
  const std::string& region = ctx.principal.region;
  for (const std::string& name : request.zone_names.value_or(std::vector<std::string>())) {
    if (FindZone(region, name) != name) co_return Fail(InvalidValue(fmt::format("Invalid availability zone: [{}]", name)));
  }
  DescribeAvailabilityZonesResponse response{.availability_zones = std::vector<AvailabilityZone>()};
  for (const std::string& zone : ZonesOf(region)) {
    MF_CO_TRY(const bool passes, PassesValues(request.filters, {{"zone-name", zone},
                                                                {"zone-id", ZoneIdOf(zone)},
                                                                {"region-name", region},
                                                                {"state", "available"},
                                                                {"group-name", fmt::format("{}-zg-1", region)},
                                                                {"zone-type", "availability-zone"},
                                                                {"opt-in-status", std::string(kNoOptIn)}}));
    if (passes && IsListed(request.zone_names, zone) && IsListed(request.zone_ids, ZoneIdOf(zone)))
      response.availability_zones->push_back(ShowZone(region, zone));
  }
  co_return response;
}

Task<Result<DescribeRegionsResponse>> PlacesApi::DescribeRegions(Context&, DescribeRegionsRequest request) {
  for (const std::string& name : request.region_names.value_or(std::vector<std::string>())) {
    if (std::ranges::find(Regions(), name) == Regions().end())
      co_return Fail(InvalidValue(fmt::format("Invalid region provided: {}", name)));
  }
  DescribeRegionsResponse response{.regions = std::vector<Region>()};
  for (const std::string_view name : Regions()) {
    Region shown{
        .opt_in_status = std::string(kNoOptIn), .region_name = std::string(name), .endpoint = fmt::format("ec2.{}.amazonaws.com", name)};
    MF_CO_TRY(const bool passes,
              PassesValues(request.filters,
                           {{"region-name", *shown.region_name}, {"endpoint", *shown.endpoint}, {"opt-in-status", std::string(kNoOptIn)}}));
    if (passes && IsListed(request.region_names, *shown.region_name)) response.regions->push_back(std::move(shown));
  }
  co_return response;
}

Task<Result<DescribeAccountAttributesResponse>> PlacesApi::DescribeAccountAttributes(Context& ctx,
                                                                                     DescribeAccountAttributesRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  const auto vpc = region.FindIf<vpc::Vpc>([](const vpc::Vpc& row) { return row.is_default; });
  DescribeAccountAttributesResponse response{.account_attributes = std::vector<AccountAttribute>()};
  for (auto& attribute : {Attribute("supported-platforms", "VPC"), Attribute("default-vpc", vpc ? vpc->id : "none"),
                          Attribute("vpc-max-security-groups-per-interface", std::to_string(kGroupsOfInterfaceMax)),
                          Attribute("vpc-max-elastic-ips", std::to_string(kAddressesMax)),
                          Attribute("max-elastic-ips", std::to_string(kAddressesMax)), Attribute("max-instances", "0")}) {
    if (IsListed(request.attribute_names, *attribute.attribute_name)) response.account_attributes->push_back(attribute);
  }
  co_return response;
}

}  // namespace mayfly::ec2
