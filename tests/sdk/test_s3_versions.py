"""If these fail, an unmodified SDK loses versions of objects, parts of uploads, or what it has set for a bucket in Mayfly's S3."""
import base64
import datetime
import hashlib
import json
import os

import pytest
from botocore.exceptions import ClientError

from daemon import ACCOUNT, REGION
from s3_fixtures import MIB, body_of, bucket, buckets, s3  # noqa: F401
from test_sts import refused

PART = 5 * MIB


def status_of(error):
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"]


# --- versions ----------------------------------------------------------------------------------------------------------


def test_versions_and_markers(s3, buckets):
    bucket = buckets()
    s3.put_object(Bucket=bucket, Key="k", Body=b"null")
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"first")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="k", Body=os.urandom(50_000))["VersionId"]
    assert len(first) == 32 and first != second
    assert body_of(s3, bucket, "k", VersionId="null") == b"null"
    assert body_of(s3, bucket, "k", VersionId=first) == b"first"
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert marker["DeleteMarker"] is True
    with pytest.raises(ClientError) as gone:
        s3.get_object(Bucket=bucket, Key="k")
    assert gone.value.response["Error"]["Code"] == "NoSuchKey"
    assert gone.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    with pytest.raises(ClientError) as marked:
        s3.get_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    assert status_of(marked) == 405
    listed = s3.list_object_versions(Bucket=bucket)
    assert [(one["VersionId"], one["IsLatest"]) for one in listed["Versions"]] == [(second, False), (first, False), ("null", False)]
    assert [(one["VersionId"], one["IsLatest"]) for one in listed["DeleteMarkers"]] == [(marker["VersionId"], True)]
    assert s3.delete_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])["DeleteMarker"] is True
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == second
    s3.delete_object(Bucket=bucket, Key="k", VersionId=second)
    assert body_of(s3, bucket, "k") == b"first"
    pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1}))
    assert [one["VersionId"] for page in pages for one in page["Versions"]] == [first, "null"]
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=bucket, Key="k", VersionId=second)
    with refused("InvalidArgument"):
        s3.get_object(Bucket=bucket, Key="k", VersionId="nonsense")


def test_suspended_versions(s3, buckets):
    bucket = buckets(versioning=True)
    kept = s3.put_object(Bucket=bucket, Key="k", Body=b"kept")["VersionId"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"one")["VersionId"] == "null"
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"two")["VersionId"] == "null"
    assert [one["VersionId"] for one in s3.list_object_versions(Bucket=bucket)["Versions"]] == ["null", kept]
    assert s3.delete_object(Bucket=bucket, Key="k")["VersionId"] == "null"
    listed = s3.list_object_versions(Bucket=bucket)
    assert [one["VersionId"] for one in listed["Versions"]] == [kept] and [one["VersionId"] for one in listed["DeleteMarkers"]] == ["null"]


# --- uploads in parts --------------------------------------------------------------------------------------------------


def test_uploads(s3, bucket):
    parts = [os.urandom(PART), os.urandom(PART + 1), b"end"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big", ContentType="text/plain", Metadata={"a": "b"}, ChecksumAlgorithm="SHA256")["UploadId"]
    assert [one["UploadId"] for one in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload]
    told = [s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256")
            for number, body in enumerate(parts, 1)]
    listed = s3.list_parts(Bucket=bucket, Key="big", UploadId=upload, MaxParts=2)
    assert [one["Size"] for one in listed["Parts"]] == [PART, PART + 1] and listed["IsTruncated"] and listed["NextPartNumberMarker"] == 2
    claims = [{"PartNumber": number, "ETag": one["ETag"], "ChecksumSHA256": one["ChecksumSHA256"]} for number, one in enumerate(told, 1)]
    complete = dict(Bucket=bucket, Key="big", UploadId=upload)
    with refused("InvalidPart"):
        s3.complete_multipart_upload(**complete, MultipartUpload={"Parts": [{**claims[0], "ETag": '"x"'}]})
    with refused("InvalidPartOrder"):
        s3.complete_multipart_upload(**complete, MultipartUpload={"Parts": claims[::-1]})
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="big")
    done = s3.complete_multipart_upload(**complete, MultipartUpload={"Parts": claims})
    md5s = b"".join(hashlib.md5(part).digest() for part in parts)
    assert done["ETag"] == f'"{hashlib.md5(md5s).hexdigest()}-3"'
    hashes = b"".join(hashlib.sha256(part).digest() for part in parts)
    assert done["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(hashes).digest()).decode() + "-3" and done["ChecksumType"] == "COMPOSITE"
    got = s3.get_object(Bucket=bucket, Key="big")
    assert got["Body"].read() == b"".join(parts) and got["ContentType"] == "text/plain" and got["Metadata"] == {"a": "b"}
    assert body_of(s3, bucket, "big", Range=f"bytes={PART - 2}-{PART + 1}") == b"".join(parts)[PART - 2:PART + 2]
    second = s3.get_object(Bucket=bucket, Key="big", PartNumber=2)
    assert second["Body"].read() == parts[1] and second["PartsCount"] == 3
    attributes = s3.get_object_attributes(Bucket=bucket, Key="big", ObjectAttributes=["ETag", "Checksum", "ObjectParts", "ObjectSize"])
    assert attributes["ObjectSize"] == 2 * PART + 4 and attributes["ObjectParts"]["TotalPartsCount"] == 3
    with refused("NoSuchUpload", 404):
        s3.list_parts(Bucket=bucket, Key="big", UploadId=upload)


def test_small_parts_and_aborts(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    etags = [s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=b"small")["ETag"] for number in (1, 2)]
    with refused("EntityTooSmall"):
        s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload,
                                     MultipartUpload={"Parts": [{"PartNumber": n, "ETag": e} for n, e in enumerate(etags, 1)]})
    with refused("InvalidArgument"):
        s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=10_001, Body=b"")
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    with refused("NoSuchUpload", 404):
        s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)


