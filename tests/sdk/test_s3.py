"""If these fail, an unmodified SDK cannot keep objects in Mayfly as in Amazon S3: buckets, objects, listings, conditions, checksums."""
import base64
import hashlib
import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from daemon import ACCOUNT, REGION, Daemon
from s3_fixtures import MIB, body_of, bucket, buckets, s3  # noqa: F401
from test_sts import refused

NAMESPACE = b'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def status_of(error):
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"]


# --- buckets -----------------------------------------------------------------------------------------------------------


def test_buckets_live(s3, daemon, bucket):
    assert bucket in [one["Name"] for one in s3.list_buckets()["Buckets"]]
    head = s3.head_bucket(Bucket=bucket)
    assert head["BucketRegion"] == REGION
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    s3.create_bucket(Bucket=bucket)  # in us-east-1 that is no error
    with refused("BucketAlreadyExists", 409):
        daemon.client("s3", key="111122223333").create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    with refused("NoSuchBucket", 404):
        s3.put_object(Bucket=bucket, Key="k")
    with pytest.raises(ClientError) as gone:
        s3.head_bucket(Bucket=bucket)
    assert status_of(gone) == 404


def test_regions_and_names(daemon, s3):
    ireland = daemon.client("s3", region="eu-west-1")
    name = f"ireland-{os.getpid()}"
    with refused("IllegalLocationConstraintException"):
        ireland.create_bucket(Bucket=name)
    ireland.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    try:
        assert ireland.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
        with refused("BucketAlreadyOwnedByYou", 409):
            ireland.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    finally:
        ireland.delete_bucket(Bucket=name)
    with refused("InvalidBucketName"):
        s3.create_bucket(Bucket="192.168.0.1")


# --- objects -----------------------------------------------------------------------------------------------------------


def test_put_and_get(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="a/b c+ü.txt", Body=b"hello", ContentType="text/plain", Metadata={"Who": "me"}, CacheControl="no-cache",
                        Tagging="a=1&b=2")
    assert put["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert put["ServerSideEncryption"] == "AES256"
    got = s3.get_object(Bucket=bucket, Key="a/b c+ü.txt")
    assert got["Body"].read() == b"hello"
    assert (got["ContentType"], got["CacheControl"], got["Metadata"], got["TagCount"], got["AcceptRanges"]) == ("text/plain", "no-cache", {"who": "me"}, 2, "bytes")
    head = s3.head_object(Bucket=bucket, Key="a/b c+ü.txt")
    assert (head["ContentLength"], head["ETag"], head["Metadata"]) == (5, put["ETag"], {"who": "me"})
    assert "VersionId" not in put and "VersionId" not in got
    s3.put_object(Bucket=bucket, Key="plain", Body=b"")
    assert s3.head_object(Bucket=bucket, Key="plain")["ContentType"] == "binary/octet-stream"
    assert body_of(s3, bucket, "plain") == b""


@pytest.mark.parametrize("key", ["/leading", "trailing/", "a//b", "a/./b", "a/../b", "%41", "x?y#z&w=v", "日本語", "'\"<>"])
def test_any_key(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert body_of(s3, bucket, key) == key.encode()
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)


def test_a_large_object_is_a_file(s3, bucket):
    body = os.urandom(3 * MIB + 17)
    s3.put_object(Bucket=bucket, Key="large", Body=body)
    assert body_of(s3, bucket, "large") == body
    for asked, offset, size in (("bytes=0-0", 0, 1), (f"bytes={MIB}-{2 * MIB}", MIB, MIB + 1), ("bytes=-17", 3 * MIB, 17), (f"bytes={3 * MIB}-", 3 * MIB, 17)):
        part = s3.get_object(Bucket=bucket, Key="large", Range=asked)
        assert part["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert part["ContentRange"] == f"bytes {offset}-{offset + size - 1}/{len(body)}"
        assert part["Body"].read() == body[offset:offset + size]
    with refused("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key="large", Range=f"bytes={len(body)}-")
    assert s3.get_object(Bucket=bucket, Key="large", Range="bytes=1-2,4-5")["ContentLength"] == len(body)
    assert s3.get_object(Bucket=bucket, Key="large", Range=f"bytes=1-{2 ** 63}")["ContentLength"] == len(body) - 1
    with refused("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key="large", Range=f"bytes={2 ** 64}-")
    for read, code in ((s3.get_object, "InvalidArgument"), (s3.head_object, "400")):
        for number in (0, 10_001):
            with refused(code, 400):
                read(Bucket=bucket, Key="large", PartNumber=number)


def test_too_much_is_refused(s3, bucket):
    with refused("KeyTooLongError"):
        s3.put_object(Bucket=bucket, Key="k" * 1025)
    with refused("MetadataTooLarge"):
        s3.put_object(Bucket=bucket, Key="k", Metadata={"a": "b" * 2048})
    with refused("BadRequest"):
        s3.put_object(Bucket=bucket, Key="k", Tagging="&".join(f"k{i}=v" for i in range(11)))
    with refused("NotImplemented", 501):
        s3.put_object(Bucket=bucket, Key="k", SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)


def test_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch='"x"')
    with refused("NoSuchKey", 404):
        s3.put_object(Bucket=bucket, Key="other", Body=b"2", IfMatch=etag)
    with pytest.raises(ClientError) as unchanged:
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=etag)
    assert status_of(unchanged) == 304
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    with pytest.raises(ClientError) as unchanged:
        s3.head_object(Bucket=bucket, Key="k", IfModifiedSince=modified)
    assert status_of(unchanged) == 304
    with refused("PreconditionFailed", 412):
        s3.get_object(Bucket=bucket, Key="k", IfUnmodifiedSince=modified - timedelta(days=1))
    assert body_of(s3, bucket, "k", IfMatch=etag, IfUnmodifiedSince=modified - timedelta(days=1)) == b"1"
    with refused("PreconditionFailed", 412):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch='"x"')
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag)


