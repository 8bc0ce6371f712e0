"""If these fail, HTTP endpoints are called with other secrets, parameters or bodies than they should be, or secrets are shown."""
import base64
import http.server
import json
import os
import queue as queues
import subprocess
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from daemon import ACCOUNT, REGION, Daemon, wait_until
from test_eventbridge import SECONDS, World, fresh, world  # noqa: F401
from test_sts import refused

ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"


class Web:
    """A server that remembers what it was asked, and answers as it is told."""

    def __init__(self):
        self.requests, self.answers = queues.Queue(), []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_any(self):
                body, headers = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(), {}
                if self.path.startswith("/token"):
                    status, answer = 200, json.dumps({"access_token": f"t{outer.tokens}", "token_type": "bearer", "expires_in": 3600})
                    outer.tokens += 1
                    outer.token_requests.append((self.command, self.path, body))
                else:
                    status, answer, *more = outer.answers.pop(0) if outer.answers else (200, "{}")
                    headers = more[0] if more else {}
                    outer.requests.put((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer.encode())
            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_):
                pass
        self.tokens, self.token_requests = 0, []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def next(self):
        return self.requests.get(timeout=SECONDS)


@pytest.fixture
def web():
    server = Web()
    yield server
    server.server.shutdown()
    server.server.server_close()


def connect(world, kind, **parameters):
    name = fresh("connection")
    made = world.events.create_connection(Name=name, AuthorizationType=kind, AuthParameters=parameters)
    wait_until(lambda: world.events.describe_connection(Name=name)["ConnectionState"] != "AUTHORIZING", SECONDS, "the authorization")
    return name, made["ConnectionArn"]


def destination(world, connection_arn, url, method="POST", **settings):
    name = fresh("destination")
    return name, world.events.create_api_destination(Name=name, ConnectionArn=connection_arn, InvocationEndpoint=url, HttpMethod=method, **settings)["ApiDestinationArn"]


def test_a_rule_calls_an_endpoint_with_what_target_and_connection_say(world, web):
    _, connection = connect(world, "API_KEY", ApiKeyAuthParameters={"ApiKeyName": "X-Key", "ApiKeyValue": "secret"}, InvocationHttpParameters={
        "HeaderParameters": [{"Key": "X-Both", "Value": "connection", "IsValueSecret": True}], "QueryStringParameters": [{"Key": "q", "Value": "c d"}],
        "BodyParameters": [{"Key": "added", "Value": "yes"}]})
    _, arn = destination(world, connection, web.url + "/a/*/b/*")
    source = fresh("app")
    world.rule({"source": [source]}, targets=[{"Id": "d", "Arn": arn, "RoleArn": ROLE, "InputPath": "$.detail", "HttpParameters": {
        "PathParameterValues": ["$.detail.id", "x/y"], "HeaderParameters": {"X-Both": "target", "X-Own": "$.source", "Host": "evil"}, "QueryStringParameters": {"p": "$.detail.n"}}}])
    world.put(source, {"id": "i 1", "n": 5})
    method, path, headers, body = web.next()
    parts = urlsplit(path)
    assert (method, parts.path, parse_qs(parts.query)) == ("POST", "/a/i%201/b/x%2Fy", {"p": ["5"], "q": ["c d"]})
    assert (headers["x-key"], headers["x-both"], headers["x-own"]) == ("secret", "connection", source)
    assert headers["user-agent"] == "Amazon/EventBridge/ApiDestinations" and headers["content-type"] == "application/json; charset=utf-8" and headers["host"] != "evil"
    assert json.loads(body) == {"id": "i 1", "n": 5, "added": "yes"}


