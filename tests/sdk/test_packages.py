"""If these fail, a broken or hostile package is accepted, or a good one is refused or cannot be read by its function."""
import io
import json
import os
import zipfile

import pytest
from botocore.exceptions import ClientError

from conftest import ROLE
from packages import ECHO, make_zip

CANNOT_UNZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."


def create(aws, name, package):
    return aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": package})


def refused(aws, name, package):
    with pytest.raises(ClientError) as caught:
        create(aws, name, package)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


def raw_zip(*entries):
    """`entries`: (name, data, unix mode with type)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data, mode in entries:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.external_attr = mode << 16
            archive.writestr(info, data)
    return out.getvalue()


def encrypted():
    package = bytearray(make_zip(ECHO))
    package[6] |= 1
    package[package.index(b"PK\x01\x02") + 8] |= 1
    return bytes(package)


def wrong_crc():
    package = bytearray(make_zip(ECHO))
    at = package.index(b"PK\x01\x02") + 16
    package[at] ^= 0xFF
    return bytes(package)


@pytest.mark.parametrize("package", [
    b"this is not a zip file", make_zip(ECHO)[:-5], make_zip(ECHO)[10:], encrypted(), wrong_crc(),
    raw_zip(("../escape.py", "x", 0o100644)), raw_zip(("/etc/mayfly-escape", "x", 0o100644)), raw_zip(("a/../../b", "x", 0o100644)),
    raw_zip(("link", "/etc/passwd", 0o120777)), raw_zip(("link", "../../etc", 0o120777)),
    raw_zip(("dir", "/tmp", 0o120777), ("dir/file", "x", 0o100644)), raw_zip(("pipe", "", 0o010644)), raw_zip(("null", "", 0o020666)),
    raw_zip(("a", "1", 0o100644), ("./a", "2", 0o100644)),
], ids=["text", "cut", "no head", "encrypted", "crc", "dot dot", "absolute", "dot dot inside", "absolute link", "link up", "through a link",
        "fifo", "device", "twice"])
def test_packages_that_must_not_be_unpacked(aws, name, package):
    assert refused(aws, name, package) == (400, "InvalidParameterValueException", CANNOT_UNZIP)
    with pytest.raises(aws.exceptions.ResourceNotFoundException):
        aws.get_function(FunctionName=name)


def test_zip_without_files(aws, name):
    assert refused(aws, name, make_zip({})) == (400, "InvalidParameterValueException", "Uploaded file must be a non-empty zip")


def test_zip_bomb(aws, name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("zeros", "w", force_zip64=True) as entry:
            for _ in range(263):
                entry.write(bytes(1_000_000))
    assert refused(aws, name, out.getvalue()) == (400, "InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes")


def test_packages_beyond_50_mb(aws, name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("random", os.urandom(1024) * 51200)
    assert len(out.getvalue()) > 52428800
    assert refused(aws, name, out.getvalue()) == (413, "RequestEntityTooLargeException", "Zipped size must be smaller than 52428800 bytes")


def test_requests_beyond_the_request_limit(daemon):
    answer = daemon.raw("POST", "/2015-03-31/functions", b'{"Description": "' + b"x" * 70167211 + b'"}')
    assert (answer.status, answer.code) == (413, "RequestEntityTooLargeException"), answer
    assert answer.json["message"] == "Request must be smaller than 70167211 bytes for the CreateFunction operation"


def test_private_files_can_be_read_and_executable_ones_executed(aws, functions):
    code = """
import os, subprocess
def handler(event, context):
    return {"data": open("private.txt").read(), "tool": os.access("tool", os.X_OK), "text": os.access("private.txt", os.X_OK),
            "link": open("link").read(), "write": os.access("private.txt", os.W_OK), "cwd": os.getcwd()}
"""
    package = raw_zip(("index.py", code, 0o100600), ("private.txt", "secret", 0o100600), ("tool", "#!/bin/sh\n", 0o100700),
                      ("link", "private.txt", 0o120777))
    answer = aws.invoke(FunctionName=functions(package))
    assert json.loads(answer["Payload"].read()) == {"data": "secret", "tool": True, "text": False, "link": "secret", "write": False, "cwd": "/var/task"}


def test_writestr_without_permissions_works(aws, functions):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.py", ECHO)  # 0600 in the zip
    assert json.loads(aws.invoke(FunctionName=functions(out.getvalue()), Payload=b"[1]")["Payload"].read()) == [1]


def test_same_package_for_many_functions_outlives_each_of_them(aws, functions):
    package = make_zip(ECHO)
    first, second = functions(package), functions(package)
    aws.delete_function(FunctionName=first)
    assert json.loads(aws.invoke(FunctionName=second, Payload=b"2")["Payload"].read()) == 2