# --- checksums ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm, value", [("CRC32", "y/Q5Jg=="), ("CRC32C", "4waSgw=="), ("CRC64NVME", "rosUhgp5mIg="), ("SHA1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
                                              ("SHA256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=")])
def test_checksums(s3, bucket, algorithm, value):
    name = "Checksum" + algorithm
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"123456789", **{name: value})
    assert (put[name], put["ChecksumType"]) == (value, "FULL_OBJECT")
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got[name] == value and got["Body"].read() == b"123456789"
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert listed["ChecksumAlgorithm"] == [algorithm]
    with refused("BadDigest"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"other", **{name: value})
    with refused("InvalidRequest"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"other", **{name: "no"})
    assert body_of(s3, bucket, "k") == b"123456789"


def test_a_body_that_is_not_what_its_md5_says(s3, bucket):
    good = base64.b64encode(hashlib.md5(b"body").digest()).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=b"body", ContentMD5=good)
    with refused("BadDigest"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"other", ContentMD5=good)
    with refused("InvalidDigest"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"other", ContentMD5="AAAA")


def chunked(pieces, trailer=b""):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailer + b"\r\n"


def test_chunks_with_a_trailer(daemon, s3, bucket):
    headers = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": "9",
               "x-amz-trailer": "x-amz-checksum-crc32"}
    good = daemon.send("PUT", f"/{bucket}/k", chunked([b"12345", b"6789"], b"x-amz-checksum-crc32:y/Q5Jg==\r\n"), headers)
    assert good.status == 200, str(good)
    assert good.headers["x-amz-checksum-crc32"] == "y/Q5Jg=="
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["ContentLength"] == 9 and "ContentEncoding" not in head
    bad = daemon.send("PUT", f"/{bucket}/k2", chunked([b"12345", b"6780"], b"x-amz-checksum-crc32:y/Q5Jg==\r\n"), headers)
    assert bad.status == 400 and b"<Code>BadDigest</Code>" in bad.body, str(bad)
    short = daemon.send("PUT", f"/{bucket}/k3", chunked([b"12345"], b"x-amz-checksum-crc32:y/Q5Jg==\r\n"), headers)
    assert short.status == 400 and b"<Code>IncompleteBody</Code>" in short.body, str(short)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]


# --- listing -----------------------------------------------------------------------------------------------------------


def keys_of(answer):
    return [one["Key"] for one in answer.get("Contents", [])], [one["Prefix"] for one in answer.get("CommonPrefixes", [])]


