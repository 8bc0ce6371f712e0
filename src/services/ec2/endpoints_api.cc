// CreateVpcEndpoint … DescribeVpcEndpointServices.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "services/ec2/ec2_api.h"
#include "services/ec2/vpc_endpoints.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/limits.h"
#include "services/ec2/places.h"
#include "services/ec2/prefix_lists.h"
#include "services/ec2/routing.h"
#include "services/ec2/selection.h"
#include "services/ec2/tagging.h"

namespace mayfly::ec2 {
namespace {

constexpr std::string_view kOpenPolicy =
    R"({"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]})";

std::string ShortNameOf(const vpc::Endpoint& row) { return row.service_name.substr(row.service_name.rfind('.') + 1); }

std::vector<DnsEntry> ShowDns(const vpc::Endpoint& row) {
  if (row.type != VpcEndpointType::Interface) return {};
  const std::string domain = fmt::format("{}.{}.vpce.amazonaws.com", ShortNameOf(row), row.scope.region);
  std::vector<DnsEntry> shown{{.dns_name = fmt::format("{}-{}.{}", row.id, row.id.substr(row.id.size() - 8), domain)}};
  if (row.private_dns) shown.push_back({.dns_name = PrivateDnsNameOf(ShortNameOf(row), row.scope.region)});
  return shown;
}

VpcEndpoint ShowEndpoint(const RegionState& region, const vpc::Endpoint& row) {
  VpcEndpoint shown{.vpc_endpoint_id = row.id,
                    .vpc_endpoint_type = row.type,
                    .vpc_id = row.vpc_id,
                    .service_name = row.service_name,
                    .state = "available"};
  shown.policy_document = row.policy;
  shown.route_table_ids = row.route_table_ids;
  shown.subnet_ids = row.subnet_ids;
  shown.groups.emplace();
  for (const std::string& id : row.group_ids)
    shown.groups->push_back({.group_id = id, .group_name = region.Find<vpc::SecurityGroup>(id)->name});
  shown.ip_address_type = row.address_type;
  shown.private_dns_enabled = row.private_dns;
  shown.requester_managed = false;
  shown.network_interface_ids = row.interface_ids;
  shown.dns_entries = ShowDns(row);
  shown.creation_timestamp = WallTime(std::chrono::milliseconds(row.created_millis));
  shown.tags = ShowTags(row.tags);
  shown.owner_id = row.scope.account_id;
  return shown;
}

constexpr Field<vpc::Endpoint> kEndpointFields[] = {
    {"vpc-endpoint-id", [](const RegionState&, const vpc::Endpoint& row, auto& values) { values.push_back(row.id); }},
    {"vpc-endpoint-type", [](const RegionState&, const vpc::Endpoint& row, auto& values) { values.push_back(row.type); }},
    {"vpc-endpoint-state", [](const RegionState&, const vpc::Endpoint&, auto& values) { values.push_back("available"); }},
    {"vpc-id", [](const RegionState&, const vpc::Endpoint& row, auto& values) { values.push_back(row.vpc_id); }},
    {"service-name", [](const RegionState&, const vpc::Endpoint& row, auto& values) { values.push_back(row.service_name); }},
    {"ip-address-type", [](const RegionState&, const vpc::Endpoint& row, auto& values) { values.push_back(row.address_type); }},
};

Result<std::string> ReadPolicy(const std::string& text) {
  if (text.size() > kPolicyMax) return Fail(Error::Service("InvalidParameter", "Policy document is too long."));
  if (json::Parse(text)) return text;
  return Fail(Error::Service("InvalidParameter", "Policy document is malformed: it is no JSON."));
}

Result<> AddTables(const RegionState& region, vpc::Endpoint& row, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    MF_TRY(const auto table, region.Get<vpc::RouteTable>(id));
    if (table->vpc_id != row.vpc_id)
      return Fail(Error::Service("InvalidParameter", fmt::format("Route table {} is not of the VPC {}.", id, row.vpc_id)));
    const std::string list = PrefixListIdOf(row.service_name);
    for (const ShownRoute& other : RoutesOf(region, *table)) {
      if (other.route.destination != list || other.route.target == row.id) continue;
      return Fail(Error::Service("RouteAlreadyExists",
                                 fmt::format("route table {} already has a route with destination-prefix-list-id {}", id, list)));
    }
    if (std::ranges::find(row.route_table_ids, id) == row.route_table_ids.end()) row.route_table_ids.push_back(id);
  }
  return {};
}

