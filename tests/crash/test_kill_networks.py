"""If this fails, a daemon that is killed loses a network that it had accepted, or keeps half of one: a subnet without its VPC, a group twice."""
import json
import os
import random
import shutil
import tempfile
import threading
import time
from http.client import HTTPException
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from watched_daemon import WatchedDaemon
from packages import make_zip
from slices import rounds

ROUNDS = rounds(2, 12)
WRITERS = 3
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))
GONE = (BotoCoreError, OSError)
CODE = make_zip("def handler(event, context): pass\n")


class Writer:
    """Makes subnets and rules in a VPC of its own, and remembers what was answered."""

    def __init__(self, number):
        self.number = number
        self.vpc = None
        self.subnets, self.asked_subnets = {}, set()  # id → block
        self.ports, self.asked_ports = set(), set()
        self.group = None

    def write(self, client):
        try:
            self.make(client)
        except GONE:
            pass

    def make(self, client):
        if not self.vpc:
            self.vpc = client.create_vpc(CidrBlock=f"10.{self.number}.0.0/16")["Vpc"]["VpcId"]
        if not self.group:
            self.group = client.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["SecurityGroups"][0]["GroupId"]
        while len(self.asked_subnets) < 200:
            block = f"10.{self.number}.{len(self.asked_subnets)}.0/24"
            self.asked_subnets.add(block)
            self.subnets[client.create_subnet(VpcId=self.vpc, CidrBlock=block)["Subnet"]["SubnetId"]] = block
            if len(self.asked_ports) < 50:
                port = 1000 + len(self.asked_ports)
                self.asked_ports.add(port)
                client.authorize_security_group_ingress(GroupId=self.group, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp="0.0.0.0/0")
                self.ports.add(port)

    def check(self, client):
        if not self.vpc:
            return
        mine = [{"Name": "vpc-id", "Values": [self.vpc]}]
        subnets = {one["SubnetId"]: one["CidrBlock"] for one in client.describe_subnets(Filters=mine)["Subnets"]}
        assert self.subnets.items() <= subnets.items(), f"seed {SEED}: subnets are lost"
        assert set(subnets.values()) <= self.asked_subnets and len(set(subnets.values())) == len(subnets), f"seed {SEED}: {subnets}"
        acl = client.describe_network_acls(Filters=mine)["NetworkAcls"][0]
        assert {one["SubnetId"] for one in acl["Associations"]} == set(subnets), f"seed {SEED}: a subnet without its ACL, or the other way round"
        if self.group:
            permissions = client.describe_security_groups(GroupIds=[self.group])["SecurityGroups"][0]["IpPermissions"]
            ports = [one["FromPort"] for one in permissions if one["IpProtocol"] == "tcp"]
            assert self.ports <= set(ports) <= self.asked_ports and len(set(ports)) == len(ports), f"seed {SEED}: {ports}"


class Attacher:
    """Attaches resources to a VPC of its own and detaches some: what was answered is so after the next start."""

    def __init__(self):
        self.subnet = None
        self.attached, self.asked, self.count = {}, {}, 0  # address → where it is; likewise, while nobody knows

    def write(self, daemon):
        ec2 = daemon.client("ec2", read_timeout=20)
        try:
            if not self.subnet:
                vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
                self.subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.0.0/22")["Subnet"]["SubnetId"]
            while self.count < 500:
                self.count += 1
                address, to = f"10.99.{self.count // 200}.{10 + self.count % 200}", f"172.17.0.{self.count % 250 + 1}"
                self.asked = {address: to}
                shown = self.ask(daemon, "POST", json.dumps({"in": self.subnet, "address": address, "to": to}).encode())
                self.attached[address] = to
                if self.count % 3 == 0:
                    self.asked = {address: None}
                    self.ask(daemon, "DELETE", query="?interface=" + shown["interface"])
                    del self.attached[address]
                self.asked = {}
        except (*GONE, HTTPException, ClientError):
            pass

    def ask(self, daemon, method, body=b"", query=""):
        answer = daemon.send(method, "/_mayfly/vpc" + query, body=body)
        assert answer.status == 200, str(answer)
        return answer.json

    def check(self, daemon):
        found = {one["address"]: one["to"] for one in self.ask(daemon, "GET")["attached"]}
        for address in self.asked:  # asked for when the daemon ended: it is either way
            if address in found:
                self.attached[address] = found[address]
            else:
                self.attached.pop(address, None)
        assert found == self.attached, f"seed {SEED}: attached"
        mine = [{"Name": "subnet-id", "Values": [self.subnet or ""]}]
        interfaces = daemon.client("ec2").describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
        assert {one["PrivateIpAddress"] for one in interfaces} == set(found), f"seed {SEED}: interfaces of what is attached"


