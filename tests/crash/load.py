"""Clients that change functions and remember what they were promised.

A change is acknowledged when the daemon has answered 2xx. A change whose answer never came may have happened wholly or not at all:
both are right, anything between is not.
"""

import base64
import hashlib
import json
import random
import threading
from collections import namedtuple

from botocore.exceptions import BotoCoreError, ClientError

from packages import FULL_CPU_MIB, make_zip
from watched_daemon import ROLE

FUNCTIONS_PER_WORKER = 4
WAITER = {"Delay": 0.02, "MaxAttempts": 500}

# What a function is: the number in its code, the number in its configuration.
State = namedtuple("State", "code setting")


def package_of(code):
    return make_zip({"function.py": "import os\ndef handler(event, context):\n    return [%d, int(os.environ['SETTING'])]\n" % code})


def sha256_of(code):
    return hashlib.sha256(package_of(code)).digest()


def configuration(setting):
    return {"Description": "setting %d" % setting, "Environment": {"Variables": {"SETTING": str(setting)}}, "Timeout": 3 + setting % 800}


class Promise(object):
    """One function: what the daemon has acknowledged, and what it was asked for without having answered."""

    def __init__(self, name):
        self.name = name
        self.acknowledged = None  # None: it does not exist
        self.asked = None
        self.has_asked = False

    def outcomes(self):
        """The states that are right after a crash."""
        return {self.acknowledged, self.asked} if self.has_asked else {self.acknowledged}


class Worker(threading.Thread):
    """Changes its own functions until the daemon is gone. `failure` tells what should not have happened."""

    def __init__(self, client, promises, seed):
        super().__init__()
        self.client = client
        self.promises = promises
        self.random = random.Random(seed)
        self.failure = None
        self.acknowledged = 0

    def run(self):
        try:
            while True:
                self.step(self.random.choice(self.promises))
        except BotoCoreError:
            pass  # the connection broke: the daemon has been killed
        except ClientError as error:
            # The jail's death fails requests before the daemon ends: these are not promises either.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                self.failure = error
        except AssertionError as error:
            self.failure = error

    def step(self, promise):
        if promise.acknowledged is None:
            return self.create(promise)
        action = self.random.choices([self.invoke, self.update_code, self.update_configuration, self.delete], [4, 3, 3, 1])[0]
        action(promise)

    def change(self, promise, state, call, **parameters):
        promise.asked, promise.has_asked = state, True
        call(FunctionName=promise.name, **parameters)
        promise.acknowledged, promise.asked, promise.has_asked = state, None, False
        self.acknowledged += 1

    def wait(self, promise, what):
        self.client.get_waiter(what).wait(FunctionName=promise.name, WaiterConfig=WAITER)

    def create(self, promise):
        state = State(self.random.randrange(1 << 30), self.random.randrange(1 << 30))
        self.change(promise, state, self.client.create_function, Runtime="python3.11", Role=ROLE, Handler="function.handler",
                    Code={"ZipFile": package_of(state.code)}, MemorySize=FULL_CPU_MIB, **configuration(state.setting))
        self.wait(promise, "function_active_v2")

    def update_code(self, promise):
        state = promise.acknowledged._replace(code=self.random.randrange(1 << 30))
        self.change(promise, state, self.client.update_function_code, ZipFile=package_of(state.code))
        self.wait(promise, "function_updated_v2")

    def update_configuration(self, promise):
        state = promise.acknowledged._replace(setting=self.random.randrange(1 << 30))
        self.change(promise, state, self.client.update_function_configuration, **configuration(state.setting))
        self.wait(promise, "function_updated_v2")

    def delete(self, promise):
        self.change(promise, None, self.client.delete_function)

    def invoke(self, promise):
        answer = self.client.invoke(FunctionName=promise.name, Payload=b"{}")
        payload = json.loads(answer["Payload"].read())
        # When the jail dies first, the function ends as killed; the daemon follows.
        if "FunctionError" not in answer:
            assert payload == list(promise.acknowledged), (promise.name, payload, promise.acknowledged)


def observe(client, promise):
    """The state that the daemon shows for a function, taken from everything that tells about it; None when it does not exist."""
    try:
        shown = client.get_function(FunctionName=promise.name)["Configuration"]
    except client.exceptions.ResourceNotFoundException:
        listed = [one["FunctionName"] for page in client.get_paginator("list_functions").paginate() for one in page["Functions"]]
        assert promise.name not in listed, "%s is listed and not there" % promise.name
        return None
    client.get_waiter("function_active_v2").wait(FunctionName=promise.name, WaiterConfig=WAITER)
    client.get_waiter("function_updated_v2").wait(FunctionName=promise.name, WaiterConfig=WAITER)
    answer = client.invoke(FunctionName=promise.name, Payload=b"{}")
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, (promise.name, payload)
    state = State(*payload)
    assert shown["CodeSha256"] == base64.b64encode(sha256_of(state.code)).decode(), "code and CodeSha256 differ"
    assert shown["CodeSize"] == len(package_of(state.code))
    assert shown["Environment"]["Variables"] == {"SETTING": str(state.setting)}, "what runs is not what is shown"
    assert (shown["Description"], shown["Timeout"]) == (configuration(state.setting)["Description"], configuration(state.setting)["Timeout"])
    return state


def make_promises(workers):
    return [[Promise("crash-%d-%d" % (worker, number)) for number in range(FUNCTIONS_PER_WORKER)] for worker in range(workers)]
