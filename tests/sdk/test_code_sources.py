"""If these fail, packages in buckets cannot be deployed, tell the wrong error, or come from where they must not."""
import hashlib
import json
import os
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import ROLE, Functions
from daemon import Daemon, sha256_base64
from packages import make_zip
from test_errors import refused
from test_lifecycle import FAST

KMS = "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012"


def says(word):
    return make_zip(f"def handler(event, context):\n    return '{word}'\n")


def get_object_error(code, message):
    return f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"


NO_KEY = get_object_error("NoSuchKey", "The specified key does not exist.")
NO_BUCKET = get_object_error("NoSuchBucket", "The specified bucket does not exist")
NO_VERSION = get_object_error("NoSuchVersion", "The specified version does not exist.")
DENIED = get_object_error("AccessDenied", "Access Denied")


@pytest.fixture(scope="module")
def buckets(daemon):
    folder = daemon.data_dir / "buckets" / "code-bucket"
    (folder / "deep").mkdir(parents=True)
    (folder / "one.zip").write_bytes(says("one"))
    (folder / "deep" / "two.zip").write_bytes(says("two"))
    (folder / "no.zip").write_bytes(b"no zip")
    return folder


def create(aws, name, code, **settings):
    return aws.create_function(FunctionName=name, **{"Runtime": "python3.11", "Handler": "index.handler", "Role": ROLE, "Code": code, **settings})


def from_bucket(key, **more):
    return {"S3Bucket": "code-bucket", "S3Key": key, **more}


def invoke(aws, name):
    for waiter in ("function_active_v2", "function_updated_v2"):
        aws.get_waiter(waiter).wait(FunctionName=name, WaiterConfig=FAST)
    answer = aws.invoke(FunctionName=name)
    return json.loads(answer["Payload"].read())


@pytest.fixture
def made(aws, name):
    """A function's name that is deleted after the test, if the test made the function."""
    yield name
    functions = Functions(aws)
    functions.names.append(name)
    functions.delete_all()


def test_code_comes_from_a_bucket(aws, buckets, made):
    answer = create(aws, made, from_bucket("one.zip"))
    assert answer["CodeSha256"] == sha256_base64(says("one")) and answer["CodeSize"] == len(says("one"))
    assert invoke(aws, made) == "one"
    answer = aws.update_function_code(FunctionName=made, S3Bucket="code-bucket", S3Key="deep/two.zip")
    assert answer["CodeSha256"] == sha256_base64(says("two"))
    assert invoke(aws, made) == "two"
    code = aws.get_function(FunctionName=made)["Code"]
    assert "ResolvedS3Object" not in code and "SourceKMSKeyArn" not in code
    assert urllib.request.urlopen(code["Location"]).read() == says("two")


@pytest.mark.parametrize("code, message", [
    (from_bucket("missing.zip"), NO_KEY), (from_bucket("deep"), NO_KEY), (from_bucket("../code-bucket/one.zip"), NO_KEY), (from_bucket("/one.zip"), NO_KEY),
    ({"S3Bucket": "no-such-bucket", "S3Key": "one.zip"}, NO_BUCKET), (from_bucket("one.zip", S3ObjectVersion="v1"), NO_VERSION),
    (from_bucket("link.zip"), DENIED), (from_bucket("no.zip"), "Could not unzip uploaded file. Please check your file, then try to upload again."),
    ({"S3Bucket": "code-bucket"}, "Please provide a source for function code."), ({}, "Please provide a source for function code."),
    ({"ZipFile": says("x"), **from_bucket("one.zip")}, "Please do not provide other FunctionCode parameters when providing a ZipFile."),
    ({"ZipFile": says("x"), "S3ObjectStorageMode": "REFERENCE"}, "Please do not provide other FunctionCode parameters when providing a ZipFile."),
])
def test_what_cannot_be_taken(aws, buckets, name, functions, code, message):
    link = buckets / "link.zip"
    if not link.is_symlink():
        os.symlink("/etc/passwd", link)
    refused(lambda: create(aws, name, code), 400, "InvalidParameterValueException", message)
    existing = functions()
    before = aws.get_function_configuration(FunctionName=existing)["CodeSha256"]
    refused(lambda: aws.update_function_code(FunctionName=existing, **code), 400, "InvalidParameterValueException", message)
    assert aws.get_function_configuration(FunctionName=existing)["CodeSha256"] == before


