"""If these fail, Terraform's VPC module, or a stack with a CDK Vpc, cannot be deployed, read again and destroyed: the calls that they make, in their
order, with the questions in between until a resource is there, or gone."""
import pytest
from botocore.exceptions import ClientError

from daemon import ACCOUNT


@pytest.fixture
def ec2(daemon):
    return daemon.client("ec2")


def tags(kind, **values):
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in values.items()]}]


def by(name, *values):
    return {"Name": name, "Values": list(values)}


def gone(code, call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    assert refused.value.response["Error"]["Code"] == code


def test_terraforms_vpc_module(ec2):
    # aws_vpc: made, read with all that it comes with
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16", InstanceTenancy="default", TagSpecifications=tags("vpc", Name="main"))["Vpc"]["VpcId"]
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["State"] == "available"
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    for attribute, member in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames"),
                              ("enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics")):
        assert member in ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
    acl = ec2.describe_network_acls(Filters=[by("default", "true"), by("vpc-id", vpc)])["NetworkAcls"][0]
    table = ec2.describe_route_tables(Filters=[by("association.main", "true"), by("vpc-id", vpc)])["RouteTables"][0]
    group = ec2.describe_security_groups(Filters=[by("group-name", "default"), by("vpc-id", vpc)])["SecurityGroups"][0]
    # aws_default_network_acl, aws_default_route_table, aws_default_security_group: emptied, then as the module says
    for egress in (True, False):
        ec2.delete_network_acl_entry(NetworkAclId=acl["NetworkAclId"], RuleNumber=100, Egress=egress)
        ec2.create_network_acl_entry(NetworkAclId=acl["NetworkAclId"], RuleNumber=100, Egress=egress, Protocol="-1", RuleAction="allow", CidrBlock="0.0.0.0/0")
    assert all(route["Origin"] == "CreateRouteTable" for route in table["Routes"])
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
    ec2.create_tags(Resources=[acl["NetworkAclId"], table["RouteTableId"], group["GroupId"]], Tags=[{"Key": "Name", "Value": "main-default"}])
    # subnets, tables, gateways
    subnets = {}
    for number, (kind, zone) in enumerate((kind, zone) for kind in ("public", "private") for zone in ("us-east-1a", "us-east-1b")):
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.8.{number}.0/24", AvailabilityZone=zone, TagSpecifications=tags("subnet", Name=kind))["Subnet"]["SubnetId"]
        assert ec2.describe_subnets(SubnetIds=[made])["Subnets"][0]["State"] == "available"
        subnets.setdefault(kind, []).append(made)
    gateway = ec2.create_internet_gateway(TagSpecifications=tags("internet-gateway", Name="main"))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert ec2.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"][0]["Attachments"] == [{"State": "available", "VpcId": vpc}]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip", Name="nat"))["AllocationId"]
    assert ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]["Domain"] == "vpc"
    assert ec2.describe_addresses_attribute(AllocationIds=[address], Attribute="domain-name")["Addresses"] == []
    nat = ec2.create_nat_gateway(SubnetId=subnets["public"][0], AllocationId=address, TagSpecifications=tags("natgateway", Name="nat"))["NatGateway"]["NatGatewayId"]
    assert ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"] == "available"
    tables, associations = {}, []
    for kind, target in (("public", {"GatewayId": gateway}), ("private", {"NatGatewayId": nat})):
        tables[kind] = ec2.create_route_table(VpcId=vpc, TagSpecifications=tags("route-table", Name=kind))["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=tables[kind], DestinationCidrBlock="0.0.0.0/0", **target)
        for subnet in subnets[kind]:
            associations.append(ec2.associate_route_table(RouteTableId=tables[kind], SubnetId=subnet)["AssociationId"])
            found = ec2.describe_route_tables(Filters=[by("association.route-table-association-id", associations[-1])])["RouteTables"]
            assert found[0]["RouteTableId"] == tables[kind]
    # a second plan changes nothing
    assert {subnet["MapPublicIpOnLaunch"] for subnet in ec2.describe_subnets(Filters=[by("vpc-id", vpc)])["Subnets"]} == {False}
    routes = ec2.describe_route_tables(RouteTableIds=[tables["private"]])["RouteTables"][0]["Routes"]
    assert [(route["DestinationCidrBlock"], route.get("NatGatewayId"), route["State"]) for route in routes] == [
        ("10.8.0.0/16", None, "active"), ("0.0.0.0/0", nat, "active")]
    # destroy, in its order
    for association in associations:
        ec2.disassociate_route_table(AssociationId=association)
    for table in tables.values():
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
        ec2.delete_route_table(RouteTableId=table)
        gone("InvalidRouteTableID.NotFound", ec2.describe_route_tables, RouteTableIds=[table])
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"] == "deleted"
    ec2.release_address(AllocationId=address)
    gone("InvalidAllocationID.NotFound", ec2.describe_addresses, AllocationIds=[address])
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    gone("InvalidInternetGatewayID.NotFound", ec2.describe_internet_gateways, InternetGatewayIds=[gateway])
    for subnet in subnets["public"] + subnets["private"]:
        assert not ec2.describe_network_interfaces(Filters=[by("subnet-id", subnet)])["NetworkInterfaces"]
        ec2.delete_subnet(SubnetId=subnet)
        gone("InvalidSubnetID.NotFound", ec2.describe_subnets, SubnetIds=[subnet])
    ec2.delete_vpc(VpcId=vpc)
    gone("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[vpc])


def test_a_cdk_vpc(ec2):
    zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]][:2]  # Fn::GetAZs
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", InstanceTenancy="default", TagSpecifications=tags("vpc", Name="Stack/Vpc"))["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    made = {}
    for number, (kind, zone) in enumerate((kind, zone) for kind in ("Public", "Private") for zone in zones):
        words = {"aws-cdk:subnet-name": kind, "aws-cdk:subnet-type": kind, "Name": f"Stack/Vpc/{kind}Subnet{number}"}
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number * 64}.0/18", AvailabilityZone=zone, TagSpecifications=tags("subnet", **words))["Subnet"]["SubnetId"]
        if kind == "Public":
            ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
        made.setdefault(kind, []).append((subnet, table, association))
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=made["Public"][0][0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    for kind, target in (("Public", {"GatewayId": gateway}), ("Private", {"NatGatewayId": nat})):
        for _, table, _ in made[kind]:
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
    # the custom resource that empties the default group
    group = ec2.describe_security_groups(Filters=[by("vpc-id", vpc), by("group-name", "default")])["SecurityGroups"][0]["GroupId"]
    inward = {"IpProtocol": "-1", "UserIdGroupPairs": [{"UserId": ACCOUNT, "GroupId": group}]}
    outward = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[inward])
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[outward])
    # Vpc.fromLookup
    assert [found["VpcId"] for found in ec2.describe_vpcs(Filters=[by("tag:Name", "Stack/Vpc"), by("isDefault", "false")])["Vpcs"]] == [vpc]
    assert len(ec2.describe_subnets(Filters=[by("vpc-id", vpc)])["Subnets"]) == 4
    assert len(ec2.describe_route_tables(Filters=[by("vpc-id", vpc)])["RouteTables"]) == 5
    assert not ec2.describe_vpn_gateways(Filters=[by("attachment.vpc-id", vpc), by("attachment.state", "attached"), by("state", "available")])["VpnGateways"]
    # the stack goes
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[inward])
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[outward])
    for kind in ("Private", "Public"):
        for subnet, table, association in made[kind]:
            ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
            ec2.disassociate_route_table(AssociationId=association)
            ec2.delete_route_table(RouteTableId=table)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.release_address(AllocationId=address)
    for kind in ("Private", "Public"):
        for subnet, _, _ in made[kind]:
            ec2.delete_subnet(SubnetId=subnet)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_vpc(VpcId=vpc)