def test_what_fails_is_tried_again_or_becomes_a_dead_letter(world, web, daemon):
    _, connection = connect(world, "BASIC", BasicAuthParameters={"Username": "u", "Password": "p"})
    _, arn = destination(world, connection, web.url)
    dead_url, dead_arn = world.queue()
    source = fresh("app")
    world.rule({"source": [source]}, targets=[{"Id": "d", "Arn": arn, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": dead_arn}}])
    web.answers = [(503, ""), (429, ""), (200, "")]
    world.put(source, {"n": 1})
    for _ in range(3):
        assert web.next()[2]["authorization"] == "Basic " + base64.b64encode(b"u:p").decode()
        daemon.advance(120)
    web.answers = [(429, "", {"Retry-After": "3"}), (200, "")]
    world.put(source, {"n": 3})
    web.next()
    begin = time.monotonic()
    daemon.advance(120)
    web.next()
    assert time.monotonic() - begin > 2, "the server was to be left alone"
    web.answers = [(400, "no")]
    world.put(source, {"n": 2})
    web.next()
    [letter] = world.receive(dead_url)
    attributes = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "ERROR_FROM_TARGET" and "answered 400" in attributes["ERROR_MESSAGE"] and attributes["TARGET_ARN"] == arn


def test_tokens_are_fetched_kept_and_renewed(world, web, daemon):
    name, connection = connect(world, "OAUTH_CLIENT_CREDENTIALS", OAuthParameters={
        "ClientParameters": {"ClientID": "id", "ClientSecret": "s3cret"}, "AuthorizationEndpoint": web.url + "/token", "HttpMethod": "POST",
        "OAuthHttpParameters": {"BodyParameters": [{"Key": "audience", "Value": "api"}]}})
    shown = world.events.describe_connection(Name=name)
    assert shown["ConnectionState"] == "AUTHORIZED" and shown["LastAuthorizedTime"] and "s3cret" not in json.dumps(shown, default=str)
    method, _, form = web.token_requests[0]
    assert (method, parse_qs(form)) == ("POST", {"grant_type": ["client_credentials"], "client_id": ["id"], "client_secret": ["s3cret"], "audience": ["api"]})
    _, arn = destination(world, connection, web.url + "/hook")
    source = fresh("app")
    world.rule({"source": [source]}, targets=[{"Id": "d", "Arn": arn, "RoleArn": ROLE}])
    web.answers = [(200, ""), (401, ""), (200, "")]
    world.put(source)
    assert web.next()[2]["authorization"] == "Bearer t0"
    world.put(source)
    assert web.next()[2]["authorization"] == "Bearer t0"
    daemon.advance(120)
    assert web.next()[2]["authorization"] == "Bearer t1"
    bad, _ = connect(world, "OAUTH_CLIENT_CREDENTIALS", OAuthParameters={
        "ClientParameters": {"ClientID": "id", "ClientSecret": "s"}, "AuthorizationEndpoint": web.url + "/elsewhere", "HttpMethod": "POST"})
    shown = world.events.describe_connection(Name=bad)
    assert shown["ConnectionState"] == "DEAUTHORIZED" and "access_token" in shown["StateReason"]


def test_connections_show_no_secrets_are_changed_and_forgotten(world):
    name, arn = connect(world, "BASIC", BasicAuthParameters={"Username": "u", "Password": "pass1"}, InvocationHttpParameters={
        "HeaderParameters": [{"Key": "a", "Value": "hidden1", "IsValueSecret": True}, {"Key": "b", "Value": "shown", "IsValueSecret": False}]})
    shown = world.events.describe_connection(Name=name)
    assert shown["AuthParameters"]["BasicAuthParameters"] == {"Username": "u"}
    assert [one.get("Value") for one in shown["AuthParameters"]["InvocationHttpParameters"]["HeaderParameters"]] == [None, "shown"]
    with refused("ResourceAlreadyExistsException") as how:
        connect_again = {"Name": name, "AuthorizationType": "BASIC", "AuthParameters": {"BasicAuthParameters": {"Username": "u", "Password": "p"}}}
        world.events.create_connection(**connect_again)
    assert how.text == f"Connection {name} already exists."
    with refused("ValidationException"):
        world.events.create_connection(Name=fresh(), AuthorizationType="API_KEY", AuthParameters={"BasicAuthParameters": {"Username": "u", "Password": "p"}})
    world.events.update_connection(Name=name, AuthorizationType="API_KEY", AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}})
    shown = world.events.describe_connection(Name=name)
    assert (shown["AuthorizationType"], shown["AuthParameters"]["ApiKeyAuthParameters"]) == ("API_KEY", {"ApiKeyName": "k"})
    there, there_arn = destination(world, arn, "https://example.com/x", InvocationRateLimitPerSecond=7)
    shown = world.events.describe_api_destination(Name=there)
    assert (shown["ApiDestinationState"], shown["InvocationRateLimitPerSecond"], shown["ConnectionArn"], shown["ApiDestinationArn"]) == ("ACTIVE", 7, arn, there_arn)
    assert world.events.deauthorize_connection(Name=name)["ConnectionState"] == "DEAUTHORIZED"
    assert world.events.describe_api_destination(Name=there)["ApiDestinationState"] == "INACTIVE"
    assert [one["Name"] for one in world.events.list_api_destinations(ConnectionArn=arn)["ApiDestinations"]] == [there]
    world.events.update_api_destination(Name=there, HttpMethod="PUT")
    world.events.delete_api_destination(Name=there)
    world.events.delete_connection(Name=name)
    with refused("ResourceNotFoundException") as how:
        world.events.describe_connection(Name=name)
    assert how.text == f"Failed to describe the connection(s). Connection '{name}' does not exist."
    with refused("ResourceNotFoundException"):
        world.events.create_api_destination(Name=fresh(), ConnectionArn=arn, InvocationEndpoint="https://example.com", HttpMethod="GET")


def test_a_pipe_asks_an_endpoint_and_sends_to_one(world, web, daemon):
    _, connection = connect(world, "API_KEY", ApiKeyAuthParameters={"ApiKeyName": "X-Key", "ApiKeyValue": "k"})
    _, ask = destination(world, connection, web.url + "/ask")
    _, tell = destination(world, connection, web.url + "/tell/*", "PUT")
    from_url, from_arn = world.queue(policy=False)
    pipes, name = daemon.client("pipes"), fresh("pipe")
    pipes.create_pipe(Name=name, Source=from_arn, Target=tell, Enrichment=ask, RoleArn=ROLE, EnrichmentParameters={"InputTemplate": '{"n": <$.body.n>}'},
                      TargetParameters={"InputTemplate": '{"got": <$.more>}', "HttpParameters": {"PathParameterValues": ["$.more"]}})
    try:
        web.answers = [(200, '{"more": "two"}'), (200, "")]
        world.sqs.send_message(QueueUrl=from_url, MessageBody='{"n": 1}')
        assert web.next()[0::3] == ("POST", '{"n": 1}')
        method, path, headers, body = web.next()
        assert (method, path, headers["x-key"], json.loads(body)) == ("PUT", "/tell/two", "k", {"got": "two"})
        wait_until(lambda: world.is_empty(from_url), SECONDS, "the message to be deleted")
    finally:
        pipes.delete_pipe(Name=name)


def test_the_command_line(world, daemon):
    environment = {**os.environ, "AWS_ENDPOINT_URL": daemon.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}

    def aws(*arguments):
        done = subprocess.run([sys.executable, "-m", "awscli", "events", *arguments, "--output", "json"], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout or "{}")
    name = fresh("cli")
    parameters = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}
    connection = aws("create-connection", "--name", name, "--authorization-type", "BASIC", "--auth-parameters", json.dumps(parameters))["ConnectionArn"]
    endpoint = {"Name": name, "ConnectionArn": connection, "InvocationEndpoint": "https://example.com/*", "HttpMethod": "POST"}
    aws("create-api-destination", "--cli-input-json", json.dumps(endpoint))  # what looks like a URL the CLI fetches
    assert aws("describe-api-destination", "--name", name)["ApiDestinationState"] == "ACTIVE"
    assert name in [one["Name"] for one in aws("list-connections", "--name-prefix", name)["Connections"]]
    aws("delete-api-destination", "--name", name)
    aws("delete-connection", "--name", name)


