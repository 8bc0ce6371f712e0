"""If these fail, clients are told to be somebody else by STS, or get temporary credentials that do not work, or that do more than they may."""
import base64
import datetime
import http.server
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import botocore
import pytest
from botocore.exceptions import ClientError

from daemon import ACCOUNT, REGION, Daemon

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/teams/deploy"
OTHER = "444455556666"


@pytest.fixture(scope="module")
def strict():
    with Daemon(auth="strict") as daemon:
        key = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
        daemon.root = (key["access_key_id"], key["secret_access_key"])
        yield daemon


@pytest.fixture
def sts(daemon):
    return daemon.client("sts")


def credentials_of(answer):
    given = answer["Credentials"]
    return {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}


def refused(code, status=400):
    class Refused:
        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            assert isinstance(error, ClientError), f"nothing was refused, but {code} was to come: {error!r}"
            self.text = error.response["Error"]["Message"]
            assert error.response["Error"]["Code"] == code, error.response
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status, error.response
            return True
    return Refused()


def test_who_am_i(sts, daemon):
    assert {key: value for key, value in sts.get_caller_identity().items() if key != "ResponseMetadata"} == {
        "UserId": ACCOUNT, "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}
    other = daemon.client("sts", key=OTHER).get_caller_identity()
    assert (other["Account"], other["Arn"]) == (OTHER, f"arn:aws:iam::{OTHER}:root")


def test_an_unsigned_call_reaches_sts(daemon):
    answer = daemon.send("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", {"Content-Type": "application/x-www-form-urlencoded", "Host": "sts.us-east-1.amazonaws.com"})
    assert answer.status == 200 and b"<GetCallerIdentityResult>" in answer.body, str(answer)
    assert b'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"' in answer.body


def test_assume_role(sts, daemon):
    before = datetime.datetime.now(datetime.timezone.utc)
    answer = sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName="me@example", DurationSeconds=900)
    user = answer["AssumedRoleUser"]
    assert user["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/me@example"
    assert user["AssumedRoleId"].startswith("AROA") and user["AssumedRoleId"].endswith(":me@example")
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    valid = answer["Credentials"]["Expiration"] - before
    assert datetime.timedelta(seconds=890) < valid < datetime.timedelta(seconds=910)
    assert answer["SessionTokenSize"] == len(answer["Credentials"]["SessionToken"])
    identity = daemon.client("sts", **credentials_of(answer)).get_caller_identity()
    assert (identity["Arn"], identity["UserId"], identity["Account"]) == (user["Arn"], user["AssumedRoleId"], ACCOUNT)


def test_assumed_credentials_pass_strict_mode(strict, name):
    root = strict.client("sts", *strict.root)
    account = root.get_caller_identity()["Account"]
    answer = root.assume_role(RoleArn=f"arn:aws:iam::{account}:role/deploy", RoleSessionName="ci")
    given = credentials_of(answer)
    identity = strict.client("sts", **given).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/deploy/ci"
    assert strict.client("lambda", **given).list_functions()["Functions"] == []
    with refused("SignatureDoesNotMatch", 403):
        strict.client("sts", **{**given, "secret": "wrong"}).get_caller_identity()
    with refused("InvalidClientTokenId", 403):
        strict.client("sts", **{**given, "token": given["token"][:-8] + "AAAAAAA="}).get_caller_identity()
    with refused("InvalidClientTokenId", 403):
        strict.client("sts", given["key"], given["secret"]).get_caller_identity()


def test_strict_mode_gives_nobody_a_role_of_another_account(strict):
    root = strict.client("sts", *strict.root)
    role = f"arn:aws:iam::{OTHER}:role/admin"
    with refused("AccessDenied", 403) as how:
        root.assume_role(RoleArn=role, RoleSessionName="me")
    assert how.text == f"User: {root.get_caller_identity()['Arn']} is not authorized to perform: sts:AssumeRole on resource: {role}"


def test_a_session_policy_has_to_be_one(strict):
    root = strict.client("sts", *strict.root)
    account = root.get_caller_identity()["Account"]
    role = f"arn:aws:iam::{account}:role/deploy"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    assert 0 < root.assume_role(RoleArn=role, RoleSessionName="me", Policy=policy)["PackedPolicySize"] <= 100
    with refused("MalformedPolicyDocument"):
        root.assume_role(RoleArn=role, RoleSessionName="me", Policy="{}")
    with refused("ValidationError"):
        root.assume_role(RoleArn=role, RoleSessionName="me", PolicyArns=[{"arn": f"arn:aws:iam::{account}:policy/none"}])


def test_what_does_not_fit_into_a_token_is_refused(sts):
    tags = [{"Key": f"k{number}", "Value": "".join(random.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=256))} for number in range(50)]
    with refused("PackedPolicyTooLarge"):
        sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName="me", Tags=tags)