def test_listings(s3, bucket):
    keys = ["a", "b/1", "b/2", "b/c/3", "d e", "f+g", "z"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)
    assert keys_of(s3.list_objects_v2(Bucket=bucket)) == (keys, [])
    assert keys_of(s3.list_objects_v2(Bucket=bucket, Delimiter="/")) == (["a", "d e", "f+g", "z"], ["b/"])
    assert keys_of(s3.list_objects_v2(Bucket=bucket, Delimiter="/", Prefix="b/")) == (["b/1", "b/2"], ["b/c/"])
    assert keys_of(s3.list_objects_v2(Bucket=bucket, StartAfter="b/2")) == (["b/c/3", "d e", "f+g", "z"], [])
    assert keys_of(s3.list_objects(Bucket=bucket, Marker="b/", Delimiter="/")) == (["d e", "f+g", "z"], [])
    first = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=2)
    assert keys_of(first) == (["a"], ["b/"]) and first["IsTruncated"] and first["KeyCount"] == 2
    second = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=2, ContinuationToken=first["NextContinuationToken"])
    assert keys_of(second) == (["d e", "f+g"], [])
    pages = list(s3.get_paginator("list_objects").paginate(Bucket=bucket, PaginationConfig={"PageSize": 3}))
    assert [len(page["Contents"]) for page in pages] == [3, 3, 1]
    none = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert keys_of(none) == ([], []) and not none["IsTruncated"]
    with refused("InvalidArgument"):
        s3.list_objects_v2(Bucket=bucket, ContinuationToken="never")


def test_listings_on_the_wire(daemon, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a b")
    answer = daemon.raw("GET", f"/{bucket}?list-type=2&encoding-type=url&delimiter=%2F", service="s3")
    assert answer.status == 200 and b"<ListBucketResult " + NAMESPACE in answer.body, str(answer)
    assert b"<Key>a+b</Key>" in answer.body and b"<EncodingType>url</EncodingType>" in answer.body and b"<Delimiter>/</Delimiter>" in answer.body
    missing = daemon.raw("GET", f"/{bucket}/none", service="s3")
    assert missing.status == 404 and missing.headers["x-amz-request-id"] and missing.headers["x-amz-id-2"], str(missing)
    assert b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>none</Key><RequestId>" in missing.body
    assert f"<HostId>{missing.headers['x-amz-id-2']}</HostId></Error>".encode() in missing.body


# --- deleting, copying -------------------------------------------------------------------------------------------------


def test_delete_many(s3, bucket):
    for i in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{i}")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"k{i}"} for i in range(4)] + [{"Key": "missing"}]})
    assert [one["Key"] for one in answer["Deleted"]] == ["k0", "k1", "k2", "k3", "missing"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket))[0] == ["k4"]
    assert "Deleted" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k4"}], "Quiet": True})


def test_copies(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from", Body=b"body" * 10000, ContentType="text/plain", Metadata={"a": "1"}, Tagging="t=1")
    copied = s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    assert copied["CopyObjectResult"]["ETag"] == s3.head_object(Bucket=bucket, Key="from")["ETag"]
    head = s3.head_object(Bucket=bucket, Key="to")
    assert (head["ContentType"], head["Metadata"], head["TagCount"]) == ("text/plain", {"a": "1"}, 1)
    with refused("InvalidRequest"):
        s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/to")
    s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/to", MetadataDirective="REPLACE", Metadata={"b": "2"})
    assert s3.head_object(Bucket=bucket, Key="to")["Metadata"] == {"b": "2"}
    with refused("PreconditionFailed", 412):
        s3.copy_object(Bucket=bucket, Key="x", CopySource=f"{bucket}/to", CopySourceIfMatch='"no"')
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket=bucket, Key="x", CopySource=f"{bucket}/none")


# --- ways to reach it --------------------------------------------------------------------------------------------------


def test_virtual_hosts(daemon, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"virtual")
    for host in (f"{bucket}.s3.localhost", f"{bucket}.s3.us-east-1.amazonaws.com:4566"):
        got = daemon.send("GET", "/a/b", headers={"Host": host})
        assert (got.status, got.body) == (200, b"virtual"), str(got)
    put = daemon.send("PUT", "/c", b"x", headers={"Host": f"{bucket}.s3.localhost"})
    assert put.status == 200, str(put)
    assert body_of(s3, bucket, "c") == b"x"
    assert b"<Name>" + bucket.encode() in daemon.send("GET", "/?list-type=2", headers={"Host": f"{bucket}.s3.localhost"}).body
    assert b"<ListAllMyBucketsResult" in daemon.send("GET", "/", headers={"Host": "s3.localhost"}).body


def test_the_command_line(daemon, bucket, tmp_path):
    environment = {**os.environ, "AWS_ENDPOINT_URL": daemon.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}

    def aws(*arguments):
        command = [str(sys.executable), "-m", "awscli", "s3", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    folder = tmp_path / "from"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "b.bin").write_bytes(os.urandom(9 * MIB))  # in parts
    aws("sync", str(folder), f"s3://{bucket}/p")
    aws("cp", "--recursive", f"s3://{bucket}/p", str(tmp_path / "to"))
    assert (tmp_path / "to/sub/b.bin").read_bytes() == (folder / "sub/b.bin").read_bytes()


