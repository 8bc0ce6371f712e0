"""Fixtures that the tests of S3 share: buckets of their own, which are gone after the test."""
import itertools
import os

import pytest

counter = itertools.count()
MIB = 1024 * 1024


@pytest.fixture
def s3(daemon):
    return daemon.client("s3")


def empty(client, bucket):
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in page.get("Versions", []) + page.get("DeleteMarkers", [])]
        if found:
            answer = client.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True}, BypassGovernanceRetention=True)
            assert "Errors" not in answer, answer["Errors"]


@pytest.fixture
def buckets(s3):
    """Makes buckets, and removes them with what they hold."""
    made = []

    def make(versioning=False, **settings):
        name = f"test-{os.getpid()}-{next(counter)}"
        s3.create_bucket(Bucket=name, **settings)
        made.append(name)
        if versioning:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name
    yield make
    for name in made:
        try:
            empty(s3, name)
            s3.delete_bucket(Bucket=name)
        except s3.exceptions.NoSuchBucket:
            pass  # the test has deleted it


@pytest.fixture
def bucket(buckets):
    return buckets()


def body_of(client, bucket, key, **settings):
    return client.get_object(Bucket=bucket, Key=key, **settings)["Body"].read()
