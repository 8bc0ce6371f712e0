"""If these fail, deploy tools cannot make networks here, or are told something else of them than EC2 tells."""
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from daemon import ACCOUNT, REGION

OTHER = "444455556666"


@pytest.fixture
def ec2(daemon):
    return daemon.client("ec2")


@pytest.fixture
def vpc(ec2):
    """A VPC of the test's own, which goes with everything in it."""
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    yield vpc_id
    empty(ec2, vpc_id)


def in_vpc(vpc_id, name="vpc-id"):
    return [{"Name": name, "Values": [vpc_id]}]


def empty(ec2, vpc_id):
    for endpoint in ec2.describe_vpc_endpoints(Filters=in_vpc(vpc_id))["VpcEndpoints"]:
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    for nat in ec2.describe_nat_gateways(Filter=in_vpc(vpc_id) + [{"Name": "state", "Values": ["available"]}])["NatGateways"]:
        ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    for interface in ec2.describe_network_interfaces(Filters=in_vpc(vpc_id))["NetworkInterfaces"]:
        ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    for gateway in ec2.describe_internet_gateways(Filters=in_vpc(vpc_id, "attachment.vpc-id"))["InternetGateways"]:
        ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc_id)
        ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    for subnet in ec2.describe_subnets(Filters=in_vpc(vpc_id))["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for table in ec2.describe_route_tables(Filters=in_vpc(vpc_id))["RouteTables"]:
        if not any(association["Main"] for association in table["Associations"]):
            ec2.delete_route_table(RouteTableId=table["RouteTableId"])
    groups = [group for group in ec2.describe_security_groups(Filters=in_vpc(vpc_id))["SecurityGroups"] if group["GroupName"] != "default"]
    for group in groups:
        if group["IpPermissions"]:
            ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    for group in groups:
        ec2.delete_security_group(GroupId=group["GroupId"])
    for acl in ec2.describe_network_acls(Filters=in_vpc(vpc_id))["NetworkAcls"]:
        if not acl["IsDefault"]:
            ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])
    ec2.delete_vpc(VpcId=vpc_id)


def refused(code, text=None, status=400):
    class Refused:
        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            assert isinstance(error, ClientError), f"nothing was refused, but {code} was to come: {error!r}"
            told = error.response["Error"]
            assert told["Code"] == code and (text is None or told["Message"] == text), told
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status
            return True
    return Refused()


def one(found):
    assert len(found) == 1, found
    return found[0]


# --- what is there from the start ---

