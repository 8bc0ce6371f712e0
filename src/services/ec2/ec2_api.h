// Amazon EC2's API, as far as it is networks: the operations of model/ec2.model, a class for each of its groups. One method per operation,
// named as it is.
//
// One of each per daemon, on its strand. Requests have been authenticated, decoded and validated by the model; a DryRun has been answered
// (service.cc). What EC2 says of ids, blocks, ports and states is checked here, in its words.
#pragma once

#include "model/ec2.h"
#include "services/ec2/networks.h"

namespace mayfly::ec2 {

class Api {
 protected:
  // Outlives it.
  explicit Api(Networks& networks) : networks_(&networks) {}
  Networks* networks_;
};

// VPCs and their attributes (vpcs_api.cc
class VpcsApi final : public VpcsHandler, Api {
 public:
  explicit VpcsApi(Networks& networks) : Api(networks) {}
  Task<Result<CreateVpcResponse>> CreateVpc(Context& ctx, CreateVpcRequest request) override;
  Task<Result<CreateDefaultVpcResponse>> CreateDefaultVpc(Context& ctx, CreateDefaultVpcRequest request) override;
  Task<Result<>> DeleteVpc(Context& ctx, DeleteVpcRequest request) override;
  Task<Result<DescribeVpcsResponse>> DescribeVpcs(Context& ctx, DescribeVpcsRequest request) override;
  Task<Result<DescribeVpcAttributeResponse>> DescribeVpcAttribute(Context& ctx, DescribeVpcAttributeRequest request) override;
  Task<Result<>> ModifyVpcAttribute(Context& ctx, ModifyVpcAttributeRequest request) override;
  Task<Result<AssociateVpcCidrBlockResponse>> AssociateVpcCidrBlock(Context& ctx, AssociateVpcCidrBlockRequest request) override;
  Task<Result<DisassociateVpcCidrBlockResponse>> DisassociateVpcCidrBlock(Context& ctx, DisassociateVpcCidrBlockRequest request) override;
  Task<Result<DescribeDhcpOptionsResponse>> DescribeDhcpOptions(Context& ctx, DescribeDhcpOptionsRequest request) override;
};

// subnets_api.cc
class SubnetsApi final : public SubnetsHandler, Api {
 public:
  explicit SubnetsApi(Networks& networks) : Api(networks) {}
  Task<Result<CreateSubnetResponse>> CreateSubnet(Context& ctx, CreateSubnetRequest request) override;
  Task<Result<CreateDefaultSubnetResponse>> CreateDefaultSubnet(Context& ctx, CreateDefaultSubnetRequest request) override;
  Task<Result<>> DeleteSubnet(Context& ctx, DeleteSubnetRequest request) override;
  Task<Result<DescribeSubnetsResponse>> DescribeSubnets(Context& ctx, DescribeSubnetsRequest request) override;
  Task<Result<>> ModifySubnetAttribute(Context& ctx, ModifySubnetAttributeRequest request) override;
  Task<Result<AssociateSubnetCidrBlockResponse>> AssociateSubnetCidrBlock(Context& ctx, AssociateSubnetCidrBlockRequest request) override;
  Task<Result<DisassociateSubnetCidrBlockResponse>> DisassociateSubnetCidrBlock(Context& ctx,
                                                                                DisassociateSubnetCidrBlockRequest request) override;
};

// route_tables_api.cc, routes_api.cc
class RouteTablesApi final : public RouteTablesHandler, Api {
 public:
  explicit RouteTablesApi(Networks& networks) : Api(networks) {}
  Task<Result<CreateRouteTableResponse>> CreateRouteTable(Context& ctx, CreateRouteTableRequest request) override;
  Task<Result<>> DeleteRouteTable(Context& ctx, DeleteRouteTableRequest request) override;
  Task<Result<DescribeRouteTablesResponse>> DescribeRouteTables(Context& ctx, DescribeRouteTablesRequest request) override;
  Task<Result<AssociateRouteTableResponse>> AssociateRouteTable(Context& ctx, AssociateRouteTableRequest request) override;
  Task<Result<>> DisassociateRouteTable(Context& ctx, DisassociateRouteTableRequest request) override;
  Task<Result<ReplaceRouteTableAssociationResponse>> ReplaceRouteTableAssociation(Context& ctx,
                                                                                  ReplaceRouteTableAssociationRequest request) override;
  Task<Result<CreateRouteResponse>> CreateRoute(Context& ctx, CreateRouteRequest request) override;
  Task<Result<>> ReplaceRoute(Context& ctx, ReplaceRouteRequest request) override;
  Task<Result<>> DeleteRoute(Context& ctx, DeleteRouteRequest request) override;
};

// gateways_api.cc
class GatewaysApi final : public GatewaysHandler, Api {
 public:
  explicit GatewaysApi(Networks& networks) : Api(networks) {}
  Task<Result<CreateInternetGatewayResponse>> CreateInternetGateway(Context& ctx, CreateInternetGatewayRequest request) override;
  Task<Result<>> DeleteInternetGateway(Context& ctx, DeleteInternetGatewayRequest request) override;
  Task<Result<DescribeInternetGatewaysResponse>> DescribeInternetGateways(Context& ctx, DescribeInternetGatewaysRequest request) override;
  Task<Result<>> AttachInternetGateway(Context& ctx, AttachInternetGatewayRequest request) override;
  Task<Result<>> DetachInternetGateway(Context& ctx, DetachInternetGatewayRequest request) override;
  Task<Result<CreateNatGatewayResponse>> CreateNatGateway(Context& ctx, CreateNatGatewayRequest request) override;
  Task<Result<DeleteNatGatewayResponse>> DeleteNatGateway(Context& ctx, DeleteNatGatewayRequest request) override;
  Task<Result<DescribeNatGatewaysResponse>> DescribeNatGateways(Context& ctx, DescribeNatGatewaysRequest request) override;
  Task<Result<DescribeVpnGatewaysResponse>> DescribeVpnGateways(Context& ctx, DescribeVpnGatewaysRequest request) override;
  Task<Result<DescribeEgressOnlyInternetGatewaysResponse>> DescribeEgressOnlyInternetGateways(
      Context& ctx, DescribeEgressOnlyInternetGatewaysRequest request) override;
};

// groups_api.cc, group_rules_api.cc
class SecurityGroupsApi final : public SecurityGroupsHandler, Api {
 public:
  explicit SecurityGroupsApi(Networks& networks) : Api(networks) {}
  Task<Result<CreateSecurityGroupResponse>> CreateSecurityGroup(Context& ctx, CreateSecurityGroupRequest request) override;
  Task<Result<DeleteSecurityGroupResponse>> DeleteSecurityGroup(Context& ctx, DeleteSecurityGroupRequest request) override;
  Task<Result<DescribeSecurityGroupsResponse>> DescribeSecurityGroups(Context& ctx, DescribeSecurityGroupsRequest request) override;
  Task<Result<DescribeSecurityGroupRulesResponse>> DescribeSecurityGroupRules(Context& ctx,
                                                                              DescribeSecurityGroupRulesRequest request) override;
  Task<Result<AuthorizeSecurityGroupIngressResponse>> AuthorizeSecurityGroupIngress(Context& ctx,
                                                                                    AuthorizeSecurityGroupIngressRequest request) override;
  Task<Result<AuthorizeSecurityGroupEgressResponse>> AuthorizeSecurityGroupEgress(Context& ctx,
                                                                                  AuthorizeSecurityGroupEgressRequest request) override;
  Task<Result<RevokeSecurityGroupIngressResponse>> RevokeSecurityGroupIngress(Context& ctx,
                                                                              RevokeSecurityGroupIngressRequest request) override;
  Task<Result<RevokeSecurityGroupEgressResponse>> RevokeSecurityGroupEgress(Context& ctx,
                                                                            RevokeSecurityGroupEgressRequest request) override;
  Task<Result<ModifySecurityGroupRulesResponse>> ModifySecurityGroupRules(Context& ctx, ModifySecurityGroupRulesRequest request) override;
  Task<Result<UpdateSecurityGroupRuleDescriptionsIngressResponse>> UpdateSecurityGroupRuleDescriptionsIngress(
      Context& ctx, UpdateSecurityGroupRuleDescriptionsIngressRequest request) override;
  Task<Result<UpdateSecurityGroupRuleDescriptionsEgressResponse>> UpdateSecurityGroupRuleDescriptionsEgress(
      Context& ctx, UpdateSecurityGroupRuleDescriptionsEgressRequest request) override;
};

// acls_api.cc
class NetworkAclsApi final : public NetworkAclsHandler, Api {
 public:
  explicit NetworkAclsApi(Networks& networks) : Api(networks) {}
  Task<Result<CreateNetworkAclResponse>> CreateNetworkAcl(Context& ctx, CreateNetworkAclRequest request) override;
  Task<Result<>> DeleteNetworkAcl(Context& ctx, DeleteNetworkAclRequest request) override;
  Task<Result<DescribeNetworkAclsResponse>> DescribeNetworkAcls(Context& ctx, DescribeNetworkAclsRequest request) override;
  Task<Result<>> CreateNetworkAclEntry(Context& ctx, CreateNetworkAclEntryRequest request) override;
  Task<Result<>> ReplaceNetworkAclEntry(Context& ctx, ReplaceNetworkAclEntryRequest request) override;
  Task<Result<>> DeleteNetworkAclEntry(Context& ctx, DeleteNetworkAclEntryRequest request) override;
  Task<Result<ReplaceNetworkAclAssociationResponse>> ReplaceNetworkAclAssociation(Context& ctx,
                                                                                  ReplaceNetworkAclAssociationRequest request) override;
};

// endpoints_api.cc, prefix_lists_api.cc
class EndpointsApi final : public EndpointsHandler, Api {
 public:
  explicit EndpointsApi(Networks& networks) : Api(networks) {}
  Task<Result<CreateVpcEndpointResponse>> CreateVpcEndpoint(Context& ctx, CreateVpcEndpointRequest request) override;
  Task<Result<DeleteVpcEndpointsResponse>> DeleteVpcEndpoints(Context& ctx, DeleteVpcEndpointsRequest request) override;
  Task<Result<DescribeVpcEndpointsResponse>> DescribeVpcEndpoints(Context& ctx, DescribeVpcEndpointsRequest request) override;
  Task<Result<ModifyVpcEndpointResponse>> ModifyVpcEndpoint(Context& ctx, ModifyVpcEndpointRequest request) override;
  Task<Result<DescribeVpcEndpointServicesResponse>> DescribeVpcEndpointServices(Context& ctx,
                                                                                DescribeVpcEndpointServicesRequest request) override;
  Task<Result<DescribePrefixListsResponse>> DescribePrefixLists(Context& ctx, DescribePrefixListsRequest request) override;
  Task<Result<DescribeManagedPrefixListsResponse>> DescribeManagedPrefixLists(Context& ctx,
                                                                              DescribeManagedPrefixListsRequest request) override;
  Task<Result<GetManagedPrefixListEntriesResponse>> GetManagedPrefixListEntries(Context& ctx,
                                                                                GetManagedPrefixListEntriesRequest request) override;
};

// addresses_api.cc
class AddressesApi final : public AddressesHandler, Api {
 public:
  explicit AddressesApi(Networks& networks) : Api(networks) {}
  Task<Result<AllocateAddressResponse>> AllocateAddress(Context& ctx, AllocateAddressRequest request) override;
  Task<Result<>> ReleaseAddress(Context& ctx, ReleaseAddressRequest request) override;
  Task<Result<DescribeAddressesResponse>> DescribeAddresses(Context& ctx, DescribeAddressesRequest request) override;
  Task<Result<DescribeAddressesAttributeResponse>> DescribeAddressesAttribute(Context& ctx,
                                                                              DescribeAddressesAttributeRequest request) override;
  Task<Result<AssociateAddressResponse>> AssociateAddress(Context& ctx, AssociateAddressRequest request) override;
  Task<Result<>> DisassociateAddress(Context& ctx, DisassociateAddressRequest request) override;
};

// interfaces_api.cc
class InterfacesApi final : public InterfacesHandler, Api {
 public:
  explicit InterfacesApi(Networks& networks) : Api(networks) {}
  Task<Result<CreateNetworkInterfaceResponse>> CreateNetworkInterface(Context& ctx, CreateNetworkInterfaceRequest request) override;
  Task<Result<>> DeleteNetworkInterface(Context& ctx, DeleteNetworkInterfaceRequest request) override;
  Task<Result<DescribeNetworkInterfacesResponse>> DescribeNetworkInterfaces(Context& ctx,
                                                                            DescribeNetworkInterfacesRequest request) override;
  Task<Result<DescribeNetworkInterfaceAttributeResponse>> DescribeNetworkInterfaceAttribute(
      Context& ctx, DescribeNetworkInterfaceAttributeRequest request) override;
  Task<Result<>> ModifyNetworkInterfaceAttribute(Context& ctx, ModifyNetworkInterfaceAttributeRequest request) override;
};

// places_api.cc
class PlacesApi final : public PlacesHandler, Api {
 public:
  explicit PlacesApi(Networks& networks) : Api(networks) {}
  Task<Result<DescribeAvailabilityZonesResponse>> DescribeAvailabilityZones(Context& ctx,
                                                                            DescribeAvailabilityZonesRequest request) override;
  Task<Result<DescribeRegionsResponse>> DescribeRegions(Context& ctx, DescribeRegionsRequest request) override;
  Task<Result<DescribeAccountAttributesResponse>> DescribeAccountAttributes(Context& ctx,
                                                                            DescribeAccountAttributesRequest request) override;
};

// tags_api.cc
class TagsApi final : public TagsHandler, Api {
 public:
  explicit TagsApi(Networks& networks) : Api(networks) {}
  Task<Result<>> CreateTags(Context& ctx, CreateTagsRequest request) override;
  Task<Result<>> DeleteTags(Context& ctx, DeleteTagsRequest request) override;
  Task<Result<DescribeTagsResponse>> DescribeTags(Context& ctx, DescribeTagsRequest request) override;
};

}  // namespace mayfly::ec2
