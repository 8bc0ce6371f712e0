// CreateRouteTable … ReplaceRouteTableAssociation.
#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/ec2_api.h"
#include "services/ec2/limits.h"
#include "services/ec2/routing.h"
#include "services/ec2/selection.h"
#include "services/ec2/tagging.h"

namespace mayfly::ec2 {
namespace {

Route ShowRoute(const ShownRoute& shown) {
  const vpc::Route& row = shown.route;
  Route route;
  if (row.destination.starts_with("pl-"))
    route.destination_prefix_list_id = row.destination;
  else if (row.destination.find(':') != std::string::npos)
    route.destination_ipv6_cidr_block = row.destination;
  else
    route.destination_cidr_block = row.destination;
  if (row.target.starts_with("nat-"))
    route.nat_gateway_id = row.target;
  else if (row.target.starts_with("eni-"))
    route.network_interface_id = row.target;
  else
    route.gateway_id = row.target;
  route.origin = row.origin;
  route.state = shown.is_active ? "active" : "blackhole";
  return route;
}

RouteTableAssociation ShowAssociation(const vpc::RouteTable& table, const vpc::RouteTableAssociation& row) {
  RouteTableAssociation shown{.main = row.subnet_id.empty(), .route_table_association_id = row.id, .route_table_id = table.id};
  if (!row.subnet_id.empty()) shown.subnet_id = row.subnet_id;
  shown.association_state = RouteTableAssociationState{.state = "associated"};
  return shown;
}

RouteTable ShowRouteTable(const RegionState& region, const vpc::RouteTable& row) {
  RouteTable shown;
  shown.associations.emplace();
  for (const auto& one : row.associations) shown.associations->push_back(ShowAssociation(row, one));
  shown.propagating_vgws.emplace();
  shown.route_table_id = row.id;
  shown.routes.emplace();
  for (const ShownRoute& route : RoutesOf(region, row)) shown.routes->push_back(ShowRoute(route));
  shown.tags = ShowTags(row.tags);
  shown.vpc_id = row.vpc_id;
  shown.owner_id = row.scope.account_id;
  return shown;
}

void AddRoutes(const RegionState& region, const vpc::RouteTable& row, std::vector<std::string>& values,
               std::string (*read)(const ShownRoute&)) {
  for (const ShownRoute& route : RoutesOf(region, row)) {
    if (std::string value = read(route); !value.empty()) values.push_back(std::move(value));
  }
}

std::string IfBegins(const std::string& text, std::string_view prefix) { return text.starts_with(prefix) ? text : ""; }

constexpr Field<vpc::RouteTable> kRouteTableFields[] = {
    {"route-table-id", [](const RegionState&, const vpc::RouteTable& row, auto& values) { values.push_back(row.id); }},
    {"vpc-id", [](const RegionState&, const vpc::RouteTable& row, auto& values) { values.push_back(row.vpc_id); }},
    {"owner-id", [](const RegionState&, const vpc::RouteTable& row, auto& values) { values.push_back(row.scope.account_id); }},
    {"association.main",
     [](const RegionState&, const vpc::RouteTable& row, auto& values) {
       for (const auto& one : row.associations) values.push_back(TextOf(one.subnet_id.empty()));
     }},
    {"association.subnet-id",
     [](const RegionState&, const vpc::RouteTable& row, auto& values) {
       for (const auto& one : row.associations) values.push_back(one.subnet_id);
     }},
    {"association.route-table-id",
     [](const RegionState&, const vpc::RouteTable& row, auto& values) {
       if (!row.associations.empty()) values.push_back(row.id);
     }},
    {"association.route-table-association-id",
     [](const RegionState&, const vpc::RouteTable& row, auto& values) {
       for (const auto& one : row.associations) values.push_back(one.id);
     }},
    {"association.gateway-id", [](const RegionState&, const vpc::RouteTable&, auto&) {}},
    {"route.destination-cidr-block",
     [](const RegionState& region, const vpc::RouteTable& row, auto& values) {
       AddRoutes(region, row, values,
                 [](const ShownRoute& one) { return one.route.destination.find('.') == std::string::npos ? "" : one.route.destination; });
     }},
    {"route.destination-ipv6-cidr-block",
     [](const RegionState& region, const vpc::RouteTable& row, auto& values) {
       AddRoutes(region, row, values,
                 [](const ShownRoute& one) { return one.route.destination.find(':') == std::string::npos ? "" : one.route.destination; });
     }},
    {"route.destination-prefix-list-id",
     [](const RegionState& region, const vpc::RouteTable& row, auto& values) {
       AddRoutes(region, row, values, [](const ShownRoute& one) { return IfBegins(one.route.destination, "pl-"); });
     }},
    {"route.gateway-id", [](const RegionState& region, const vpc::RouteTable& row,
                            auto& values) { AddRoutes(region, row, values, [](const ShownRoute& one) { return one.route.target; }); }},
    {"route.nat-gateway-id",
     [](const RegionState& region, const vpc::RouteTable& row, auto& values) {
       AddRoutes(region, row, values, [](const ShownRoute& one) { return IfBegins(one.route.target, "nat-"); });
     }},
    {"route.origin", [](const RegionState& region, const vpc::RouteTable& row,
                        auto& values) { AddRoutes(region, row, values, [](const ShownRoute& one) { return one.route.origin; }); }},
    {"route.state",
     [](const RegionState& region, const vpc::RouteTable& row, auto& values) {
       AddRoutes(region, row, values, [](const ShownRoute& one) { return std::string(one.is_active ? "active" : "blackhole"); });
     }},
};

Error NoSuchAssociation(std::string_view id) {
  return Error::Service("InvalidAssociationID.NotFound", fmt::format("The association ID '{}' does not exist", id));
}

struct FoundAssociation {
  RegionState::Pointer<vpc::RouteTable> table;
  vpc::RouteTableAssociation association;
};

Result<FoundAssociation> FindAssociation(const RegionState& region, const std::string& id) {
  for (const auto& table : region.All<vpc::RouteTable>()) {
    const auto found = std::ranges::find(table->associations, id, &vpc::RouteTableAssociation::id);
    if (found != table->associations.end()) return FoundAssociation{table, *found};
  }
  return Fail(NoSuchAssociation(id));
}

void Dissociate(RegionState& region, const FoundAssociation& found) {
  vpc::RouteTable table = *found.table;
  std::erase_if(table.associations, [&](const auto& one) { return one.id == found.association.id; });
  region.Put(std::move(table));
}

// Gives the association's id.
std::string Associate(RegionState& region, const std::string& table_id, const std::string& subnet_id) {
  vpc::RouteTable table = *region.Find<vpc::RouteTable>(table_id);
  std::string id = region.NewId("rtbassoc");
  table.associations.push_back({.id = id, .subnet_id = subnet_id});
  region.Put(std::move(table));
  return id;
}

Result<std::string> AssociateSubnet(RegionState& region, const std::string& table_id, const std::string& subnet_id) {
  MF_TRY(const auto table, region.Get<vpc::RouteTable>(table_id));
  MF_TRY(const auto subnet, region.Get<vpc::Subnet>(subnet_id));
  if (table->vpc_id != subnet->vpc_id) {
    return Fail(InvalidValue(fmt::format("Route table {} and subnet {} belong to different networks", table_id, subnet_id)));
  }
  for (const auto& other : region.InVpc<vpc::RouteTable>(table->vpc_id)) {
    const auto found = std::ranges::find(other->associations, subnet_id, &vpc::RouteTableAssociation::subnet_id);
    if (found == other->associations.end()) continue;
    if (other->id == table_id) return found->id;
    return Fail(
        Error::Service("Resource.AlreadyAssociated",
                       fmt::format("the specified association for route table {} conflicts with an existing association", table_id)));
  }
  return Associate(region, table_id, subnet_id);
}

Result<> RemoveRouteTable(RegionState& region, const std::string& id) {
  MF_TRY(const auto table, region.Get<vpc::RouteTable>(id));
  if (!table->associations.empty()) return Fail(InUse("routeTable", id));
  for (const auto& endpoint : region.InVpc<vpc::Endpoint>(table->vpc_id)) {
    vpc::Endpoint next = *endpoint;
    if (std::erase(next.route_table_ids, id) > 0) region.Put(std::move(next));
  }
  region.Delete(*table);
  return {};
}

}  // namespace

Task<Result<CreateRouteTableResponse>> RouteTablesApi::CreateRouteTable(Context& ctx, CreateRouteTableRequest request) {
  CreateRouteTableResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(const auto vpc, region.Get<vpc::Vpc>(request.vpc_id));
    vpc::RouteTable row;
    MF_TRY(row.tags, TagsFor(kKindOf<vpc::RouteTable>, request.tag_specifications));
    if (region.InVpc<vpc::RouteTable>(vpc->id).size() >= kRouteTablesOfVpcMax) {
      return Fail(Error::Service("RouteTableLimitExceeded", "The maximum number of route tables has been reached."));
    }
    row.id = region.NewId("rtb");
    row.vpc_id = vpc->id;
    response.route_table = ShowRouteTable(region, *region.Put(std::move(row)));
    response.client_token = request.client_token;
    return {};
  }));
  co_return response;
}

