"""If these fail, functions come into VPCs that are not there, or their interfaces outlive them, or are gone before them."""
import pytest
from botocore.exceptions import ClientError

from daemon import Daemon

MISSING = "subnet-0123456789abcdef0"


@pytest.fixture
def ec2(daemon):
    return daemon.client("ec2")


@pytest.fixture
def net(ec2):
    """A VPC with two subnets and two groups, which must be free again after the test."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24")["Subnet"]["SubnetId"] for i in range(2)]
    groups = [ec2.create_security_group(GroupName=f"g{i}", Description="g", VpcId=vpc)["GroupId"] for i in range(2)]
    yield {"vpc": vpc, "subnets": subnets, "groups": groups}
    for group in groups:
        ec2.delete_security_group(GroupId=group)
    for subnet in subnets:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def config(net, subnets=2, groups=1):
    return {"SubnetIds": net["subnets"][:subnets], "SecurityGroupIds": net["groups"][:groups]}


def interfaces(ec2, net):
    return ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [net["vpc"]]}])["NetworkInterfaces"]


def test_a_function_in_a_vpc(aws, ec2, net, functions):
    name = functions(VpcConfig=config(net))
    shown = aws.get_function_configuration(FunctionName=name)["VpcConfig"]
    assert shown == {**config(net), "VpcId": net["vpc"], "Ipv6AllowedForDualStack": False}
    listed = [one for one in aws.get_paginator("list_functions").paginate().build_full_result()["Functions"] if one["FunctionName"] == name]
    assert listed[0]["VpcConfig"]["VpcId"] == net["vpc"]
    made = interfaces(ec2, net)
    assert {one["SubnetId"] for one in made} == set(net["subnets"])
    for one in made:
        assert one["Description"].startswith(f"AWS Lambda VPC ENI-{name}-") and one["InterfaceType"] == "lambda"
        assert one["RequesterManaged"] and one["Status"] == "in-use" and [group["GroupId"] for group in one["Groups"]] == net["groups"][:1]
    with pytest.raises(ClientError, match=f"resource {net['groups'][0]} has a dependent object") as refused:
        ec2.delete_security_group(GroupId=net["groups"][0])
    assert refused.value.response["Error"]["Code"] == "DependencyViolation"
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_subnet(SubnetId=net["subnets"][0])
    with pytest.raises(ClientError, match="is currently in use"):
        ec2.delete_network_interface(NetworkInterfaceId=made[0]["NetworkInterfaceId"])
    aws.delete_function(FunctionName=name)
    assert not interfaces(ec2, net)


def test_functions_with_the_same_groups_share_interfaces(aws, ec2, net, functions):
    first = functions(VpcConfig=config(net, subnets=1), wait=False)
    second = functions(VpcConfig=config(net, subnets=1), wait=False)
    third = functions(VpcConfig=config(net, subnets=1, groups=2), wait=False)
    assert len(interfaces(ec2, net)) == 2
    aws.delete_function(FunctionName=first)
    assert len(interfaces(ec2, net)) == 2
    aws.delete_function(FunctionName=third)
    assert len(interfaces(ec2, net)) == 1
    aws.delete_function(FunctionName=second)
    assert not interfaces(ec2, net)


def test_a_change_brings_other_interfaces(aws, ec2, net, functions):
    name = functions(VpcConfig=config(net, subnets=1))
    before = interfaces(ec2, net)
    aws.update_function_configuration(FunctionName=name, VpcConfig=config(net, groups=2))
    aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    after = interfaces(ec2, net)
    assert len(after) == 2 and not {one["NetworkInterfaceId"] for one in before} & {one["NetworkInterfaceId"] for one in after}
    assert all(len(one["Groups"]) == 2 for one in after)
    answer = aws.update_function_configuration(FunctionName=name, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})
    assert answer["VpcConfig"] == {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": False}
    assert not interfaces(ec2, net)


def test_a_version_keeps_its_interfaces(aws, ec2, net, functions):
    name = functions(VpcConfig=config(net, subnets=1))
    version = aws.publish_version(FunctionName=name)["Version"]
    aws.update_function_configuration(FunctionName=name, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})
    assert len(interfaces(ec2, net)) == 1
    assert aws.get_function_configuration(FunctionName=name, Qualifier=version)["VpcConfig"]["VpcId"] == net["vpc"]
    aws.delete_function(FunctionName=name, Qualifier=version)
    assert not interfaces(ec2, net)


def test_dual_stack(aws, ec2, net, functions):
    dual = {**config(net, subnets=1), "Ipv6AllowedForDualStack": True}
    assert "has no IPv6 CIDR block" in refusal(aws, functions, dual)
    block = ec2.associate_vpc_cidr_block(VpcId=net["vpc"], AmazonProvidedIpv6CidrBlock=True)["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"]
    ec2.associate_subnet_cidr_block(SubnetId=net["subnets"][0], Ipv6CidrBlock=block.replace("/56", "/64"))
    name = functions(VpcConfig=dual)
    assert aws.get_function_configuration(FunctionName=name)["VpcConfig"]["Ipv6AllowedForDualStack"]
    assert [len(one["Ipv6Addresses"]) for one in interfaces(ec2, net)] == [1]
    aws.update_function_configuration(FunctionName=name, VpcConfig=config(net, subnets=1))
    assert [len(one["Ipv6Addresses"]) for one in interfaces(ec2, net)] == [0]
    aws.delete_function(FunctionName=name)


def refusal(aws, functions, vpc_config):
    with pytest.raises(ClientError) as refused:
        functions(VpcConfig=vpc_config)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    return refused.value.response["Error"]["Message"]


def test_what_is_no_vpc(aws, ec2, net, functions):
    assert refusal(aws, functions, {"SubnetIds": [MISSING], "SecurityGroupIds": net["groups"][:1]}) == (
        f"Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID '{MISSING}' does not exist")
    assert refusal(aws, functions, {"SubnetIds": net["subnets"], "SecurityGroupIds": ["sg-0123456789abcdef0"]}) == (
        "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: The security group 'sg-0123456789abcdef0' does not exist")
    assert refusal(aws, functions, {"SubnetIds": net["subnets"], "SecurityGroupIds": []}) == "SubnetIds and SecurityIds must coexist or be both empty list."
    default = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][0]["SubnetId"]
    assert refusal(aws, functions, {"SubnetIds": [net["subnets"][0], default], "SecurityGroupIds": net["groups"]}) == "Subnets must belong to the same VPC."
    assert refusal(aws, functions, {"SubnetIds": [default], "SecurityGroupIds": net["groups"][:1]}) == "Security Groups and subnets must belong to the same VPC."
    assert not interfaces(ec2, net)


def test_interfaces_survive_a_restart_with_their_functions(functions):
    with Daemon() as daemon:
        ec2, aws = daemon.client("ec2"), daemon.client("lambda")
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        mine = [{"Name": "vpc-id", "Values": [vpc]}]
        chosen = {"SubnetIds": [ec2.describe_subnets(Filters=mine)["Subnets"][0]["SubnetId"]],
                  "SecurityGroupIds": [ec2.describe_security_groups(Filters=mine)["SecurityGroups"][0]["GroupId"]]}
        functions_there = type(functions)(aws)
        name = functions_there(VpcConfig=chosen)
        before = ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
        assert len(before) == 1
        daemon.stop()
        daemon.start()
        ec2, aws = daemon.client("ec2"), daemon.client("lambda")
        assert ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"] == before
        assert aws.get_function_configuration(FunctionName=name)["VpcConfig"]["VpcId"] == vpc
        assert ec2.describe_vpcs()["Vpcs"][0]["VpcId"] == vpc
        aws.delete_function(FunctionName=name)
        assert not ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