def test_references_name_the_object_and_its_version(aws, buckets, made):
    version = hashlib.sha256(says("one")).hexdigest()
    create(aws, made, from_bucket("one.zip", S3ObjectStorageMode="REFERENCE", SourceKMSKeyArn=KMS))
    code = aws.get_function(FunctionName=made)["Code"]
    assert code["ResolvedS3Object"] == {"S3Bucket": "code-bucket", "S3Key": "one.zip", "S3ObjectVersion": version}
    assert code["SourceKMSKeyArn"] == KMS
    assert invoke(aws, made) == "one"
    aws.update_function_code(FunctionName=made, **from_bucket("one.zip", S3ObjectVersion=version, S3ObjectStorageMode="REFERENCE"))
    assert invoke(aws, made) == "one"
    code = aws.get_function(FunctionName=made)["Code"]
    assert code["ResolvedS3Object"]["S3ObjectVersion"] == version and "SourceKMSKeyArn" not in code
    published = aws.publish_version(FunctionName=made)["Version"]
    aws.update_function_code(FunctionName=made, **from_bucket("deep/two.zip"))  # without the mode: a copy again
    assert invoke(aws, made) == "two"
    assert "ResolvedS3Object" not in aws.get_function(FunctionName=made)["Code"]
    assert aws.get_function(FunctionName=made, Qualifier=published)["Code"]["ResolvedS3Object"]["S3Key"] == "one.zip"


def test_a_dry_run_takes_nothing(aws, buckets, functions):
    name = functions()
    before = aws.get_function_configuration(FunctionName=name)
    answer = aws.update_function_code(FunctionName=name, DryRun=True, **from_bucket("one.zip"))
    assert answer["CodeSha256"] == sha256_base64(says("one"))
    assert aws.get_function_configuration(FunctionName=name)["CodeSha256"] == before["CodeSha256"]
    refused(lambda: aws.update_function_code(FunctionName=name, DryRun=True, **from_bucket("missing.zip")), 400, "InvalidParameterValueException", NO_KEY)


def test_images_and_packages_do_not_mix(aws, name, functions):
    uri = "oci:nothing"
    image = {"FunctionName": name, "Role": ROLE, "PackageType": "Image"}
    invalid = aws.exceptions.InvalidParameterValueException
    for settings in ({"Code": {"ZipFile": says("x")}}, {"Code": {"ImageUri": uri, "ZipFile": says("x")}}, {"Code": {}},
                     {"Code": {"ImageUri": uri}, "Runtime": "python3.11", "Handler": "a.b"}):
        with pytest.raises(invalid):
            aws.create_function(**image, **settings)
    with pytest.raises(invalid):
        create(aws, name, {"ImageUri": uri})
    refused(lambda: aws.update_function_code(FunctionName=functions(), ImageUri=uri), 400, "InvalidParameterValueException", "Please don't provide ImageUri when updating a function with packageType Zip.")


def fetch_status(url):
    try:
        return urllib.request.urlopen(url).status
    except urllib.error.HTTPError as error:
        return error.code


def test_download_links_open_one_package_only(aws, daemon, functions):
    url = aws.get_function(FunctionName=functions())["Code"]["Location"]
    assert fetch_status(url) == 200
    other_account = daemon.client(key="222222222222")
    other = Functions(other_account)
    name = other()
    other_url = other_account.get_function(FunctionName=name)["Code"]["Location"]
    parts = urllib.parse.urlsplit(other_url)
    assert parts.path.split("/")[3] == "222222222222"
    assert fetch_status(url.replace("/000000000000/", "/222222222222/")) == 403
    assert fetch_status(url.replace("X-Amz-Expires=600", "X-Amz-Expires=6000")) == 403
    assert fetch_status(urllib.parse.urlsplit(url)._replace(path=parts.path.replace("222222222222", "000000000000")[:-1] + "0").geturl()) == 403
    assert fetch_status(url.split("?")[0]) == 403
    other.delete_all()