def test_the_default_vpc(ec2):
    vpc = one(ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"])
    assert (vpc["CidrBlock"], vpc["State"], vpc["InstanceTenancy"], vpc["OwnerId"]) == ("172.31.0.0/16", "available", "default", ACCOUNT)
    assert vpc["CidrBlockAssociationSet"][0]["CidrBlockState"]["State"] == "associated"
    subnets = ec2.describe_subnets(Filters=in_vpc(vpc["VpcId"]))["Subnets"]
    assert {subnet["AvailabilityZone"] for subnet in subnets} == {REGION + letter for letter in "abc"}
    assert all(subnet["DefaultForAz"] and subnet["MapPublicIpOnLaunch"] and subnet["AvailableIpAddressCount"] == 4091 for subnet in subnets)
    table = one(ec2.describe_route_tables(Filters=in_vpc(vpc["VpcId"]))["RouteTables"])
    assert table["Associations"][0]["Main"]
    local, out = table["Routes"]
    assert (local["GatewayId"], local["DestinationCidrBlock"], local["Origin"]) == ("local", "172.31.0.0/16", "CreateRouteTable")
    assert out["DestinationCidrBlock"] == "0.0.0.0/0" and out["GatewayId"].startswith("igw-") and out["State"] == "active"
    group = one(ec2.describe_security_groups(Filters=in_vpc(vpc["VpcId"]) + [{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"])
    assert group["IpPermissions"][0]["UserIdGroupPairs"] == [{"UserId": ACCOUNT, "GroupId": group["GroupId"]}]
    assert group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    acl = one(ec2.describe_network_acls(Filters=in_vpc(vpc["VpcId"]))["NetworkAcls"])
    assert acl["IsDefault"] and len(acl["Associations"]) == 3
    assert {(entry["RuleNumber"], entry["RuleAction"]) for entry in acl["Entries"]} == {(100, "allow"), (32767, "deny")}
    attributes = {one["AttributeName"]: one["AttributeValues"][0]["AttributeValue"] for one in ec2.describe_account_attributes()["AccountAttributes"]}
    assert attributes["default-vpc"] == vpc["VpcId"]


def test_each_account_and_region_has_its_own(daemon, ec2, vpc):
    there = daemon.client("ec2", key=OTHER)
    assert vpc not in {one["VpcId"] for one in there.describe_vpcs()["Vpcs"]}
    with refused("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist"):
        there.describe_vpcs(VpcIds=[vpc])


def test_zones_and_regions(ec2):
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [(zone["ZoneName"], zone["ZoneId"], zone["State"]) for zone in zones][:2] == [("us-east-1a", "use1-az1", "available"), ("us-east-1b", "use1-az2", "available")]
    assert ec2.describe_availability_zones(Filters=[{"Name": "zone-id", "Values": ["use1-az3"]}])["AvailabilityZones"][0]["ZoneName"] == "us-east-1c"
    with refused("InvalidParameterValue", "Invalid availability zone: [us-east-1z]"):
        ec2.describe_availability_zones(ZoneNames=["us-east-1z"])
    assert "eu-west-1" in {region["RegionName"] for region in ec2.describe_regions()["Regions"]}
    assert one(ec2.describe_regions(RegionNames=["eu-west-1"])["Regions"])["Endpoint"] == "ec2.eu-west-1.amazonaws.com"


# --- VPCs and subnets ---

def test_a_vpc_comes_and_goes(ec2):
    answer = ec2.create_vpc(CidrBlock="10.1.2.3/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "net"}]}])
    vpc = answer["Vpc"]
    assert vpc["CidrBlock"] == "10.1.0.0/16" and not vpc["IsDefault"] and vpc["Tags"] == [{"Key": "Name", "Value": "net"}]
    assert vpc["VpcId"].startswith("vpc-") and len(vpc["VpcId"]) == 21
    assert one(ec2.describe_dhcp_options(DhcpOptionsIds=[vpc["DhcpOptionsId"]])["DhcpOptions"])["DhcpConfigurations"][0]["Values"] == [{"Value": "ec2.internal"}]
    vpc_id = vpc["VpcId"]
    ec2.get_waiter("vpc_available").wait(VpcIds=[vpc_id])
    assert ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsHostnames")["EnableDnsHostnames"] == {"Value": False}
    assert ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsSupport")["EnableDnsSupport"] == {"Value": True}
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    assert ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsHostnames")["EnableDnsHostnames"] == {"Value": True}
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.1.1.0/24", AvailabilityZone="us-east-1b")["Subnet"]
    assert (subnet["AvailableIpAddressCount"], subnet["AvailabilityZoneId"], subnet["State"]) == (251, "use1-az2", "available")
    with refused("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted."):
        ec2.delete_vpc(VpcId=vpc_id)
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc_id)
    with refused("InvalidVpcID.NotFound"):
        ec2.describe_vpcs(VpcIds=[vpc_id])
    assert not ec2.describe_route_tables(Filters=in_vpc(vpc_id))["RouteTables"]
    assert not ec2.describe_security_groups(Filters=in_vpc(vpc_id))["SecurityGroups"]


@pytest.mark.parametrize("call, arguments, code, text", [
    ("create_vpc", {"CidrBlock": "10.0.0.0/8"}, "InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid."),
    ("create_vpc", {"CidrBlock": "127.0.0.0/16"}, "InvalidVpc.Range", "The CIDR '127.0.0.0/16' is invalid."),
    ("create_vpc", {"CidrBlock": "169.254.0.0/16"}, "InvalidVpc.Range", "The CIDR '169.254.0.0/16' is invalid."),
    ("create_vpc", {"CidrBlock": "0.0.0.0/16"}, "InvalidVpc.Range", "The CIDR '0.0.0.0/16' is invalid."),
    ("create_vpc", {"CidrBlock": "224.0.0.0/16"}, "InvalidVpc.Range", "The CIDR '224.0.0.0/16' is invalid."),
    ("create_vpc", {"CidrBlock": "255.255.0.0/16"}, "InvalidVpc.Range", "The CIDR '255.255.0.0/16' is invalid."),
    ("create_vpc", {"CidrBlock": "nonsense"}, "InvalidParameterValue", "Value (nonsense) for parameter cidrBlock is invalid. This is not a valid CIDR block."),
    ("create_vpc", {}, "MissingParameter", "The request must contain the parameter cidrBlock"),
    ("create_vpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "odd"}, "InvalidParameterValue", None),
    ("delete_vpc", {"VpcId": "vpc-0123456789abcdef0"}, "InvalidVpcID.NotFound", "The vpc ID 'vpc-0123456789abcdef0' does not exist"),
    ("delete_vpc", {"VpcId": "nonsense"}, "InvalidVpcId.Malformed", 'Invalid id: "nonsense" (expecting "vpc-...")'),
    ("delete_subnet", {"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound", "The subnet ID 'subnet-0123456789abcdef0' does not exist"),
    ("describe_security_groups", {"GroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound", "The security group 'sg-0123456789abcdef0' does not exist"),
    ("describe_route_tables", {"RouteTableIds": ["rtb-0123456789abcdef0"]}, "InvalidRouteTableID.NotFound", "The routeTable ID 'rtb-0123456789abcdef0' does not exist"),
    ("delete_internet_gateway", {"InternetGatewayId": "igw-0123456789abcdef0"}, "InvalidInternetGatewayID.NotFound",
     "The internetGateway ID 'igw-0123456789abcdef0' does not exist"),
    ("describe_network_interfaces", {"NetworkInterfaceIds": ["eni-0123456789abcdef0"]}, "InvalidNetworkInterfaceID.NotFound",
     "The networkInterface ID 'eni-0123456789abcdef0' does not exist"),
    ("delete_network_acl", {"NetworkAclId": "acl-0123456789abcdef0"}, "InvalidNetworkAclID.NotFound", "The networkAcl ID 'acl-0123456789abcdef0' does not exist"),
    ("describe_nat_gateways", {"NatGatewayIds": ["nat-0123456789abcdef0"]}, "NatGatewayNotFound", "NAT gateway nat-0123456789abcdef0 was not found"),
    ("release_address", {"AllocationId": "eipalloc-0123456789abcdef0"}, "InvalidAllocationID.NotFound", "The allocation ID 'eipalloc-0123456789abcdef0' does not exist"),
    ("describe_vpcs", {"Filters": [{"Name": "colour", "Values": ["red"]}]}, "InvalidParameterValue", "The filter 'colour' is invalid"),
    ("create_tags", {"Resources": ["nonsense"], "Tags": [{"Key": "k", "Value": "v"}]}, "InvalidID", "The ID 'nonsense' is not valid"),
    ("create_vpc_endpoint", {"VpcId": "vpc-0123456789abcdef0", "ServiceName": "x"}, "InvalidVpcID.NotFound", None),
    ("describe_vpc_endpoint_services", {"ServiceNames": ["com.example"]}, "InvalidServiceName", "The Vpc Endpoint Service 'com.example' does not exist"),
])
def test_refusals(ec2, call, arguments, code, text):
    with refused(code, text):
        getattr(ec2, call)(**arguments)


def test_what_is_to_come_says_so(ec2):
    with pytest.raises(ClientError) as error:
        ec2.describe_instances()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "DescribeInstances is not implemented by Mayfly yet" in error.value.response["Error"]["Message"]


def test_dry_runs(ec2):
    before = len(ec2.describe_vpcs()["Vpcs"])
    with refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", status=412):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_subnets_fit_into_their_vpc(ec2, vpc):
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
    with refused("InvalidSubnet.Conflict", "The CIDR '10.0.0.128/25' conflicts with another subnet"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.128/25")
    with refused("InvalidSubnet.Range", "The CIDR '10.1.0.0/24' is invalid."):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")
    with refused("InvalidParameterValue"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1z")
    association = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")["CidrBlockAssociation"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    with refused("CidrBlockInUse"):
        ec2.disassociate_vpc_cidr_block(AssociationId=association["AssociationId"])
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert one(ec2.describe_subnets(SubnetIds=[subnet])["Subnets"])["MapPublicIpOnLaunch"]
    ec2.delete_subnet(SubnetId=subnet)
    assert ec2.disassociate_vpc_cidr_block(AssociationId=association["AssociationId"])["CidrBlockAssociation"]["CidrBlock"] == "10.1.0.0/16"


def test_ipv6_blocks(ec2, vpc):
    block = ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"]
    assert block.endswith("00::/56")
    first = block.replace("00::/56", "01::/64")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", Ipv6CidrBlock=first)["Subnet"]
    assert subnet["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"] == first
    interface = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Ipv6AddressCount=1)["NetworkInterface"]
    assert interface["Ipv6Addresses"][0]["Ipv6Address"] == first.replace("::/64", "::4")
    assert one(ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"])["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"] == block
    acl = one(ec2.describe_network_acls(Filters=in_vpc(vpc))["NetworkAcls"])
    assert {(entry["RuleNumber"], entry["Egress"], entry["Ipv6CidrBlock"]) for entry in acl["Entries"] if entry["RuleAction"] == "allow" and "Ipv6CidrBlock" in entry} == {
        (101, True, "::/0"), (101, False, "::/0")}
    group = ec2.create_security_group(GroupName="six", Description="six", VpcId=vpc)["GroupId"]
    assert one(one(ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"])["IpPermissionsEgress"])["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}]


# --- routes and gateways ---

def test_a_public_and_a_private_subnet(ec2, vpc):
    public = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    private = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    with refused("InvalidParameterValue", f"route table {table} and network gateway {gateway} belong to different networks"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with refused("Resource.AlreadyAssociated", f"resource {gateway} is already attached to network {vpc}"):
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=public)["AssociationId"]
    address = ec2.allocate_address(Domain="vpc")
    nat = ec2.create_nat_gateway(SubnetId=public, AllocationId=address["AllocationId"])["NatGateway"]
    assert nat["State"] == "available" and nat["NatGatewayAddresses"][0]["PublicIp"] == address["PublicIp"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat["NatGatewayId"]])
    inner = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=inner, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat["NatGatewayId"])
    ec2.associate_route_table(RouteTableId=inner, SubnetId=private)
    local = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlock"]
    with refused("RouteAlreadyExists", f"The route identified by {local} already exists."):
        ec2.create_route(RouteTableId=inner, DestinationCidrBlock=local, GatewayId=gateway)
    with refused("RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists."):
        ec2.create_route(RouteTableId=inner, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=address["AllocationId"])
    with refused("DependencyViolation", f"The routeTable '{table}' has dependencies and cannot be deleted."):
        ec2.delete_route_table(RouteTableId=table)
    with refused("DependencyViolation"):  # the NAT gateway's address
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with refused("DependencyViolation", f"The subnet '{public}' has dependencies and cannot be deleted."):
        ec2.delete_subnet(SubnetId=public)
    interface = one(ec2.describe_network_interfaces(Filters=in_vpc(public, "subnet-id"))["NetworkInterfaces"])
    assert (interface["InterfaceType"], interface["Description"]) == ("nat_gateway", f"Interface for NAT Gateway {nat['NatGatewayId']}")
    assert interface["Association"]["PublicIp"] == address["PublicIp"] and interface["Status"] == "in-use"
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    assert one(ec2.describe_nat_gateways(NatGatewayIds=[nat["NatGatewayId"]])["NatGateways"])["State"] == "deleted"
    route = one([route for route in one(ec2.describe_route_tables(RouteTableIds=[inner])["RouteTables"])["Routes"] if "NatGatewayId" in route])
    assert route["State"] == "blackhole"
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.delete_route(RouteTableId=inner, DestinationCidrBlock="0.0.0.0/0")
    with refused("InvalidRoute.NotFound", f"no route with destination-cidr-block 0.0.0.0/0 in route table {inner}"):
        ec2.delete_route(RouteTableId=inner, DestinationCidrBlock="0.0.0.0/0")
    with refused("InvalidParameterValue", f"cannot remove local route 10.0.0.0/16 in route table {inner}"):
        ec2.delete_route(RouteTableId=inner, DestinationCidrBlock="10.0.0.0/16")
    replaced = ec2.replace_route_table_association(AssociationId=association, RouteTableId=inner)["NewAssociationId"]
    ec2.disassociate_route_table(AssociationId=replaced)
    main = one(ec2.describe_route_tables(Filters=in_vpc(vpc) + [{"Name": "association.main", "Values": ["true"]}])["RouteTables"])
    with refused("InvalidParameterValue"):
        ec2.disassociate_route_table(AssociationId=main["Associations"][0]["RouteTableAssociationId"])
    ec2.replace_route_table_association(AssociationId=main["Associations"][0]["RouteTableAssociationId"], RouteTableId=table)
    assert one(ec2.describe_route_tables(Filters=in_vpc(vpc) + [{"Name": "association.main", "Values": ["true"]}])["RouteTables"])["RouteTableId"] == table
    ec2.replace_route_table_association(
        AssociationId=one(ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Associations"])["RouteTableAssociationId"],
        RouteTableId=main["RouteTableId"])


# --- security groups ---

def test_security_groups_and_their_rules(ec2, vpc):
    web = ec2.create_security_group(GroupName="web", Description="web servers", VpcId=vpc)["GroupId"]
    database = ec2.create_security_group(GroupName="db", Description="databases", VpcId=vpc)["GroupId"]
    with refused("InvalidGroup.Duplicate", f"The security group 'web' already exists for VPC '{vpc}'"):
        ec2.create_security_group(GroupName="web", Description="again", VpcId=vpc)
    rules = ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        {"IpProtocol": "6", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])["SecurityGroupRules"]
    assert [rule.get("CidrIpv4", rule.get("CidrIpv6")) for rule in rules] == ["0.0.0.0/0", "::/0", "10.0.0.0/8"]
    assert all(rule["SecurityGroupRuleId"].startswith("sgr-") and rule["IpProtocol"] == "tcp" and not rule["IsEgress"] for rule in rules)
    ec2.authorize_security_group_ingress(GroupId=database, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": web}]}])
    permission = one(one(ec2.describe_security_groups(GroupIds=[web])["SecurityGroups"])["IpPermissions"])
    assert permission["IpRanges"] == [{"CidrIp": "0.0.0.0/0", "Description": "all"}, {"CidrIp": "10.0.0.0/8"}] and permission["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}]
    with refused("InvalidPermission.Duplicate", 'the specified rule "peer: 0.0.0.0/0, TCP, from port: 443, to port: 443, ALLOW" already exists'):
        ec2.authorize_security_group_ingress(GroupId=web, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="0.0.0.0/0")
    with refused("DependencyViolation", f"resource {web} has a dependent object"):
        ec2.delete_security_group(GroupId=web)
    listed = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [database]}])["SecurityGroupRules"]
    ingress = one([rule for rule in listed if not rule["IsEgress"]])
    assert ingress["ReferencedGroupInfo"] == {"GroupId": web, "UserId": ACCOUNT, "VpcId": vpc}
    ec2.modify_security_group_rules(GroupId=database, SecurityGroupRules=[
        {"SecurityGroupRuleId": ingress["SecurityGroupRuleId"], "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "ReferencedGroupId": web}}])
    assert one(ec2.describe_security_group_rules(SecurityGroupRuleIds=[ingress["SecurityGroupRuleId"]])["SecurityGroupRules"])["FromPort"] == 3306
    revoked = ec2.revoke_security_group_ingress(GroupId=database, SecurityGroupRuleIds=[ingress["SecurityGroupRuleId"]])
    assert revoked["Return"] and revoked["RevokedSecurityGroupRules"][0]["ReferencedGroupId"] == web
    with refused("InvalidPermission.NotFound", "The specified rule does not exist in this security group."):
        ec2.revoke_security_group_ingress(GroupId=web, IpProtocol="udp", FromPort=53, ToPort=53, CidrIp="0.0.0.0/0")
    ec2.revoke_security_group_egress(GroupId=web, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    assert not one(ec2.describe_security_groups(GroupIds=[web])["SecurityGroups"])["IpPermissionsEgress"]
    prefix = ec2.describe_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}])["PrefixLists"][0]["PrefixListId"]
    ec2.authorize_security_group_egress(GroupId=web, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": prefix}]}])
    ec2.update_security_group_rule_descriptions_ingress(GroupId=web, SecurityGroupRuleDescriptions=[
        {"SecurityGroupRuleId": rules[2]["SecurityGroupRuleId"], "Description": "inner"}])
    assert one(ec2.describe_security_group_rules(SecurityGroupRuleIds=[rules[2]["SecurityGroupRuleId"]])["SecurityGroupRules"])["Description"] == "inner"
    default = one(ec2.describe_security_groups(Filters=in_vpc(vpc) + [{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"])["GroupId"]
    with refused("CannotDelete"):
        ec2.delete_security_group(GroupId=default)
    self_rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": web}]}
    ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=[self_rule])
    assert ec2.delete_security_group(GroupId=web)["GroupId"] == web  # a rule that names the group itself is none of others


@pytest.mark.parametrize("permission, text", [
    ({"IpProtocol": "tcp", "FromPort": 1, "ToPort": 70000, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, "Invalid value '70000' for portRange. Must be a number between 0 and 65535"),
    ({"IpProtocol": "tcp", "FromPort": 9, "ToPort": 1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, "Invalid TCP/UDP port range (9:1)"),
    ({"IpProtocol": "odd", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, "Invalid value 'odd' for IP protocol. Unknown protocol."),
    ({"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/33"}]}, "CIDR block 10.0.0.0/33 is malformed"),
])
def test_rules_that_are_none(ec2, vpc, permission, text):
    group = one(ec2.describe_security_groups(Filters=in_vpc(vpc))["SecurityGroups"])["GroupId"]
    with refused("InvalidParameterValue", text):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


# --- ACLs ---

def test_network_acls(ec2, vpc):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    usual = one(ec2.describe_network_acls(Filters=in_vpc(vpc))["NetworkAcls"])
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=200, Protocol="6", RuleAction="allow", Egress=False, CidrBlock="0.0.0.0/0", PortRange={"From": 80, "To": 90})
    ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Protocol="-1", RuleAction="deny", Egress=False, CidrBlock="10.0.0.0/8")
    ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Protocol="1", RuleAction="allow", Egress=True, CidrBlock="0.0.0.0/0", IcmpTypeCode={"Type": 8, "Code": -1})
    with refused("NetworkAclEntryAlreadyExists", "The network acl entry identified by 100 already exists."):
        ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Protocol="-1", RuleAction="deny", Egress=False, CidrBlock="10.0.0.0/8")
    entries = one(ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"])["Entries"]
    assert [(entry["Egress"], entry["RuleNumber"]) for entry in entries] == [(True, 100), (False, 100), (False, 200), (True, 32767), (False, 32767)]
    assert entries[2]["PortRange"] == {"From": 80, "To": 90} and entries[0]["IcmpTypeCode"] == {"Type": 8, "Code": -1}
    ec2.replace_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Protocol="-1", RuleAction="allow", Egress=False, CidrBlock="10.0.0.0/8")
    with refused("InvalidNetworkAclEntry.NotFound"):
        ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=300, Egress=False)
    association = one(usual["Associations"])["NetworkAclAssociationId"]
    moved = ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)["NewAssociationId"]
    assert one(one(ec2.describe_network_acls(Filters=in_vpc(subnet, "association.subnet-id"))["NetworkAcls"])["Associations"])["NetworkAclAssociationId"] == moved
    with refused("DependencyViolation"):
        ec2.delete_network_acl(NetworkAclId=acl)
    ec2.replace_network_acl_association(AssociationId=moved, NetworkAclId=usual["NetworkAclId"])
    ec2.delete_network_acl(NetworkAclId=acl)
    with refused("InvalidParameterValue"):
        ec2.delete_network_acl(NetworkAclId=usual["NetworkAclId"])


# --- endpoints, interfaces, addresses ---

def test_endpoints(ec2, vpc):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    table = one(ec2.describe_route_tables(Filters=in_vpc(vpc))["RouteTables"])["RouteTableId"]
    gateway = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[table])["VpcEndpoint"]
    assert gateway["VpcEndpointType"] == "Gateway" and gateway["State"] == "available"
    route = one([route for route in one(ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"])["Routes"] if "DestinationPrefixListId" in route])
    assert route["GatewayId"] == gateway["VpcEndpointId"]
    with refused("InvalidParameter"):
        ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.sqs", SubnetIds=[subnet])  # private DNS
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    interface = ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.sqs", SubnetIds=[subnet])["VpcEndpoint"]
    assert interface["DnsEntries"][1]["DnsName"] == "sqs.us-east-1.amazonaws.com" and interface["PrivateDnsEnabled"]
    made = one(ec2.describe_network_interfaces(NetworkInterfaceIds=interface["NetworkInterfaceIds"])["NetworkInterfaces"])
    assert made["Description"] == f"VPC Endpoint Interface {interface['VpcEndpointId']}" and made["RequesterManaged"]
    group = ec2.create_security_group(GroupName="endpoint", Description="e", VpcId=vpc)["GroupId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=interface["VpcEndpointId"], AddSecurityGroupIds=[group])
    assert {one["GroupName"] for one in one(ec2.describe_network_interfaces(NetworkInterfaceIds=interface["NetworkInterfaceIds"])["NetworkInterfaces"])["Groups"]} == {
        "default", "endpoint"}
    gone = ec2.delete_vpc_endpoints(VpcEndpointIds=[gateway["VpcEndpointId"], interface["VpcEndpointId"], "vpce-0123456789abcdef0"])["Unsuccessful"]
    assert one(gone)["Error"]["Code"] == "InvalidVpcEndpointId.NotFound"
    assert not ec2.describe_network_interfaces(Filters=in_vpc(vpc))["NetworkInterfaces"]
    assert "com.amazonaws.us-east-1.secretsmanager" in ec2.describe_vpc_endpoint_services()["ServiceNames"]


def test_interfaces_and_addresses(ec2, vpc):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/28")["Subnet"]["SubnetId"]
    first = ec2.create_network_interface(SubnetId=subnet, Description="first")["NetworkInterface"]
    assert (first["PrivateIpAddress"], first["PrivateDnsName"], first["Status"]) == ("10.0.0.4", "ip-10-0-0-4.ec2.internal", "available")
    assert one(first["Groups"])["GroupName"] == "default"
    with refused("InvalidIPAddress.InUse", "Address 10.0.0.4 is in use."):
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.0.4")
    with refused("InvalidParameterValue", "Address does not fall within the subnet's address range"):
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.4")
    with refused("PrivateIpAddressLimitExceeded"):
        ec2.create_network_interface(SubnetId=subnet, SecondaryPrivateIpAddressCount=2000000000)
    with refused("InsufficientFreeAddressesInSubnet"):
        ec2.create_network_interface(SubnetId=subnet, SecondaryPrivateIpAddressCount=10)
    second = ec2.create_network_interface(SubnetId=subnet, SecondaryPrivateIpAddressCount=9)["NetworkInterface"]
    assert len(second["PrivateIpAddresses"]) == 10
    assert one(ec2.describe_subnets(SubnetIds=[subnet])["Subnets"])["AvailableIpAddressCount"] == 0
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=first["NetworkInterfaceId"], Groups=[group])
    assert one(ec2.describe_network_interfaces(Filters=in_vpc(group, "group-id"))["NetworkInterfaces"])["NetworkInterfaceId"] == first["NetworkInterfaceId"]
    with refused("DependencyViolation", f"resource {group} has a dependent object"):
        ec2.delete_security_group(GroupId=group)
    address = ec2.allocate_address()
    with refused("Gateway.NotAttached"):
        ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=first["NetworkInterfaceId"])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    association = ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=first["NetworkInterfaceId"])["AssociationId"]
    assert one(ec2.describe_addresses(PublicIps=[address["PublicIp"]])["Addresses"])["AssociationId"] == association
    assert not ec2.describe_addresses_attribute(AllocationIds=[address["AllocationId"]], Attribute="domain-name")["Addresses"]
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=address["AllocationId"])
    with refused("InvalidAddress.NotFound", f"Address '{address['PublicIp']}' not found."):
        ec2.describe_addresses(PublicIps=[address["PublicIp"]])


# --- tags, filters, pages ---

def test_tags(ec2, vpc):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    mark = uuid.uuid4().hex
    ec2.create_tags(Resources=[vpc, subnet], Tags=[{"Key": "mark", "Value": mark}, {"Key": "empty", "Value": ""}])
    assert [one["VpcId"] for one in ec2.describe_vpcs(Filters=[{"Name": "tag:mark", "Values": [mark[:8] + "*"]}])["Vpcs"]] == [vpc]
    assert [one["VpcId"] for one in ec2.describe_vpcs(Filters=[{"Name": "tag:mark", "Values": ["?" * 31]}])["Vpcs"]] == []
    tags = ec2.describe_tags(Filters=[{"Name": "value", "Values": [mark]}])["Tags"]
    assert {(tag["ResourceId"], tag["ResourceType"]) for tag in tags} == {(vpc, "vpc"), (subnet, "subnet")}
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "mark", "Value": "another"}])  # not that value: it stays
    ec2.delete_tags(Resources=[subnet], Tags=[{"Key": "mark"}])
    assert [tag["ResourceId"] for tag in ec2.describe_tags(Filters=[{"Name": "value", "Values": [mark]}])["Tags"]] == [vpc]
    with refused("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use"):
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "aws:x", "Value": "y"}])
    with refused("TagLimitExceeded"):
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": f"k{i}", "Value": ""} for i in range(51)])
    with refused("InvalidParameterValue", "'subnet' is not a valid taggable resource type for this operation."):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "subnet", "Tags": [{"Key": "a", "Value": "b"}]}])