Result<> AddSubnets(RegionState& region, vpc::Endpoint& row, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    MF_TRY(const auto subnet, region.Get<vpc::Subnet>(id));
    if (subnet->vpc_id != row.vpc_id)
      return Fail(Error::Service("InvalidParameter", fmt::format("Subnet {} is not of the VPC {}.", id, row.vpc_id)));
    const auto in_zone = [&](const std::string& other) { return region.Find<vpc::Subnet>(other)->zone == subnet->zone; };
    if (std::ranges::any_of(row.subnet_ids, in_zone)) {
      return Fail(Error::Service("DuplicateSubnetsInSameZone",
                                 fmt::format("Found another VPC endpoint subnet in the availability zone of {}.", id)));
    }
    InterfaceWish wish{.subnet_id = id,
                       .type = "vpc_endpoint",
                       .description = "VPC Endpoint Interface " + row.id,
                       .requester = "amazon-vpce",
                       .group_ids = row.group_ids};
    MF_TRY(const auto interface, MakeInterface(region, std::move(wish)));
    row.subnet_ids.push_back(id);
    row.interface_ids.push_back(interface->id);
  }
  return {};
}

void RemoveSubnets(RegionState& region, vpc::Endpoint& row, const std::vector<std::string>& ids) {
  std::erase_if(row.interface_ids, [&](const std::string& id) {
    const auto interface = region.Find<vpc::Interface>(id);
    if (std::ranges::find(ids, interface->subnet_id) == ids.end()) return false;
    RemoveInterface(region, *interface);
    return true;
  });
  std::erase_if(row.subnet_ids, [&](const std::string& id) { return std::ranges::find(ids, id) != ids.end(); });
}

Result<> CheckPrivateDns(const vpc::Vpc& vpc, const vpc::Endpoint& row) {
  if (!row.private_dns || (vpc.dns_support && vpc.dns_hostnames)) return {};
  return Fail(Error::Service(
      "InvalidParameter",
      fmt::format("Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {}", vpc.id)));
}

Result<EndpointService> ReadService(const RegionState& region, const CreateVpcEndpointRequest& request, std::string_view type) {
  if (!request.service_name) return Fail(MissingParameter("ServiceName"));
  const auto services = EndpointServicesOf(region.scope().region);
  const auto found = std::ranges::find(services, *request.service_name, &EndpointService::name);
  const bool fits =
      found != services.end() && (type == VpcEndpointType::Interface || (type == VpcEndpointType::Gateway && found->has_gateway));
  if (fits) return *found;
  return Fail(Error::Service("InvalidServiceName", fmt::format("The Vpc Endpoint Service '{}' does not exist", *request.service_name)));
}

Result<vpc::Endpoint> ReadEndpoint(RegionState& region, const CreateVpcEndpointRequest& request) {
  MF_TRY(const auto vpc, region.Get<vpc::Vpc>(request.vpc_id));
  vpc::Endpoint row;
  row.id = region.NewId("vpce");
  row.vpc_id = vpc->id;
  row.type = request.vpc_endpoint_type.value_or(row.type);
  MF_TRY(const EndpointService service, ReadService(region, request, row.type));
  row.service_name = service.name;
  MF_TRY(row.policy, ReadPolicy(request.policy_document.value_or(std::string(kOpenPolicy))));
  MF_TRY(row.tags, TagsFor(kKindOf<vpc::Endpoint>, request.tag_specifications));
  row.address_type = request.ip_address_type.value_or(row.address_type);
  row.created_millis = region.now_millis();
  if (region.InVpc<vpc::Endpoint>(vpc->id).size() >= kEndpointsOfVpcMax) {
    return Fail(Error::Service("VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached."));
  }
  if (row.type == VpcEndpointType::Gateway) {
    MF_TRY_VOID(AddTables(region, row, request.route_table_ids.value_or(std::vector<std::string>())));
    return row;
  }
  row.private_dns = request.private_dns_enabled.value_or(true);
  MF_TRY_VOID(CheckPrivateDns(*vpc, row));
  MF_TRY(row.group_ids, ReadGroups(region, request.security_group_ids.value_or(std::vector<std::string>()), vpc->id));
  MF_TRY_VOID(AddSubnets(region, row, request.subnet_ids.value_or(std::vector<std::string>())));
  return row;
}