class Objects(BaseHTTPRequestHandler):
    """As much of S3 as a deployment sees: signed GETs of one bucket."""
    objects = {("/bucket/one.zip", None): ("v1", says("one")), ("/bucket/one.zip", "v0"): ("v0", says("zero")), ("/bucket/plain.zip", None): (None, says("plain")),
               ("/bucket/with%20blank%2B.zip", None): (None, says("blank"))}
    seen = []

    def do_GET(self):
        Objects.seen.append((self.path, self.headers.get("Authorization", "")))
        path, _, query = self.path.partition("?")
        version = urllib.parse.parse_qs(query).get("versionId", [None])[0]
        if path.startswith("/elsewhere/"):
            return self.answer(301, b"", {"x-amz-bucket-region": "eu-central-1", "Location": "http://127.0.0.1:1/"})
        if not path.startswith("/bucket/"):
            return self.refuse(404, "NoSuchBucket", "The specified bucket does not exist")
        if path == "/bucket/secret.zip":
            return self.refuse(403, "AccessDenied", "Access Denied")
        if (path, version) not in self.objects:
            return self.refuse(404, *(("NoSuchVersion", "The specified version does not exist.") if version else ("NoSuchKey", "The specified key does not exist.")))
        version, body = self.objects[path, version]
        self.answer(200, body, {"x-amz-version-id": version} if version else {})

    def refuse(self, status, code, message):
        self.answer(status, f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode(), {})

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Objects)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    secret = tmp_path_factory.mktemp("secret") / "key"
    secret.write_text("secret\n")
    secret.chmod(0o600)  # root's: the daemon reads it before it becomes somebody else
    with Daemon("--s3-endpoint", f"http://127.0.0.1:{server.server_port}", "--s3-access-key-id", "AKIDEXAMPLE",
                "--s3-secret-access-key-file", str(secret)) as running:
        yield running
    server.shutdown()
    server.server_close()


def test_code_comes_from_an_endpoint(endpoint, name):
    aws = endpoint.client()
    create(aws, name, {"S3Bucket": "bucket", "S3Key": "one.zip"})
    assert invoke(aws, name) == "one"
    path, authorization = Objects.seen[-1]
    assert path == "/bucket/one.zip"
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") and "/us-east-1/s3/aws4_request" in authorization
    aws.update_function_code(FunctionName=name, S3Bucket="bucket", S3Key="one.zip", S3ObjectVersion="v0", S3ObjectStorageMode="REFERENCE")
    assert invoke(aws, name) == "zero"
    assert aws.get_function(FunctionName=name)["Code"]["ResolvedS3Object"] == {"S3Bucket": "bucket", "S3Key": "one.zip", "S3ObjectVersion": "v0"}
    aws.update_function_code(FunctionName=name, S3Bucket="bucket", S3Key="with blank+.zip")
    assert invoke(aws, name) == "blank"


@pytest.mark.parametrize("code, message", [
    ({"S3Bucket": "bucket", "S3Key": "missing"}, NO_KEY), ({"S3Bucket": "none", "S3Key": "one.zip"}, NO_BUCKET), ({"S3Bucket": "bucket", "S3Key": "secret.zip"}, DENIED),
    ({"S3Bucket": "bucket", "S3Key": "one.zip", "S3ObjectVersion": "v9"}, NO_VERSION),
    ({"S3Bucket": "elsewhere", "S3Key": "one.zip"},
     get_object_error("PermanentRedirect", "The bucket is in this region: eu-central-1. Please use this region to retry the request")),
    ({"S3Bucket": "bucket", "S3Key": "plain.zip", "S3ObjectStorageMode": "REFERENCE"},
     "S3ObjectStorageMode REFERENCE requires an Amazon S3 bucket with versioning enabled."),
])
def test_refusals_of_an_endpoint(endpoint, name, code, message):
    aws = endpoint.client()
    refused(lambda: create(aws, name, code), 400, "InvalidParameterValueException", message)
