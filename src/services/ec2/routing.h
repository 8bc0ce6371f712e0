// Routes of tables as EC2 shows them: those that a table has of itself (its VPC's blocks, its endpoints' lists) and those that were
// created.
#pragma once

#include <string>
#include <vector>

#include "services/ec2/region_state.h"

namespace mayfly::ec2 {

struct ShownRoute {
  vpc::Route route;
  bool is_active = true;  // else its target is gone: what it catches is lost
};

std::vector<ShownRoute> RoutesOf(const RegionState& region, const vpc::RouteTable& table);

// Whether what a route leads to is there, and of that VPC.
bool LeadsSomewhere(const RegionState& region, const vpc::Route& route, const std::string& vpc_id);

}  // namespace mayfly::ec2