# --- life --------------------------------------------------------------------------------------------------------------


def test_strict_mode_and_restarts():
    """Signatures are checked, presigned ones, too, and what was stored is there after a kill."""
    with Daemon(auth="strict") as daemon:
        keys = next(iter(json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"]))
        s3 = daemon.client("s3", key=keys["access_key_id"], secret=keys["secret_access_key"], signature_version="s3v4")
        s3.create_bucket(Bucket="strict")
        body = os.urandom(100_000)
        s3.put_object(Bucket="strict", Key="a//b c", Body=body)
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "strict", "Key": "a//b c"})
        got = daemon.send("GET", url[len(daemon.url):])
        assert (got.status, got.body) == (200, body), str(got)[:500]
        put = daemon.send("PUT", s3.generate_presigned_url("put_object", Params={"Bucket": "strict", "Key": "new"})[len(daemon.url):], b"presigned")
        assert put.status == 200, str(put)
        forged = daemon.send("GET", url[len(daemon.url):].replace("Signature=", "Signature=0"))
        assert forged.status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in forged.body, str(forged)
        nobody = daemon.send("GET", "/strict/new")
        assert nobody.status == 403 and b"<Code>AccessDenied</Code>" in nobody.body, str(nobody)
        with refused("InvalidAccessKeyId", 403):
            daemon.client("s3", key="AKIANOBODYNOBODYNOBO").list_buckets()
        daemon.kill()
        daemon.start()
        s3 = daemon.client("s3", key=keys["access_key_id"], secret=keys["secret_access_key"], signature_version="s3v4")
        assert body_of(s3, "strict", "a//b c") == body
        assert body_of(s3, "strict", "new") == b"presigned"


# --- forms -------------------------------------------------------------------------------------------------------------


def form_of(fields, body):
    parts = [f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    parts.append(b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n' + body + b"\r\n--B--\r\n")
    return b"".join(parts)


def post(daemon, bucket, fields, body, **headers):
    return daemon.send("POST", f"/{bucket}", form_of(fields, body), {"Content-Type": "multipart/form-data; boundary=B", "User-Agent": "test/1", **headers})


def test_forms(daemon, s3, bucket):
    client = daemon.client("s3", signature_version="s3v4")
    made = client.generate_presigned_post(bucket, "user/${filename}", Fields={"x-amz-meta-who": "me", "success_action_status": "201"},
                                          Conditions=[["starts-with", "$x-amz-meta-who", ""], {"success_action_status": "201"}, ["content-length-range", 1, 100_000]])
    body = os.urandom(50_000)
    answer = post(daemon, bucket, made["fields"], body)
    assert answer.status == 201 and b"<Key>user/a.txt</Key>" in answer.body, str(answer)
    got = s3.get_object(Bucket=bucket, Key="user/a.txt")
    assert got["Body"].read() == body and got["Metadata"] == {"who": "me"}
    large = post(daemon, bucket, made["fields"], b"x" * 100_001)
    assert large.status == 400 and b"<Code>EntityTooLarge</Code>" in large.body, str(large)
    extra = post(daemon, bucket, {**made["fields"], "x-amz-meta-more": "1"}, b"x")
    assert extra.status == 403 and b"Extra input fields: x-amz-meta-more" in extra.body, str(extra)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["user/a.txt"]


def test_signed_forms_in_strict_mode():
    with Daemon(auth="strict") as daemon:
        keys = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
        s3 = daemon.client("s3", key=keys["access_key_id"], secret=keys["secret_access_key"], signature_version="s3v4")
        s3.create_bucket(Bucket="forms")
        made = s3.generate_presigned_post("forms", "k")
        good = post(daemon, "forms", made["fields"], b"signed")
        assert good.status == 204, str(good)
        assert body_of(s3, "forms", "k") == b"signed"
        forged = post(daemon, "forms", {**made["fields"], "x-amz-signature": "0" * 64}, b"forged")
        assert forged.status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in forged.body, str(forged)
        nobody = post(daemon, "forms", {"key": "k"}, b"nobody's")
        assert nobody.status == 403 and b"<Code>AccessDenied</Code>" in nobody.body, str(nobody)
        assert body_of(s3, "forms", "k") == b"signed"