def make_role(daemon, name, principal, condition=None, **more):
    statement = {"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}
    if condition:
        statement["Condition"] = condition
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return daemon.client("iam", *daemon.root).create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)["Role"]


def make_user(daemon, name):
    """A user who may do everything, by IAM; its STS, and its ARN."""
    iam = daemon.client("iam", *daemon.root)
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return daemon.client("sts", key["AccessKeyId"], key["SecretAccessKey"]), arn


def test_a_role_lets_in_whom_it_trusts(strict, name):
    user, arn = make_user(strict, name)
    other, _ = make_user(strict, name + "-other")
    role = make_role(strict, name, {"AWS": arn}, {"StringEquals": {"sts:ExternalId": "secret"}}, MaxSessionDuration=3600)
    answer = user.assume_role(RoleArn=role["Arn"], RoleSessionName="me", ExternalId="secret")
    assert answer["AssumedRoleUser"]["AssumedRoleId"] == f"{role['RoleId']}:me"
    assert strict.client("sts", **credentials_of(answer)).get_caller_identity()["UserId"] == f"{role['RoleId']}:me"
    for client, arguments in ((user, {}), (user, {"ExternalId": "wrong"}), (other, {"ExternalId": "secret"})):
        with refused("AccessDenied", 403) as how:
            client.assume_role(RoleArn=role["Arn"], RoleSessionName="me", **arguments)
        assert how.text == f"User: {client.get_caller_identity()['Arn']} is not authorized to perform: sts:AssumeRole on resource: {role['Arn']}"
    with refused("ValidationError") as how:
        user.assume_role(RoleArn=role["Arn"], RoleSessionName="me", ExternalId="secret", DurationSeconds=3601)
    assert how.text == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    assert strict.client("iam", *strict.root).get_role(RoleName=name)["Role"]["RoleLastUsed"]["Region"] == REGION


def test_a_role_of_another_account_lets_in_whom_it_trusts(strict, name):
    user, arn = make_user(strict, name)
    role = make_role(strict, name, {"Service": "lambda.amazonaws.com"})
    with refused("AccessDenied", 403):
        user.assume_role(RoleArn=role["Arn"], RoleSessionName="me")
    with refused("AccessDenied", 403):
        user.assume_role(RoleArn=role["Arn"].replace(f"role/{name}", f"role/other/{name}"), RoleSessionName="me")


def test_tags_go_on_to_the_next_role_where_they_are_transitive(strict, name):
    user, arn = make_user(strict, name)
    first = make_role(strict, name, {"AWS": arn})
    second = make_role(strict, name + "-2", {"AWS": first["Arn"]}, {"StringEquals": {"aws:RequestTag/team": "blue"}})
    for transitive in (["team"], []):
        given = user.assume_role(RoleArn=first["Arn"], RoleSessionName="me", Tags=[{"Key": "team", "Value": "blue"}], TransitiveTagKeys=transitive, SourceIdentity="somebody")
        chained = strict.client("sts", **credentials_of(given))
        if transitive:
            assert chained.assume_role(RoleArn=second["Arn"], RoleSessionName="again")["SourceIdentity"] == "somebody"
            with refused("AccessDenied", 403):
                chained.assume_role(RoleArn=second["Arn"], RoleSessionName="again", SourceIdentity="another")
        else:
            with refused("AccessDenied", 403):
                chained.assume_role(RoleArn=second["Arn"], RoleSessionName="again")


def test_users_are_known_by_their_ids(strict, name):
    user, arn = make_user(strict, name)
    who = user.get_caller_identity()
    assert (who["Arn"], who["UserId"]) == (arn, strict.client("iam", *strict.root).get_user(UserName=name)["User"]["UserId"])
    inside = strict.client("sts", **credentials_of(user.get_session_token(DurationSeconds=900))).get_caller_identity()
    assert (inside["Arn"], inside["UserId"]) == (who["Arn"], who["UserId"])
    answer = user.get_federation_token(Name="bob", DurationSeconds=900, Tags=[{"Key": "a", "Value": "b"}],
                                       Policy=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}))
    account = who["Account"]
    assert answer["FederatedUser"] == {"FederatedUserId": f"{account}:bob", "Arn": f"arn:aws:sts::{account}:federated-user/bob"}
    bob = strict.client("sts", **credentials_of(answer))
    assert (bob.get_caller_identity()["Arn"], bob.get_caller_identity()["UserId"]) == (answer["FederatedUser"]["Arn"], f"{account}:bob")
    with refused("AccessDenied", 403):
        bob.get_federation_token(Name="eve")


# --- identity providers ---