Task<Result<>> RouteTablesApi::DeleteRouteTable(Context& ctx, DeleteRouteTableRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) { return RemoveRouteTable(region, request.route_table_id); });
}

Task<Result<DescribeRouteTablesResponse>> RouteTablesApi::DescribeRouteTables(Context& ctx, DescribeRouteTablesRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  MF_CO_TRY(auto page, Select<vpc::RouteTable>(region, AskedOf(request, request.route_table_ids), kRouteTableFields));
  DescribeRouteTablesResponse response{.route_tables = std::vector<RouteTable>(), .next_token = std::move(page.next_token)};
  for (const auto& row : page.rows) response.route_tables->push_back(ShowRouteTable(region, *row));
  co_return response;
}

Task<Result<AssociateRouteTableResponse>> RouteTablesApi::AssociateRouteTable(Context& ctx, AssociateRouteTableRequest request) {
  if (request.gateway_id)
    co_return Fail(Error::Service("NotImplementedException", "Route tables of gateways are not implemented by Mayfly yet."));
  if (!request.subnet_id) co_return Fail(MissingParameter("subnetId"));
  AssociateRouteTableResponse response{.association_id = std::nullopt,
                                       .association_state = RouteTableAssociationState{.state = "associated"}};
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(response.association_id, AssociateSubnet(region, request.route_table_id, *request.subnet_id));
    return {};
  }));
  co_return response;
}

