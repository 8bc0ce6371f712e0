"""A daemon in a machine of the test's own (network_world.World), and functions there that run what a test sends them."""
import json
import subprocess

from daemon import BIN, Daemon
from packages import make_zip

ROLE = "arn:aws:iam::000000000000:role/test"
# Runs what a test sends it.
TOOL = '''
import errno, socket, time

def say(host, port, family=0, patience=20):
    started = time.monotonic()
    try:
        with socket.create_connection((host, port), patience) as connection:
            connection.sendall(b"hello")
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(1000):
                answer += piece
            return answer.decode()
    except socket.gaierror as error:
        return "no name"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))

def drain(host, port):
    started, received = time.monotonic(), 0
    with socket.create_connection((host, port)) as connection:
        while piece := connection.recv(65536):
            received += len(piece)
    return received, time.monotonic() - started

def query(server, name):
    """The A record that a name server has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(20)
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        asker.sendto(b"\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + labels + b"\\0\\0\\1\\0\\1", (server, 53))
        return socket.inet_ntoa(asker.recv(512)[-4:])

def handler(event, context):
    return eval(event["ask"])
'''


class Machine:
    """A daemon in the world's machine, and one function there."""

    def __init__(self, world, *arguments, data_dir=None, **settings):
        self.world = world
        self.daemon = Daemon("--function-name-server", world.resolver, *arguments, data_dir=data_dir, **settings)

    def __enter__(self):
        with self.world.machine.inside():
            self.daemon.start()
            self.client = self.daemon.client("lambda")
        self.make("tool")
        return self

    def make(self, name, **settings):
        with self.world.machine.inside():
            self.client.create_function(FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="index.handler", Timeout=60, MemorySize=1769,
                                        Code={"ZipFile": make_zip({"index.py": TOOL})}, **settings)
            self.client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})

    def __exit__(self, *error):
        with self.world.machine.inside():
            self.daemon.__exit__(*error)

    def ask(self, expression, name="tool"):
        with self.world.machine.inside():
            answer = self.client.invoke(FunctionName=name, Payload=json.dumps({"ask": expression}))
        payload = answer["Payload"].read()
        assert "FunctionError" not in answer, payload
        return json.loads(payload)

    def say(self, host, port, **arguments):
        return self.ask("say(%r, %r, **%r)" % (host, port, arguments))

    def get(self, target):
        with self.world.machine.inside():
            return self.daemon.send("GET", target)

    def vpc(self, *arguments):
        """What mayfly vpc … says."""
        with self.world.machine.inside():
            done = subprocess.run([BIN / "mayfly", "vpc", *arguments, "--endpoint", self.daemon.url], capture_output=True, text=True)
        assert done.returncode == 0, done
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    def explain(self, host, port, name="tool"):
        answer = self.get("/_mayfly/network?function=%s&host=%s&port=%d" % (name, host, port))
        assert answer.status == 200, str(answer)
        return answer.json["connections"]

    def refused(self, name="tool"):
        """The figure of a function."""
        text = self.get("/_mayfly/metrics").body.decode()
        return sum(float(line.split()[-1]) for line in text.splitlines()
                   if line.startswith("aws_lambda_connections_refused_sum") and 'function_name="%s"' % name in line)

    def link(self):
        return self.daemon.link()