def test_pages(ec2, vpc):
    wanted = {ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24")["Subnet"]["SubnetId"] for i in range(12)}
    pages = list(ec2.get_paginator("describe_subnets").paginate(Filters=in_vpc(vpc), PaginationConfig={"PageSize": 5}))
    assert [len(page["Subnets"]) for page in pages] == [5, 5, 2]
    assert {subnet["SubnetId"] for page in pages for subnet in page["Subnets"]} == wanted
    with refused("InvalidNextToken"):
        ec2.describe_subnets(NextToken="!")


# --- tools ---

@pytest.mark.parametrize("program", ["/usr/bin/aws", str(Path(sys.executable).parent / "aws")], ids=["debian", "current"])
def test_the_command_line(daemon, program, tmp_path, vpc):
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}

    def run(*arguments):
        done = subprocess.run([program, "--endpoint-url", daemon.url, "ec2", *arguments], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None
    group = run("create-security-group", "--group-name", f"cli-{uuid.uuid4().hex[:8]}", "--description", "made by hand", "--vpc-id", vpc)["GroupId"]
    if program == "/usr/bin/aws":  # a process of Python per call
        assert run("describe-security-groups", "--group-ids", group)["SecurityGroups"][0]["VpcId"] == vpc
    else:
        rules = run("authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "22", "--cidr", "203.0.113.0/24")
        assert rules["SecurityGroupRules"][0]["CidrIpv4"] == "203.0.113.0/24"