def url_safe(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An identity provider: a key, its JWKS, and tokens that are signed with it."""

    def __init__(self, folder, kind="RS256"):
        self.kind, self.key = kind, folder / f"{kind}.pem"
        make = ["openssl", "genrsa", "-out", self.key, "2048"] if kind == "RS256" else ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key]
        subprocess.run(make, check=True, capture_output=True)
        if kind == "RS256":
            modulus = subprocess.run(["openssl", "rsa", "-in", self.key, "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout.strip().split("=")[1]
            key = {"kty": "RSA", "n": url_safe(bytes.fromhex(modulus)), "e": "AQAB"}
        else:
            point = subprocess.run(["openssl", "ec", "-in", self.key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout[-64:]
            key = {"kty": "EC", "crv": "P-256", "x": url_safe(point[:32]), "y": url_safe(point[32:])}
        self.jwks = json.dumps({"keys": [{**key, "kid": "k1", "use": "sig"}]})

    def token(self, **claims):
        text = ".".join(url_safe(json.dumps(part).encode()) for part in ({"alg": self.kind, "kid": "k1", "typ": "JWT"}, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(), check=True, capture_output=True).stdout
        if self.kind == "ES256":  # DER: 30 len 02 len r 02 len s
            size = signature[3]
            r, s = signature[4:4 + size], signature[6 + size:]
            signature = r[-32:].rjust(32, b"\0") + s[-32:].rjust(32, b"\0")
        return text + "." + url_safe(signature)


@pytest.fixture(scope="module")
def federated():
    """A strict daemon that has an issuer's keys in a file, and another issuer whose keys it has to fetch."""
    folder = Path(tempfile.mkdtemp(prefix="mayfly-test-"))  # not below pytest's own folders: those are closed to the daemon's user
    os.chmod(folder, 0o755)
    of_file, fetched = Issuer(folder), Issuer(folder, "ES256")
    (folder / "keys.json").write_text(of_file.jwks)

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            base = f"http://127.0.0.1:{self.server.server_port}"
            body = {"/.well-known/openid-configuration": json.dumps({"issuer": base, "jwks_uri": base + "/keys"}), "/keys": fetched.jwks}.get(self.path)
            self.send_response(200 if body else 404)
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    of_file.url, fetched.url = "https://id.example.com/realm", f"http://127.0.0.1:{server.server_port}"
    try:
        with Daemon("--oidc-keys", f"{of_file.url}={folder / 'keys.json'}", "--delivery-reach", "any", auth="strict") as daemon:
            key = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
            daemon.root = (key["access_key_id"], key["secret_access_key"])
            iam = daemon.client("iam", *daemon.root)
            for issuer in (of_file, fetched):
                issuer.arn = iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["app"], ThumbprintList=["0" * 40])["OpenIDConnectProviderArn"]
                issuer.name = issuer.url.split("://")[1]
                issuer.role = f"by-{issuer.kind}"
                statement = {"Effect": "Allow", "Principal": {"Federated": issuer.arn}, "Action": "sts:AssumeRoleWithWebIdentity",
                             "Condition": {"StringEquals": {f"{issuer.name}:aud": "app"}, "StringLike": {f"{issuer.name}:sub": "repo:us/*"}}}
                issuer.role_arn = iam.create_role(RoleName=issuer.role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))["Role"]["Arn"]
            daemon.issuers = {"RS256": of_file, "ES256": fetched}
            yield daemon
    finally:
        server.shutdown()
        server.server_close()
        shutil.rmtree(folder)


def unsigned(daemon):
    return daemon.client("sts", signature_version=botocore.UNSIGNED)


@pytest.mark.parametrize("kind", ["RS256", "ES256"])
def test_a_token_of_an_identity_provider_stands_for_a_role(federated, kind):
    issuer = federated.issuers[kind]
    now = int(time.time())
    good = {"iss": issuer.url, "sub": "repo:us/app", "aud": "app", "exp": now + 600, "iat": now}
    sts = unsigned(federated)

    def assume(token, **more):
        return sts.assume_role_with_web_identity(RoleArn=issuer.role_arn, RoleSessionName="ci", WebIdentityToken=token, **more)

    answer = assume(issuer.token(**good))
    assert (answer["SubjectFromWebIdentityToken"], answer["Audience"], answer["Provider"]) == ("repo:us/app", "app", issuer.arn)
    who = federated.client("sts", **credentials_of(answer)).get_caller_identity()
    assert who["Arn"] == answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{who['Account']}:assumed-role/{issuer.role}/ci"
    with refused("AccessDenied", 403) as how:
        assume(issuer.token(**{**good, "sub": "repo:them/app"}))
    assert how.text == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    with refused("InvalidIdentityToken") as how:
        assume(issuer.token(**{**good, "aud": "another"}))
    assert how.text == "Incorrect token audience"
    with refused("ExpiredTokenException"):
        assume(issuer.token(**{**good, "exp": now - 1}))
    with refused("InvalidIdentityToken"):
        assume(issuer.token(**{**good, "iss": "https://elsewhere.example.com"}))
    token = issuer.token(**good)
    changed = token.split(".")
    changed[1] = url_safe(json.dumps({**good, "sub": "repo:us/other"}).encode())
    with refused("InvalidIdentityToken"):
        assume(".".join(changed))
    none = url_safe(json.dumps({"alg": "none"}).encode()) + "." + token.split(".")[1] + "."
    with refused("InvalidIdentityToken"):
        assume(none)