// Interfaces of an endpoint have its groups.
Result<> ChangeGroups(RegionState& region, vpc::Endpoint& row, const ModifyVpcEndpointRequest& request) {
  if (!request.add_security_group_ids && !request.remove_security_group_ids) return {};
  std::vector<std::string> ids = row.group_ids;
  for (const std::string& id : request.remove_security_group_ids.value_or(std::vector<std::string>())) std::erase(ids, id);
  for (const std::string& id : request.add_security_group_ids.value_or(std::vector<std::string>())) ids.push_back(id);
  MF_TRY(row.group_ids, ReadGroups(region, std::move(ids), row.vpc_id));
  for (const std::string& id : row.interface_ids) {
    vpc::Interface interface = *region.Find<vpc::Interface>(id);
    interface.group_ids = row.group_ids;
    region.Put(std::move(interface));
  }
  return {};
}

Result<> ChangeEndpoint(RegionState& region, const ModifyVpcEndpointRequest& request) {
  MF_TRY(const auto old, region.Get<vpc::Endpoint>(request.vpc_endpoint_id));
  vpc::Endpoint row = *old;
  if (request.reset_policy.value_or(false)) row.policy = kOpenPolicy;
  if (request.policy_document) {
    MF_TRY(row.policy, ReadPolicy(*request.policy_document));
  }
  for (const std::string& id : request.remove_route_table_ids.value_or(std::vector<std::string>())) std::erase(row.route_table_ids, id);
  MF_TRY_VOID(AddTables(region, row, request.add_route_table_ids.value_or(std::vector<std::string>())));
  MF_TRY_VOID(ChangeGroups(region, row, request));
  RemoveSubnets(region, row, request.remove_subnet_ids.value_or(std::vector<std::string>()));
  MF_TRY_VOID(AddSubnets(region, row, request.add_subnet_ids.value_or(std::vector<std::string>())));
  row.private_dns = request.private_dns_enabled.value_or(row.private_dns);
  MF_TRY_VOID(CheckPrivateDns(*region.Find<vpc::Vpc>(row.vpc_id), row));
  row.address_type = request.ip_address_type.value_or(row.address_type);
  region.Put(std::move(row));
  return {};
}

void RemoveEndpoint(RegionState& region, const vpc::Endpoint& row) {
  for (const std::string& id : row.interface_ids) RemoveInterface(region, *region.Find<vpc::Interface>(id));
  region.Delete(row);
}

ServiceDetail ShowService(const std::string& region, const EndpointService& service, std::string_view type) {
  ServiceDetail shown{.service_name = service.name, .service_type = std::vector<ServiceTypeDetail>{{.service_type = std::string(type)}}};
  shown.availability_zones = ZonesOf(region);
  shown.owner = "amazon";
  shown.base_endpoint_dns_names = std::vector<std::string>{fmt::format("{}.{}.vpce.amazonaws.com", service.short_name, region)};
  if (type == VpcEndpointType::Interface) shown.private_dns_name = PrivateDnsNameOf(service.short_name, region);
  shown.vpc_endpoint_policy_supported = true;
  shown.acceptance_required = shown.manages_vpc_endpoints = false;
  shown.tags.emplace();
  shown.supported_ip_address_types = std::vector<std::string>{"ipv4"};
  return shown;
}

