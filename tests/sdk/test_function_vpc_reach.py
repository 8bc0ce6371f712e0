"""Functions in VPCs reach what groups, ACLs, routes and endpoints let them, and nothing else of the world around the machine."""
import contextlib
import json

import pytest

from network_machine import Machine
from network_world import INTERNET, OFFICE, PUBLIC, World, tell_peer

REFUSED = {"ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH"}
SECOND = "10.77.0.3"


@pytest.fixture(scope="module")
def world():
    with World() as made:
        made.office.run("address add %s/24 dev machine" % SECOND)
        yield made


@pytest.fixture(scope="module")
def machine(world):
    with Machine(world) as running:
        yield running


def answering(word):
    def answer(connection, peer):
        with connection:
            connection.recv(1000)
            connection.sendall(word)
    return answer


class Network:
    """A VPC with a private and a public subnet, and a function in the private one."""

    def __init__(self, machine, name, cidr="10.0"):
        self.machine, self.name = machine, name
        with machine.world.machine.inside():
            self.ec2 = machine.daemon.client("ec2")
        self.vpc = self.call("create_vpc", CidrBlock=cidr + ".0.0/16")["Vpc"]["VpcId"]
        self.subnet = self.call("create_subnet", VpcId=self.vpc, CidrBlock=cidr + ".1.0/24")["Subnet"]["SubnetId"]
        self.public = self.call("create_subnet", VpcId=self.vpc, CidrBlock=cidr + ".2.0/24")["Subnet"]["SubnetId"]
        [self.main_table] = [one["RouteTableId"] for one in self.call("describe_route_tables", Filters=self.mine())["RouteTables"]]
        self.group = self.make_group("functions")
        self.make(name)

    def call(self, operation, **parameters):
        with self.machine.world.machine.inside():
            return getattr(self.ec2, operation)(**parameters)

    def mine(self):
        return [{"Name": "vpc-id", "Values": [self.vpc]}]

    def make_group(self, name):
        return self.call("create_security_group", GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]

    def make(self, name, groups=None):
        self.machine.make(name, VpcConfig={"SubnetIds": [self.subnet], "SecurityGroupIds": groups or [self.group]})

    def allow(self, group, port, source=None, block=None, action="authorize_security_group_ingress"):
        permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        permission.update({"UserIdGroupPairs": [{"GroupId": source}]} if source else {"IpRanges": [{"CidrIp": block}]})
        self.call(action, GroupId=group, IpPermissions=[permission])

    def attach(self, address, to, groups, place=None):
        return self.machine.vpc("attach", place or self.vpc, "--address", address, "--to", to, "--groups", ",".join(groups), "--json")

    def say(self, host, port, name=None, **arguments):
        return self.machine.ask("say(%r, %r, **%r)" % (host, port, arguments), name or self.name)

    def why(self, host, port, name=None):
        [told] = self.machine.explain(host, port, name or self.name)
        return told["passes"], told["rule"]

    def lead_out(self):
        """A NAT gateway in the public subnet, and the ways there and out."""
        gateway = self.call("create_internet_gateway")["InternetGateway"]["InternetGatewayId"]
        self.call("attach_internet_gateway", InternetGatewayId=gateway, VpcId=self.vpc)
        table = self.call("create_route_table", VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.call("associate_route_table", RouteTableId=table, SubnetId=self.public)
        self.call("create_route", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        address = self.call("allocate_address", Domain="vpc")["AllocationId"]
        nat = self.call("create_nat_gateway", SubnetId=self.public, AllocationId=address)["NatGateway"]["NatGatewayId"]
        self.call("create_route", RouteTableId=self.main_table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)


@pytest.fixture(scope="module")
def net(machine):
    return Network(machine, "private")


@pytest.fixture(scope="module")
def second(world):
    return world.office.listen(SECOND, 0, answering(b"the second"))


def test_without_a_way_out_nothing_of_the_world(net, world, machine):
    """A function in a VPC without a NAT gateway reaches the internet, the office or the machine."""
    service = world.machine.listen("127.0.0.1", 0, tell_peer)
    for host, port in ((INTERNET, world.web), (OFFICE, world.database), ("169.254.100.4", service), ("169.254.169.254", 80), (PUBLIC, service)):
        assert net.say(host, port) in REFUSED, host
        passes, rule = net.why(host, port)
        assert not passes and rule, (host, rule)
    assert "rtb-" in net.why(INTERNET, world.web)[1]
    assert net.say("api.example.com", world.web) in REFUSED
    assert net.say("host.mayfly.internal", service) == "no name"
    assert machine.say(INTERNET, world.web) == PUBLIC + " hello", "a function without a VPC"
    before = machine.refused("private")
    assert net.say(INTERNET, world.web) in REFUSED
    assert machine.refused("private") == before + 1


def test_a_nat_gateway_leads_out(machine, world):
    """A function in a VPC with a NAT gateway does not reach the internet, or by it the office; or does not as soon as the route is there."""
    net = Network(machine, "natted", "10.1")
    assert net.say(INTERNET, world.web) in REFUSED
    net.lead_out()
    assert net.say(INTERNET, world.web) == PUBLIC + " hello"
    assert "NAT" in net.why(INTERNET, world.web)[1] and net.why(INTERNET, world.web)[0]
    assert net.say(OFFICE, world.database) in REFUSED and not net.why(OFFICE, world.database)[0]
    assert net.say("169.254.169.254", 80) in REFUSED
    net.call("delete_route", RouteTableId=net.main_table, DestinationCidrBlock="0.0.0.0/0")
    assert net.say(INTERNET, world.web) in REFUSED


def test_a_database_of_the_right_group(net, world):
    """An attached database is not reached by the function that its group lets in, or is by another one, or on another port."""
    group = net.make_group("database")
    attached = net.attach("10.0.1.10", "%s:%d" % (OFFICE, world.database), [group])
    assert attached["address"] == "10.0.1.10" and attached["subnet"] == net.subnet and attached["groups"] == [group]
    [shown] = net.call("describe_network_interfaces", NetworkInterfaceIds=[attached["interface"]])["NetworkInterfaces"]
    assert shown["PrivateIpAddress"] == "10.0.1.10" and shown["Status"] == "in-use" and [one["GroupId"] for one in shown["Groups"]] == [group]
    assert net.say("10.0.1.10", 5432) in REFUSED, "no rule lets anybody in"
    assert group in net.why("10.0.1.10", 5432)[1]
    net.allow(group, 5432, source=net.group)
    assert net.say("10.0.1.10", 5432).endswith(" hello")
    passes, rule = net.why("10.0.1.10", 5432)
    assert passes and "sgr-" in rule and OFFICE in rule
    assert net.say("10.0.1.10", 5433) in REFUSED
    others = net.make_group("others")
    net.make("stranger", [others])
    assert net.say("10.0.1.10", 5432, "stranger") in REFUSED
    net.allow(group, 5432, block="10.0.1.0/24")
    assert net.say("10.0.1.10", 5432, "stranger").endswith(" hello")
    net.allow(group, 5432, block="10.0.1.0/24", action="revoke_security_group_ingress")
    assert net.say("10.0.1.10", 5432, "stranger") in REFUSED, "the group changed while the environment lived"
    assert net.say("10.0.1.10", 5432).endswith(" hello")
    net.machine.vpc("detach", attached["interface"])
    assert net.say("10.0.1.10", 5432) in REFUSED
    assert not net.call("describe_network_interfaces", Filters=[{"Name": "addresses.private-ip-address", "Values": ["10.0.1.10"]}])["NetworkInterfaces"]


def test_network_acls(net, world, second):
    """A network ACL that refuses a connection, or its answer, is passed by."""
    group = net.make_group("behind-acl")
    subnet = net.call("create_subnet", VpcId=net.vpc, CidrBlock="10.0.3.0/24")["Subnet"]["SubnetId"]
    net.allow(group, 5432, block="0.0.0.0/0")
    net.attach("10.0.3.10", "%s:%d" % (SECOND, second), [group])
    assert net.say("10.0.3.10", 5432) == "the second"
    acl = net.call("create_network_acl", VpcId=net.vpc)["NetworkAcl"]["NetworkAclId"]
    [association] = [one["NetworkAclAssociationId"] for table in net.call("describe_network_acls", Filters=net.mine())["NetworkAcls"]
                     for one in table["Associations"] if one["SubnetId"] == subnet]
    net.call("replace_network_acl_association", AssociationId=association, NetworkAclId=acl)
    assert net.say("10.0.3.10", 5432) in REFUSED
    assert acl in net.why("10.0.3.10", 5432)[1] and "inbound" in net.why("10.0.3.10", 5432)[1]
    net.call("create_network_acl_entry", NetworkAclId=acl, RuleNumber=100, Protocol="6", RuleAction="allow", Egress=False, CidrBlock="10.0.1.0/24",
             PortRange={"From": 5432, "To": 5432})
    assert net.say("10.0.3.10", 5432) in REFUSED
    assert "the answer" in net.why("10.0.3.10", 5432)[1]
    net.call("create_network_acl_entry", NetworkAclId=acl, RuleNumber=100, Protocol="6", RuleAction="allow", Egress=True, CidrBlock="10.0.1.0/24",
             PortRange={"From": 1024, "To": 65535})
    assert net.say("10.0.3.10", 5432) == "the second"


def test_a_service_of_this_machine(net, world):
    """A database on the developer's own machine cannot be attached, or the daemon's own port can."""
    group = net.make_group("machine")
    port = world.machine.listen("127.0.0.1", 0, tell_peer)
    net.allow(group, port, source=net.group)
    own = int(net.machine.daemon.url.rpartition(":")[2])
    net.allow(group, own, source=net.group)
    net.attach("10.0.1.20", "localhost", [group])
    net.attach("10.0.1.21", "10.77.0.1", [group])
    assert net.say("10.0.1.20", port) == "127.0.0.1 hello"
    lan = world.machine.listen("10.77.0.1", port, answering(b"the lan"))
    assert lan == port and net.say("10.0.1.21", port) == "the lan"
    assert net.say("10.0.1.20", own) in REFUSED


def test_what_cannot_be_attached(net):
    """Functions get to metadata of the cloud, or to each other, by attaching that."""
    group = net.make_group("nothing")
    for host in ("169.254.169.254", "0.0.0.0", "224.0.0.1", "169.254.101.1"):
        with pytest.raises(AssertionError, match="is never reached"):
            net.attach("10.0.1.30", host, [group])
    with pytest.raises(AssertionError, match="No subnet of"):
        net.attach("10.9.1.30", OFFICE, [group])


def test_an_established_connection_stays(net, world):
    """A change of a group cuts connections that were allowed when they began."""
    group = net.make_group("changing")
    held = []

    def keep(connection, peer):
        held.append(connection)
        connection.sendall(b"first")
    port = world.office.listen(OFFICE, 0, keep)
    net.attach("10.0.1.40", "%s:%d" % (OFFICE, port), [group])
    net.allow(group, 99, source=net.group)
    began = "globals().__setitem__('kept', socket.create_connection(('10.0.1.40', 99), 20)) or kept.recv(5).decode()"
    assert net.machine.ask(began, net.name) == "first"
    net.allow(group, 99, source=net.group, action="revoke_security_group_ingress")
    assert net.say("10.0.1.40", 99) in REFUSED
    held[0].sendall(b"again")
    assert net.machine.ask("kept.recv(5).decode()", net.name) == "again"


def test_two_networks_with_the_same_addresses(net, machine, world, second):
    """A function reaches what is attached to another VPC, which has the same addresses."""
    twin = Network(machine, "twin")
    for network, to in ((net, "%s:%d" % (OFFICE, world.database)), (twin, "%s:%d" % (SECOND, second))):
        group = network.make_group("same")
        network.allow(group, 80, source=network.group)
        network.attach("10.0.1.50", to, [group])
    assert net.say("10.0.1.50", 80).endswith(" hello")
    assert twin.say("10.0.1.50", 80) == "the second"
    only = twin.make_group("only")
    twin.allow(only, 80, source=twin.group)
    twin.attach("10.0.1.51", "%s:%d" % (SECOND, second), [only])
    assert twin.say("10.0.1.51", 80) == "the second" and net.say("10.0.1.51", 80) in REFUSED


ASK_SERVICE = """(lambda connection: (connection.request('POST', '/', '{}', {'X-Amz-Target': 'AmazonSQS.ListQueues', 'Content-Type': 'application/x-amz-json-1.0'}),
connection.getresponse().read().decode())[1])(__import__('http.client').client.HTTPConnection('169.254.100.2', 80, timeout=60))"""


def test_endpoints_decide_about_services(machine, world):
    """A function in a VPC without a way to a service calls it, or cannot with an endpoint."""
    net = Network(machine, "caller", "10.2")
    for attribute in ("EnableDnsHostnames", "EnableDnsSupport"):
        net.call("modify_vpc_attribute", VpcId=net.vpc, **{attribute: {"Value": True}})
    ask = ASK_SERVICE.replace("\n", " ")

    def is_reached():
        return "is not reached from the function's VPC" not in machine.ask(ask, "caller")
    assert not is_reached() and not net.why("sqs.us-east-1.amazonaws.com", 443)[0]
    group = net.make_group("endpoint")
    endpoint = net.call("create_vpc_endpoint", VpcId=net.vpc, VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.sqs",
                        SubnetIds=[net.subnet], SecurityGroupIds=[group], PrivateDnsEnabled=True)["VpcEndpoint"]["VpcEndpointId"]
    assert not is_reached(), "its group lets nobody in"
    net.allow(group, 443, source=net.group)
    assert is_reached()
    passes, rule = net.why("sqs.us-east-1.amazonaws.com", 443)
    assert passes and endpoint in rule
    [shown] = net.call("describe_network_interfaces", Filters=[{"Name": "interface-type", "Values": ["vpc_endpoint"]}] + net.mine())["NetworkInterfaces"]
    assert machine.ask("socket.gethostbyname('sqs.us-east-1.amazonaws.com')", "caller") == shown["PrivateIpAddress"]
    assert not net.why("s3.us-east-1.amazonaws.com", 443)[0]
    gateway = net.call("create_vpc_endpoint", VpcId=net.vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[net.main_table])["VpcEndpoint"]["VpcEndpointId"]
    assert net.why("s3.us-east-1.amazonaws.com", 443)[0]
    net.call("delete_vpc_endpoints", VpcEndpointIds=[endpoint, gateway])
    assert not is_reached() and not net.why("s3.us-east-1.amazonaws.com", 443)[0]
    net.lead_out()
    assert is_reached() and net.why("s3.us-east-1.amazonaws.com", 443)[0]


def test_names(net, world):
    """Names of hosts in a VPC are not known there, or are where the VPC has none."""
    group = net.make_group("named")
    net.attach("10.0.1.60", "%s:%d" % (OFFICE, world.database), [group])
    net.allow(group, 5432, source=net.group)
    lookup = "(lambda name: socket.gethostbyname(name))(%r)"

    def find(name):
        return net.machine.ask("say(%r, 9, 0, 5)" % name, net.name) != "no name" and net.machine.ask(lookup % name, net.name)
    assert not find("ip-10-0-1-60.ec2.internal"), "enableDnsHostnames is off"
    net.call("modify_vpc_attribute", VpcId=net.vpc, EnableDnsHostnames={"Value": True})
    assert find("ip-10-0-1-60.ec2.internal") == "10.0.1.60"
    assert net.say("ip-10-0-1-60.ec2.internal", 5432).endswith(" hello")
    assert not find("ip-10-0-1-61.ec2.internal")
    assert find("api.example.com") == INTERNET
    for server in ("10.0.0.2", "169.254.169.253"):
        assert net.machine.ask("query(%r, 'ip-10-0-1-60.ec2.internal')" % server, net.name) == "10.0.1.60"
    net.call("modify_vpc_attribute", VpcId=net.vpc, EnableDnsHostnames={"Value": False})
    net.call("modify_vpc_attribute", VpcId=net.vpc, EnableDnsSupport={"Value": False})
    assert not find("api.example.com")
    net.call("modify_vpc_attribute", VpcId=net.vpc, EnableDnsSupport={"Value": True})
    assert find("api.example.com") == INTERNET


def test_the_subnet_goes_with_its_function_only(net):
    """A function that left its VPC stays in it, or one that came into it stays outside."""
    net.make("moving")
    assert net.say(INTERNET, net.machine.world.web, "moving") in REFUSED
    with net.machine.world.machine.inside():
        net.machine.client.update_function_configuration(FunctionName="moving", VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})
        net.machine.client.get_waiter("function_updated_v2").wait(FunctionName="moving", WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    assert net.say(INTERNET, net.machine.world.web, "moving") == PUBLIC + " hello"
    with net.machine.world.machine.inside():
        net.machine.client.update_function_configuration(FunctionName="moving", VpcConfig={"SubnetIds": [net.subnet], "SecurityGroupIds": [net.group]})
        net.machine.client.get_waiter("function_updated_v2").wait(FunctionName="moving", WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    assert net.say(INTERNET, net.machine.world.web, "moving") in REFUSED


def test_after_kill_9_it_is_as_before(world):
    """A daemon that was killed forgets what is attached, or enforces nothing after its next start."""
    with contextlib.ExitStack() as stack:
        machine = stack.enter_context(Machine(world))
        net = Network(machine, "kept")
        group = net.make_group("database")
        net.allow(group, 5432, source=net.group)
        attached = net.attach("10.0.1.10", "%s:%d" % (OFFICE, world.database), [group])
        assert net.say("10.0.1.10", 5432).endswith(" hello")
        with world.machine.inside():
            machine.daemon.kill()
            machine.daemon.start()
            machine.client, net.ec2 = machine.daemon.client("lambda"), machine.daemon.client("ec2")
        assert machine.vpc("list", "--json")["attached"] == [attached]
        assert net.say("10.0.1.10", 5432).endswith(" hello")
        assert net.say("10.0.1.10", 5433) in REFUSED and net.say(INTERNET, world.web) in REFUSED
        assert machine.say(INTERNET, world.web) == PUBLIC + " hello"


def test_no_network_means_none(world):
    """--function-network none is not none for a function in a VPC, or such a function does not run."""
    with Machine(world, "--function-network", "none") as machine:
        net = Network(machine, "alone")
        net.lead_out()
        assert net.say(INTERNET, world.web) in REFUSED
        assert not net.why(INTERNET, world.web)[0]