def test_who_is_nobody_may_do_nothing_else(federated):
    with refused("MissingAuthenticationToken", 403):
        unsigned(federated).get_caller_identity()


def test_a_role_of_another_account_in_open_mode(sts, daemon):
    answer = sts.assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/admin", RoleSessionName="me")
    assert daemon.client("sts", **credentials_of(answer)).get_caller_identity()["Account"] == OTHER


def test_role_chaining_lasts_an_hour_at_most(sts, daemon):
    chained = daemon.client("sts", **credentials_of(sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName="me")))
    assert chained.assume_role(RoleArn=ROLE_ARN, RoleSessionName="again", DurationSeconds=3600)["AssumedRoleUser"]
    with refused("ValidationError") as how:
        chained.assume_role(RoleArn=ROLE_ARN, RoleSessionName="again", DurationSeconds=3601)
    assert how.text == "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"


@pytest.mark.parametrize("change, text", [
    ({"RoleArn": "arn:aws:iam::12:role/deploy"}, "arn:aws:iam::12:role/deploy is invalid"),
    ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:user/deploy"}, "is invalid"),
    ({"DurationSeconds": 899}, "Member must have value greater than or equal to 900"),
    ({"RoleSessionName": "no spaces"}, r"Member must satisfy regular expression pattern: [\w+=,.@-]*"),
    ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]},
     "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
    ({"TransitiveTagKeys": ["team"]}, "The specified transitive tag key must be included in the requested tags."),
])
def test_what_assume_role_refuses(daemon, change, text):
    with refused("ValidationError") as how:
        daemon.client("sts", parameter_validation=False).assume_role(**{"RoleArn": ROLE_ARN, "RoleSessionName": "me", **change})
    assert text in how.text


def test_tags_and_source_identity(sts):
    answer = sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName="me", Tags=[{"Key": "team", "Value": "blue"}], TransitiveTagKeys=["team"],
                             SourceIdentity="somebody")
    assert answer["SourceIdentity"] == "somebody"


def test_get_session_token(strict):
    root = strict.client("sts", *strict.root)
    answer = root.get_session_token()
    inside = strict.client("sts", **credentials_of(answer))
    assert inside.get_caller_identity()["Arn"] == root.get_caller_identity()["Arn"]
    with refused("AccessDenied", 403) as how:
        inside.get_session_token()
    assert how.text == "Cannot call GetSessionToken with session credentials"


def test_get_access_key_info(strict):
    root = strict.client("sts", *strict.root)
    account = root.get_caller_identity()["Account"]
    assert root.get_access_key_info(AccessKeyId=strict.root[0])["Account"] == account
    given = credentials_of(root.get_session_token())
    assert strict.client("sts", **given).get_access_key_info(AccessKeyId=given["key"])["Account"] == account
    with refused("ValidationError"):
        root.get_access_key_info(AccessKeyId="AKIAUNKNOWNUNKNOWN00")


def test_a_function_is_its_role(functions, daemon, aws):
    name = functions("import boto3\ndef handler(event, context):\n    answer = boto3.client('sts').get_caller_identity()\n"
                     "    return {key: answer[key] for key in ('Account', 'Arn', 'UserId')}\n", Timeout=30)
    answer = json.loads(aws.invoke(FunctionName=name)["Payload"].read())
    assert answer["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/test/{name}", answer
    assert answer["Account"] == ACCOUNT and answer["UserId"].startswith("AROA") and answer["UserId"].endswith(f":{name}")


def test_a_message_that_was_not_encoded_here(sts):
    with refused("InvalidAuthorizationMessageException"):
        sts.decode_authorization_message(EncodedMessage="x")


@pytest.mark.parametrize("program", ["/usr/bin/aws", str(Path(sys.executable).parent / "aws")])
def test_the_command_line(daemon, program, tmp_path):
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}
    done = subprocess.run([program, "--endpoint-url", daemon.url, "sts", "get-caller-identity"], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"UserId": ACCOUNT, "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}