class FunctionWriter:
    """Makes and deletes functions in the default VPC: there is an interface for them exactly as long as there is one of them."""

    def __init__(self):
        self.count = 0

    def write(self, daemon):
        aws, ec2 = daemon.client("lambda", read_timeout=20), daemon.client("ec2", read_timeout=20)
        try:
            config = {"SubnetIds": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
                      "SecurityGroupIds": [ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"][0]["GroupId"]]}
            while True:
                name = f"in-vpc-{self.count % 3}"
                self.count += 1
                try:
                    aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role="arn:aws:iam::000000000000:role/r",
                                        Code={"ZipFile": CODE}, VpcConfig=config)
                except aws.exceptions.ResourceConflictException:
                    aws.delete_function(FunctionName=name)
        except (*GONE, ClientError):
            pass

    def check(self, daemon):
        functions = [one for one in daemon.client("lambda").list_functions()["Functions"] if one["FunctionName"].startswith("in-vpc-")]
        wanted = {(one["VpcConfig"]["SubnetIds"][0], one["VpcConfig"]["SecurityGroupIds"][0]) for one in functions}

        def found():
            interfaces = daemon.client("ec2").describe_network_interfaces(Filters=[{"Name": "interface-type", "Values": ["lambda"]}])["NetworkInterfaces"]
            return sorted((one["SubnetId"], one["Groups"][0]["GroupId"]) for one in interfaces)
        deadline = time.monotonic() + 60  # what was left over goes soon after a start
        while found() != sorted(wanted):
            assert time.monotonic() < deadline, f"seed {SEED}: interfaces {found()}, functions {wanted}"
            time.sleep(0.05)


def check_whole(client, writers):
    """Nothing refers to what is not there, and every VPC has what it comes with."""
    vpcs = {one["VpcId"] for one in client.describe_vpcs()["Vpcs"]}
    assert {writer.vpc for writer in writers if writer.vpc} <= vpcs, f"seed {SEED}: a VPC is lost"
    assert {one["VpcId"] for one in client.describe_subnets()["Subnets"]} <= vpcs
    for found in (client.describe_route_tables()["RouteTables"], client.describe_security_groups()["SecurityGroups"], client.describe_network_acls()["NetworkAcls"]):
        assert sorted(one["VpcId"] for one in found) == sorted(vpcs), f"seed {SEED}"


def test_no_accepted_network_is_lost():
    folder = tempfile.mkdtemp(prefix="mayfly-crash-networks-")
    chance = random.Random(SEED)
    daemon = WatchedDaemon(data_dir=Path(folder, "data"))
    writers = [Writer(number) for number in range(WRITERS)]
    functions, attacher = FunctionWriter(), Attacher()
    try:
        for _ in range(ROUNDS):
            daemon.start()
            client = daemon.client("ec2", read_timeout=20)
            for writer in writers:
                writer.check(client)
            check_whole(client, writers)
            functions.check(daemon)
            attacher.check(daemon)
            threads = [threading.Thread(target=writer.write, args=(client,)) for writer in writers] + [
                threading.Thread(target=one.write, args=(daemon,)) for one in (functions, attacher)]
            for thread in threads:
                thread.start()
            threading.Event().wait(chance.uniform(0.2, 1.0))  # how long a life lasts
            daemon.kill()
            for thread in threads:
                thread.join(30)
        daemon.start()
        client = daemon.client("ec2")
        for writer in writers:
            writer.check(client)
        check_whole(client, writers)
        functions.check(daemon)
        attacher.check(daemon)
        daemon.stop()
    finally:
        shutil.rmtree(folder)
    assert sum(len(writer.subnets) for writer in writers) > ROUNDS, "the load was none"
