"""Web pages and S3: CORS; where a bucket is: its Host, its region; configurations that S3 keeps and gives back."""
import json

import pytest

from daemon import Daemon
from s3_fixtures import bucket, buckets, s3  # noqa: F401
from test_sts import refused

REGION = "us-east-1"


@pytest.fixture(scope="module")
def strict():
    """Pages reach the daemon in strict mode only."""
    with Daemon(auth="strict") as daemon:
        key = next(iter(json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"]))
        daemon.s3 = daemon.client("s3", key=key["access_key_id"], secret=key["secret_access_key"], signature_version="s3v4")
        yield daemon


@pytest.fixture(scope="module")
def shop(strict):
    strict.s3.create_bucket(Bucket="shop")
    strict.s3.put_object(Bucket="shop", Key="a/b", Body=b"x")
    strict.s3.put_bucket_cors(Bucket="shop", CORSConfiguration={"CORSRules": [
        {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://*.shop.example"], "AllowedHeaders": ["x-amz-*", "Content-Type"], "ExposeHeaders": ["ETag", "x-amz-id-2"],
         "MaxAgeSeconds": 60},
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
    return "shop"


VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def preflight(daemon, path, **headers):
    return daemon.send("OPTIONS", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def cors_of(answer):
    return {name[len("access-control-"):]: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def test_a_browser_that_asks_is_told_what_the_first_fitting_rule_says(strict, shop):
    answer = preflight(strict, "/shop/a/b", Origin="https://www.shop.example", Access_Control_Request_Method="PUT",
                       Access_Control_Request_Headers="X-Amz-Date,content-type")
    assert (answer.status, answer.body, answer.headers["vary"]) == (200, b"", VARY), str(answer)
    assert cors_of(answer) == {"allow-origin": "https://www.shop.example", "allow-methods": "GET, PUT", "allow-headers": "x-amz-date, content-type",
                               "expose-headers": "ETag, x-amz-id-2", "max-age": "60", "allow-credentials": "true"}
    other = preflight(strict, "/shop", Origin="https://other.example", Access_Control_Request_Method="GET")
    assert (other.status, cors_of(other)) == (200, {"allow-origin": "*", "allow-methods": "GET"})
    virtual = preflight(strict, "/a/b", Host="shop.s3.localhost", Origin="https://www.shop.example", Access_Control_Request_Method="PUT")
    assert virtual.status == 200 and cors_of(virtual)["allow-methods"] == "GET, PUT", str(virtual)


@pytest.mark.parametrize("path, headers, status, code, text", [
    ("/shop/k", {"Origin": "https://other.example", "Access_Control_Request_Method": "PUT"}, 403, "AccessForbidden", "CORSResponse: This CORS request is not allowed."),
    ("/shop/k", {"Origin": "https://a.shop.example", "Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "x-odd"}, 403, "AccessForbidden",
     "<Method>PUT</Method><ResourceType>OBJECT</ResourceType>"),
    ("/bare", {"Origin": "https://a.example", "Access_Control_Request_Method": "GET"}, 403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket."),
    ("/shop/k", {"Access_Control_Request_Method": "GET"}, 400, "BadRequest", "Insufficient information. Origin request header needed."),
    ("/shop/k", {"Origin": "https://a.example"}, 400, "BadRequest", "Invalid Access-Control-Request-Method: null"),
])
def test_a_browser_that_may_not_is_told_so_in_the_words_of_aws(strict, shop, path, headers, status, code, text):
    answer = preflight(strict, path, **headers)
    assert answer.status == status and f"<Code>{code}</Code>".encode() in answer.body and text.encode() in answer.body, str(answer)
    assert cors_of(answer) == {}


def test_an_actual_request_says_who_may_read_its_answer(strict, shop):
    target = strict.s3.generate_presigned_url("get_object", Params={"Bucket": "shop", "Key": "a/b"})[len(strict.url):]
    got = strict.send("GET", target, headers={"Origin": "https://www.shop.example"})
    assert (got.status, got.body, got.headers["vary"]) == (200, b"x", VARY)
    assert cors_of(got)["allow-origin"] == "https://www.shop.example" and cors_of(got)["expose-headers"] == "ETag, x-amz-id-2"
    missing = strict.send("GET", strict.s3.generate_presigned_url("get_object", Params={"Bucket": "shop", "Key": "no"})[len(strict.url):],
                          headers={"Origin": "https://nowhere.example"})
    assert missing.status == 404 and cors_of(missing)["allow-origin"] == "*"
    assert cors_of(strict.send("GET", target)) == {}


def test_a_bucket_may_stand_in_the_host(daemon, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"virtual")
    for host in (f"{bucket}.localhost", f"{bucket}.localhost:4566", f"{bucket}.s3.{REGION}.localhost", f"{bucket}.s3.localhost.localstack.cloud", f"{bucket}.s3.amazonaws.com"):
        got = daemon.send("GET", "/a/b", headers={"Host": host})
        if host.endswith(".cloud") and got.status == 403:
            continue  # a host that the daemon is not called by, until --allowed-host says so
        assert (got.status, got.body) == (200, b"virtual"), f"{host}: {got}"
    assert b"<ListAllMyBucketsResult" in daemon.send("GET", "/", headers={"Host": f"s3.{REGION}.localhost"}).body
    assert b"GetCallerIdentity" in daemon.send("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", {
        "Host": f"sts.{REGION}.localhost", "Content-Type": "application/x-www-form-urlencoded"}).body


def test_who_signs_for_another_region_is_sent_to_the_buckets_own(daemon, bucket):
    other = daemon.client("s3", region="eu-west-1")
    assert other.get_bucket_location(Bucket=bucket).get("LocationConstraint") is None
    elsewhere = f"{bucket}-ireland"
    other.create_bucket(Bucket=elsewhere, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    try:
        here = daemon.client("s3")
        assert here.head_bucket(Bucket=elsewhere)["BucketRegion"] == "eu-west-1"  # boto3 follows
        here.put_object(Bucket=elsewhere, Key="k", Body=b"x")
        told = daemon.send("GET", f"/{elsewhere}/k", headers={"Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/s3/aws4_request, "
                                                                              "SignedHeaders=host, Signature=0"})
        assert (told.status, told.headers["x-amz-bucket-region"]) == (301, "eu-west-1") and told.body.endswith(b"</HostId></Error>"), str(told)
        assert b"<Code>PermanentRedirect</Code>" in told.body
        assert daemon.send("GET", f"/{elsewhere}/k").body == b"x"  # nobody in particular
        other.delete_object(Bucket=elsewhere, Key="k")
    finally:
        other.delete_bucket(Bucket=elsewhere)


def test_grants_are_kept_and_let_accounts_in(daemon, s3, buckets):
    bucket = buckets(ObjectOwnership="ObjectWriter")
    other = daemon.client("s3", key="123456789012")
    other_id = other.list_buckets()["Owner"]["ID"]
    own_id = s3.list_buckets()["Owner"]["ID"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", GrantRead=f'id="{other_id}"', GrantFullControl=f"id={own_id}")
    grants = s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]
    assert [(grant["Grantee"]["ID"], grant["Permission"]) for grant in grants] == [(own_id, "FULL_CONTROL"), (other_id, "READ")]
    everyone = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
    policy = {"Owner": {"ID": own_id}, "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": own_id}, "Permission": "FULL_CONTROL"},
                                                 {"Grantee": everyone, "Permission": "READ_ACP"}]}
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=policy)
    assert s3.get_bucket_acl(Bucket=bucket)["Grants"] == policy["Grants"]
    with refused("UnresolvableGrantByEmailAddress"):
        s3.put_object_acl(Bucket=bucket, Key="k", GrantRead='emailAddress="a@example.com"')
    with refused("InvalidArgument"):
        s3.put_object_acl(Bucket=bucket, Key="k", GrantRead="id=nobody")
    with refused("AccessControlListNotSupported"):
        s3.put_object(Bucket=buckets(), Key="k", Body=b"", GrantRead=f"id={own_id}")


CONFIGURATIONS = [
    ("analytics", "AnalyticsConfiguration", {"Id": "a", "Filter": {"And": {"Prefix": "p", "Tags": [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": "w"}]}},
                                             "StorageClassAnalysis": {"DataExport": {"OutputSchemaVersion": "V_1", "Destination": {
                                                 "S3BucketDestination": {"Format": "CSV", "Bucket": "arn:aws:s3:::to", "Prefix": "x"}}}}}),
    ("intelligent_tiering", "IntelligentTieringConfiguration", {"Id": "a", "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}),
    ("inventory", "InventoryConfiguration", {"Id": "a", "IsEnabled": True, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"}, "OptionalFields": ["Size", "ETag"],
                                             "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::to", "Format": "CSV", "Encryption": {"SSES3": {}}}}}),
    ("metrics", "MetricsConfiguration", {"Id": "a", "Filter": {"Tag": {"Key": "k", "Value": "v"}}}),
]


@pytest.mark.parametrize("kind, member, configuration", CONFIGURATIONS)
def test_configurations_come_back_as_they_were_put(s3, bucket, kind, member, configuration):
    def call(verb, end="", **settings):
        return getattr(s3, f"{verb}_bucket_{kind}_configuration{end}")(Bucket=bucket, **settings)
    assert member + "List" not in call("list", "s")
    with refused("NoSuchConfiguration", 404):
        call("get", Id="a")
    call("put", Id="a", **{member: configuration})
    assert call("get", Id="a")[member] == configuration
    call("put", Id="b", **{member: {**configuration, "Id": "b"}})
    listed = call("list", "s")
    assert [one["Id"] for one in listed[member + "List"]] == ["a", "b"] and listed["IsTruncated"] is False
    with refused("InvalidArgument", 400):
        call("put", Id="c", **{member: configuration})
    call("delete", Id="a")
    with refused("NoSuchConfiguration", 404):
        call("delete", Id="a")
    assert [one["Id"] for one in call("list", "s")[member + "List"]] == ["b"]


def test_replication_is_checked_and_kept(s3, buckets):
    source, target = buckets(), buckets(versioning=True)
    configuration = {"Role": "arn:aws:iam::000000000000:role/r", "Rules": [
        {"ID": "one", "Priority": 1, "Filter": {"Prefix": "p/"}, "Status": "Enabled", "DeleteMarkerReplication": {"Status": "Disabled"},
         "Destination": {"Bucket": f"arn:aws:s3:::{target}", "StorageClass": "STANDARD_IA"}}]}
    with refused("InvalidRequest") as how:
        s3.put_bucket_replication(Bucket=source, ReplicationConfiguration=configuration)
    assert how.text == "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
    s3.put_bucket_versioning(Bucket=source, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(Bucket=source, ReplicationConfiguration=configuration)
    assert s3.get_bucket_replication(Bucket=source)["ReplicationConfiguration"] == configuration
    s3.delete_bucket_replication(Bucket=source)
    with refused("ReplicationConfigurationNotFoundError", 404):
        s3.get_bucket_replication(Bucket=source)