def test_connections_outlive_the_daemon_in_a_file_of_its_own(web):
    with Daemon() as daemon:
        world = World(daemon)
        _, connection = connect(world, "API_KEY", ApiKeyAuthParameters={"ApiKeyName": "X-Key", "ApiKeyValue": "kept-secret"})
        _, arn = destination(world, connection, web.url)
        world.rule({"source": ["app"]}, targets=[{"Id": "d", "Arn": arn, "RoleArn": ROLE}])
        daemon.kill()
        daemon.start()
        World(daemon).put("app")
        assert web.next()[2]["x-key"] == "kept-secret"
        readable = [path for path in daemon.data_dir.rglob("*.db*") if path.stat().st_mode & 0o077 and daemon.data_dir.stat().st_mode & 0o077]
        assert not readable, f"others can read {readable}"


def test_another_accounts_connection_and_bus_are_not_there(world, daemon):
    """Who knows an ARN sends another account's secrets to a server of his own, or archives and replays another account's events."""
    _, connection = connect(world, "API_KEY", ApiKeyAuthParameters={"ApiKeyName": "X-Key", "ApiKeyValue": "secret"})
    archive = fresh("archive")
    bus = world.events.describe_event_bus()["Arn"]
    made = world.events.create_archive(ArchiveName=archive, EventSourceArn=bus)["ArchiveArn"]
    other = daemon.client("events", key="111122223333")
    with refused("ResourceNotFoundException", 400):
        other.create_api_destination(Name=fresh("destination"), ConnectionArn=connection, InvocationEndpoint="https://example.com/", HttpMethod="POST")
    with refused("ValidationException", 400):
        other.create_archive(ArchiveName=archive, EventSourceArn=bus)
    with refused("ValidationException", 400) as how:
        other.start_replay(ReplayName="r", EventSourceArn=made, EventStartTime=0, EventEndTime=1, Destination={"Arn": bus})
    assert how.text == f"Parameter EventSourceArn is not valid. Reason: Archive {archive} does not exist."
    world.events.delete_archive(ArchiveName=archive)