def test_parts_that_are_copied(s3, bucket):
    body = os.urandom(2 * PART)
    s3.put_object(Bucket=bucket, Key="from", Body=body)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="to", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")["UploadId"]
    etags = [s3.upload_part_copy(Bucket=bucket, Key="to", UploadId=upload, PartNumber=number, CopySource=f"{bucket}/from",
                                 CopySourceRange=f"bytes={first}-{first + PART - 1}")["CopyPartResult"]["ETag"] for number, first in ((1, PART), (2, 0))]
    done = s3.complete_multipart_upload(Bucket=bucket, Key="to", UploadId=upload,
                                        MultipartUpload={"Parts": [{"PartNumber": n, "ETag": e} for n, e in enumerate(etags, 1)]})
    assert body_of(s3, bucket, "to") == body[PART:] + body[:PART]
    assert done["ChecksumType"] == "FULL_OBJECT"
    again = s3.put_object(Bucket=bucket, Key="again", Body=body[PART:] + body[:PART], ChecksumAlgorithm="CRC32")
    assert again["ChecksumCRC32"] == done["ChecksumCRC32"], "the parts' checksums make the whole's"


# --- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call, code", [("get_bucket_policy", "NoSuchBucketPolicy"), ("get_bucket_cors", "NoSuchCORSConfiguration"),
                                        ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"), ("get_bucket_tagging", "NoSuchTagSet"),
                                        ("get_bucket_website", "NoSuchWebsiteConfiguration"), ("get_public_access_block", "NoSuchPublicAccessBlockConfiguration"),
                                        ("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
                                        ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError")])
def test_what_is_not_set(s3, bucket, call, code):
    with refused(code, 404):
        getattr(s3, call)(Bucket=bucket)


def without_metadata(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def test_settings_come_back(s3, bucket):
    cors = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 60}]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=cors)
    assert without_metadata(s3.get_bucket_cors(Bucket=bucket)) == cors
    rules = [{"ID": "old", "Status": "Enabled", "Filter": {"And": {"Prefix": "p/", "Tags": [{"Key": "a", "Value": "b"}]}}, "Expiration": {"Days": 3}}]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "b"}]
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption == {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block
    public = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]})
    with refused("AccessDenied", 403):
        s3.put_bucket_policy(Bucket=bucket, Policy=public)
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=public)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(public)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    with refused("MalformedPolicy"):
        s3.put_bucket_policy(Bucket=bucket, Policy=public.replace(bucket, "another"))
    with refused("AccessControlListNotSupported"):
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert [grant["Permission"] for grant in s3.get_bucket_acl(Bucket=bucket)["Grants"]] == ["FULL_CONTROL", "READ"]
    website = {"IndexDocument": {"Suffix": "index.html"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=website)
    assert without_metadata(s3.get_bucket_website(Bucket=bucket)) == website
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert without_metadata(s3.get_bucket_logging(Bucket=bucket)) == {}
    assert without_metadata(s3.get_bucket_accelerate_configuration(Bucket=bucket)) == {}


def test_policies_decide_about_others(daemon, s3, bucket):
    stranger = daemon.client("s3", key="111122223333")
    s3.put_object(Bucket=bucket, Key="open/a", Body=b"a")
    s3.put_object(Bucket=bucket, Key="closed", Body=b"c")
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=bucket, Key="open/a")
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/open/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/closed"}]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert body_of(stranger, bucket, "open/a") == b"a"
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=bucket, Key="closed")
    with refused("AccessDenied", 403):
        s3.delete_object(Bucket=bucket, Key="closed")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "closed"}]})
    assert answer["Errors"][0]["Code"] == "AccessDenied"
    s3.delete_bucket_policy(Bucket=bucket)


def test_tags_of_objects(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "a", "Value": "b"}]
    with refused("InvalidTag"):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}] * 2})
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_locks(s3, buckets):
    bucket = buckets(ObjectLockEnabledForBucket=True)
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={
        "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"locked")["VersionId"]
    assert s3.head_object(Bucket=bucket, Key="k")["ObjectLockMode"] == "GOVERNANCE"
    with refused("AccessDenied", 403):
        s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
    s3.put_object_legal_hold(Bucket=bucket, Key="k", LegalHold={"Status": "ON"})
    with refused("AccessDenied", 403):
        s3.delete_object(Bucket=bucket, Key="k", VersionId=version, BypassGovernanceRetention=True)
    s3.put_object_legal_hold(Bucket=bucket, Key="k", LegalHold={"Status": "OFF"})
    assert s3.get_object_legal_hold(Bucket=bucket, Key="k")["LegalHold"] == {"Status": "OFF"}
    until = s3.get_object_retention(Bucket=bucket, Key="k")["Retention"]["RetainUntilDate"]
    with refused("AccessDenied", 403):
        s3.put_object_retention(Bucket=bucket, Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until - datetime.timedelta(hours=1)})
    with refused("InvalidBucketState", 409):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version, BypassGovernanceRetention=True)