Task<Result<>> RouteTablesApi::DisassociateRouteTable(Context& ctx, DisassociateRouteTableRequest request) {
  co_return co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(const FoundAssociation found, FindAssociation(region, request.association_id));
    if (found.association.subnet_id.empty()) {
      return Fail(InvalidValue(fmt::format("cannot disassociate the main route table association {}", request.association_id)));
    }
    Dissociate(region, found);
    return {};
  });
}

Task<Result<ReplaceRouteTableAssociationResponse>> RouteTablesApi::ReplaceRouteTableAssociation(
    Context& ctx, ReplaceRouteTableAssociationRequest request) {
  ReplaceRouteTableAssociationResponse response{.new_association_id = std::nullopt,
                                                .association_state = RouteTableAssociationState{.state = "associated"}};
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(const FoundAssociation found, FindAssociation(region, request.association_id));
    MF_TRY(const auto table, region.Get<vpc::RouteTable>(request.route_table_id));
    if (table->vpc_id != found.table->vpc_id) {
      return Fail(InvalidValue(fmt::format("Route tables {} and {} belong to different networks", found.table->id, table->id)));
    }
    Dissociate(region, found);
    response.new_association_id = Associate(region, table->id, found.association.subnet_id);
    return {};
  }));
  co_return response;
}

}  // namespace mayfly::ec2
