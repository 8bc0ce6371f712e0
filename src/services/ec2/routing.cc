#include "services/ec2/routing.h"

#include <algorithm>

#include "services/ec2/prefix_lists.h"

namespace mayfly::ec2 {

bool LeadsSomewhere(const RegionState& region, const vpc::Route& route, const std::string& vpc_id) {
  const std::string& target = route.target;
  if (const auto gateway = region.Find<vpc::InternetGateway>(target)) return gateway->vpc_id == vpc_id;
  if (const auto nat = region.Find<vpc::NatGateway>(target)) return nat->deleted_millis == 0;
  if (const auto interface = region.Find<vpc::Interface>(target)) return interface->vpc_id == vpc_id;
  return route.is_local() || region.Find<vpc::Endpoint>(target) != nullptr;
}

std::vector<ShownRoute> RoutesOf(const RegionState& region, const vpc::RouteTable& table) {
  std::vector<ShownRoute> shown;
  const auto vpc = region.Find<vpc::Vpc>(table.vpc_id);
  MF_ASSERT(vpc);
  for (const auto* cidrs : {&vpc->cidrs, &vpc->ipv6_cidrs}) {
    for (const auto& cidr : *cidrs) shown.push_back({{.destination = cidr.cidr, .target = "local", .origin = "CreateRouteTable"}});
  }
  for (const vpc::Route& route : table.routes) shown.push_back({route, LeadsSomewhere(region, route, table.vpc_id)});
  for (const auto& endpoint : region.InVpc<vpc::Endpoint>(table.vpc_id)) {
    if (std::ranges::find(endpoint->route_table_ids, table.id) == endpoint->route_table_ids.end()) continue;
    shown.push_back({{.destination = PrefixListIdOf(endpoint->service_name), .target = endpoint->id}});
  }
  return shown;
}

}  // namespace mayfly::ec2