Result<bool> PassesService(const ServiceDetail& service, const std::optional<std::vector<Filter>>& filters) {
  for (const Filter& filter : filters.value_or(std::vector<Filter>())) {
    std::vector<std::string> values;
    if (filter.name == "service-name")
      values = {*service.service_name};
    else if (filter.name == "service-type")
      values = {*service.service_type->front().service_type};
    else if (filter.name == "owner")
      values = {*service.owner};
    else
      return Fail(UnknownFilter(filter.name.value_or("null")));
    if (!IsWanted(filter.values.value_or(std::vector<std::string>()), values)) return false;
  }
  return true;
}

}  // namespace

Task<Result<CreateVpcEndpointResponse>> EndpointsApi::CreateVpcEndpoint(Context& ctx, CreateVpcEndpointRequest request) {
  CreateVpcEndpointResponse response;
  response.client_token = request.client_token;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    MF_TRY(vpc::Endpoint row, ReadEndpoint(region, request));
    response.vpc_endpoint = ShowEndpoint(region, *region.Put(std::move(row)));
    return {};
  }));
  co_return response;
}

Task<Result<DeleteVpcEndpointsResponse>> EndpointsApi::DeleteVpcEndpoints(Context& ctx, DeleteVpcEndpointsRequest request) {
  DeleteVpcEndpointsResponse response;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) -> Result<> {
    response.unsuccessful = std::vector<UnsuccessfulItem>();
    for (const std::string& id : request.vpc_endpoint_ids) {
      const auto row = region.Get<vpc::Endpoint>(id);
      if (row)
        RemoveEndpoint(region, **row);
      else
        response.unsuccessful->push_back(
            {.error = UnsuccessfulItemError{.code = row.error().code, .message = row.error().message}, .resource_id = id});
    }
    return {};
  }));
  co_return response;
}

Task<Result<DescribeVpcEndpointsResponse>> EndpointsApi::DescribeVpcEndpoints(Context& ctx, DescribeVpcEndpointsRequest request) {
  MF_CO_TRY(const RegionState region, co_await networks_->Enter(ctx));
  MF_CO_TRY(auto page, Select<vpc::Endpoint>(region, AskedOf(request, request.vpc_endpoint_ids), kEndpointFields));
  DescribeVpcEndpointsResponse response{.vpc_endpoints = std::vector<VpcEndpoint>(), .next_token = std::move(page.next_token)};
  for (const auto& row : page.rows) response.vpc_endpoints->push_back(ShowEndpoint(region, *row));
  co_return response;
}

Task<Result<ModifyVpcEndpointResponse>> EndpointsApi::ModifyVpcEndpoint(Context& ctx, ModifyVpcEndpointRequest request) {
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, [&](RegionState& region) { return ChangeEndpoint(region, request); }));
  co_return ModifyVpcEndpointResponse{.return_ = true};
}

Task<Result<DescribeVpcEndpointServicesResponse>> EndpointsApi::DescribeVpcEndpointServices(Context& ctx,
                                                                                            DescribeVpcEndpointServicesRequest request) {
  const std::string& region = ctx.principal.region;
  const auto services = EndpointServicesOf(region);
  for (const std::string& name : request.service_names.value_or(std::vector<std::string>())) {
    if (std::ranges::find(services, name, &EndpointService::name) != services.end()) continue;
    co_return Fail(Error::Service("InvalidServiceName", fmt::format("The Vpc Endpoint Service '{}' does not exist", name)));
  }
  DescribeVpcEndpointServicesResponse response{.service_names = std::vector<std::string>(),
                                               .service_details = std::vector<ServiceDetail>()};
  for (const EndpointService& service : services) {
    if (request.service_names && std::ranges::find(*request.service_names, service.name) == request.service_names->end()) continue;
    for (const std::string_view type : {VpcEndpointType::Gateway, VpcEndpointType::Interface}) {
      if (type == VpcEndpointType::Gateway && !service.has_gateway) continue;
      ServiceDetail shown = ShowService(region, service, type);
      MF_CO_TRY(const bool passes, PassesService(shown, request.filters));
      if (!passes) continue;
      if (response.service_names->empty() || response.service_names->back() != service.name)
        response.service_names->push_back(service.name);
      response.service_details->push_back(std::move(shown));
    }
  }
  co_return response;
}

}  // namespace mayfly::ec2
