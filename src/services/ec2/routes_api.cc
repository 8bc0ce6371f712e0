// CreateRoute, ReplaceRoute, DeleteRoute.
#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/cidrs.h"
#include "services/ec2/ec2_api.h"
#include "services/ec2/limits.h"
#include "services/ec2/prefix_lists.h"
#include "services/ec2/routing.h"

namespace mayfly::ec2 {
namespace {

// Of the three ways to say it. Errors: MissingParameter, InvalidParameterValue, InvalidPrefixListId.NotFound.
template <typename Request>
Result<std::string> ReadDestination(const RegionState& region, const Request& request) {
  if (request.destination_cidr_block) {
    MF_TRY(const vpc::Block block, ReadCidr(vpc::Family::V4, *request.destination_cidr_block, "destinationCidrBlock"));
    return block.Text();
  }
  if (request.destination_ipv6_cidr_block) {
    MF_TRY(const vpc::Block block, ReadCidr(vpc::Family::V6, *request.destination_ipv6_cidr_block, "destinationIpv6CidrBlock"));
    return block.Text();
  }
  if (!request.destination_prefix_list_id)
    return Fail(MissingParameter("destinationCidrBlock or destinationIpv6CidrBlock or destinationPrefixListId"));
  const auto lists = PrefixListsOf(region.scope().region);
  if (std::ranges::find(lists, *request.destination_prefix_list_id, &AwsPrefixList::id) != lists.end())
    return *request.destination_prefix_list_id;
  return Fail(Error::Service("InvalidPrefixListId.NotFound",
                             fmt::format("The prefix list ID '{}' does not exist", *request.destination_prefix_list_id)));
}

Error NoSuchGateway(std::string_view kind, std::string_view id) {
  return Error::Service("InvalidGatewayID.NotFound", fmt::format("The {} ID '{}' does not exist", kind, id));
}

Result<std::string> ReadGateway(const RegionState& region, const vpc::RouteTable& table, const std::string& id) {
  if (id.starts_with("igw-")) {
    MF_TRY(const auto gateway, region.Get<vpc::InternetGateway>(id));
    if (gateway->vpc_id == table.vpc_id) return id;
    return Fail(InvalidValue(fmt::format("route table {} and network gateway {} belong to different networks", table.id, id)));
  }
  if (id.starts_with("nat-") && region.Find<vpc::NatGateway>(id)) return id;
  return Fail(NoSuchGateway("gateway", id));
}

// Errors: the kind's; MissingParameter without a target, and with one of a kind that is not here, that there is none.
template <typename Request>
Result<std::string> ReadTarget(const RegionState& region, const vpc::RouteTable& table, const Request& request) {
  if (request.gateway_id) return ReadGateway(region, table, *request.gateway_id);
  if (request.nat_gateway_id) {
    MF_TRY(const auto nat, region.Get<vpc::NatGateway>(*request.nat_gateway_id));
    if (nat->deleted_millis != 0) return Fail(Missing(kKindOf<vpc::NatGateway>, nat->id));
    return nat->id;
  }
  if (request.network_interface_id) {
    MF_TRY(const auto interface, region.Get<vpc::Interface>(*request.network_interface_id));
    if (interface->vpc_id == table.vpc_id) return interface->id;
    return Fail(InvalidValue(fmt::format("route table {} and interface {} belong to different networks", table.id, interface->id)));
  }
  if (request.instance_id)
    return Fail(Error::Service("InvalidInstanceID.NotFound", fmt::format("The instance ID '{}' does not exist", *request.instance_id)));
  if (request.egress_only_internet_gateway_id) return Fail(NoSuchGateway("eigw", *request.egress_only_internet_gateway_id));
  if (request.vpc_endpoint_id) {
    MF_TRY(const auto endpoint, region.Get<vpc::Endpoint>(*request.vpc_endpoint_id));
    return Fail(
        Error::Service("RouteNotSupported",
                       fmt::format("Route table contains unsupported route target: {}. VPC Endpoints of this type cannot be used as route "
                                   "targets.",
                                   endpoint->id)));
  }
  return Fail(MissingParameter("gatewayId or natGatewayId or networkInterfaceId"));
}

Error RouteExists(std::string_view destination) {
  return Error::Service("RouteAlreadyExists", fmt::format("The route identified by {} already exists.", destination));
}

// Whether it is that of a route that every table has.
bool IsLocal(const RegionState& region, const vpc::RouteTable& table, const std::string& destination) {
  const auto vpc = region.Find<vpc::Vpc>(table.vpc_id);
  const auto is_it = [&](const vpc::CidrAssociation& one) { return one.cidr == destination; };
  return std::ranges::any_of(vpc->cidrs, is_it) || std::ranges::any_of(vpc->ipv6_cidrs, is_it);
}

// What the VPC has of itself goes to itself.
Result<> CheckBesideLocal(const RegionState& region, const vpc::RouteTable& table, const std::string& destination,
                          const std::string& target) {
  const auto vpc = region.Find<vpc::Vpc>(table.vpc_id);
  const auto block = vpc::ParseBlock(destination);
  if (!block || !IsInVpc(*vpc, *block) || target.starts_with("eni-")) return {};
  return Fail(InvalidValue(fmt::format(
      "The destination CIDR block {} is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an "
      "interface or an instance.",
      destination)));
}

Result<> AddRoute(RegionState& region, const CreateRouteRequest& request) {
  MF_TRY(const auto old, region.Get<vpc::RouteTable>(request.route_table_id));
  MF_TRY(std::string destination, ReadDestination(region, request));
  MF_TRY(std::string target, ReadTarget(region, *old, request));
  if (IsLocal(region, *old, destination)) return Fail(RouteExists(destination));
  MF_TRY_VOID(CheckBesideLocal(region, *old, destination, target));
  const auto found = std::ranges::find(old->routes, destination, &vpc::Route::destination);
  if (found != old->routes.end()) {
    if (found->target == target) return {};  // AWS takes the same route twice for one that was asked for again
    return Fail(RouteExists(destination));
  }
  if (old->routes.size() >= kRoutesOfTableMax)
    return Fail(Error::Service("RouteLimitExceeded", "The maximum number of routes has been reached."));
  vpc::RouteTable table = *old;
  table.routes.push_back({.destination = std::move(destination), .target = std::move(target)});
  region.Put(std::move(table));
  return {};
}

Result<> ChangeRoute(RegionState& region, const ReplaceRouteRequest& request) {
  MF_TRY(const auto old, region.Get<vpc::RouteTable>(request.route_table_id));
  MF_TRY(const std::string destination, ReadDestination(region, request));
  vpc::RouteTable table = *old;
  const auto route = std::ranges::find(table.routes, destination, &vpc::Route::destination);
  if (route == table.routes.end()) {
    return Fail(InvalidValue(fmt::format("There is no route defined for '{}' in the route table. Use CreateRoute instead.", destination)));
  }
  MF_TRY(route->target, ReadTarget(region, table, request));
  MF_TRY_VOID(CheckBesideLocal(region, table, destination, route->target));
  region.Put(std::move(table));
  return {};
}

Result<> RemoveRoute(RegionState& region, const DeleteRouteRequest& request) {
  MF_TRY(const auto old, region.Get<vpc::RouteTable>(request.route_table_id));
  MF_TRY(const std::string destination, ReadDestination(region, request));
  for (const ShownRoute& shown : RoutesOf(region, *old)) {
    if (shown.route.destination != destination || !shown.route.is_local()) continue;
    return Fail(InvalidValue(fmt::format("cannot remove local route {} in route table {}", destination, old->id)));
  }
  vpc::RouteTable table = *old;
  if (std::erase_if(table.routes, [&](const vpc::Route& route) { return route.destination == destination; }) == 0) {
    return Fail(Error::Service("InvalidRoute.NotFound",
                               fmt::format("no route with destination-cidr-block {} in route table {}", destination, table.id)));
  }
  region.Put(std::move(table));
  return {};
}

}  // namespace

Task<Result<CreateRouteResponse>> RouteTablesApi::CreateRoute(Context& ctx, CreateRouteRequest request) {
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) { return AddRoute(region, request); }));
  co_return CreateRouteResponse{.return_ = true};
}

Task<Result<>> RouteTablesApi::ReplaceRoute(Context& ctx, ReplaceRouteRequest request) {
  if (request.local_target.value_or(false))
    co_return Fail(Error::Service("NotImplementedException", "Replacing a route by the local one is not implemented by Mayfly yet."));
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return ChangeRoute(region, request); });
}

Task<Result<>> RouteTablesApi::DeleteRoute(Context& ctx, DeleteRouteRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return RemoveRoute(region, request); });
}

}  // namespace mayfly::ec2
