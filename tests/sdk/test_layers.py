"""If these fail, layers are lost, come in the wrong order, are not seen by their functions, or AWS's answers about them change."""
import base64
import hashlib
import io
import json
import os
import re
import urllib.error
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError

from conftest import ROLE
from daemon import ACCOUNT, REGION, Daemon, sha256_base64, wait_until
from packages import ECHO, make_zip

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:"
WAIT = {"Delay": 0.1, "MaxAttempts": 600}
GONE = (404, "ResourceNotFoundException", "The resource you requested does not exist.")

PEEK = """
import importlib, os, sys

def handler(event, context):
    read = {}
    for path in event.get("read", []):
        try:
            read[path] = open(path).read()
        except OSError as error:
            read[path] = type(error).__name__
    imported = {name: importlib.import_module(name).WHO for name in event.get("import", [])}
    return {"read": read, "imported": imported, "forked": sys.flags.isolated == 1, "path": sys.path, "listed": sorted(os.listdir("/opt")),
            "run": os.popen(event["run"]).read() if "run" in event else None}
"""


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


@pytest.fixture
def layer(aws):
    """layer(name, files or zip, **members) publishes; everything is deleted after the test."""
    made = []

    def publish(name, files=None, client=aws, mode=0o644, **members):
        package = files if isinstance(files, bytes) else make_zip(files or {"file": name}, mode)
        answer = client.publish_layer_version(LayerName=name, Content={"ZipFile": package}, **members)
        made.append((client, name, answer["Version"]))
        return answer

    yield publish
    for client, name, version in made:
        client.delete_layer_version(LayerName=name, VersionNumber=version)


def invoke(aws, name, event=None):
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(event or {}).encode())
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


def use_layers(aws, function, arns):
    aws.update_function_configuration(FunctionName=function, Layers=arns)
    aws.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig=WAIT)


# --- publishing, reading, deleting ------------------------------------------------------------------------------------


def test_publish_and_get(aws, layer, name):
    package = make_zip({"python/x.py": "1"})
    published = layer(name, package, Description="what", LicenseInfo="MIT", CompatibleRuntimes=["python3.12", "python3.11"], CompatibleArchitectures=["x86_64"])
    metadata = published.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 201
    location = published["Content"].pop("Location")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", published.pop("CreatedDate"))
    assert published == {
        "Content": {"CodeSha256": sha256_base64(package), "CodeSize": len(package)}, "LayerArn": ARN + name, "LayerVersionArn": ARN + name + ":1",
        "Description": "what", "LicenseInfo": "MIT", "Version": 1, "CompatibleRuntimes": ["python3.12", "python3.11"], "CompatibleArchitectures": ["x86_64"]}
    assert urllib.request.urlopen(location).read() == package
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(location.replace("X-Amz-Signature=", "X-Amz-Signature=0"))
    for got in (aws.get_layer_version(LayerName=name, VersionNumber=1), aws.get_layer_version(LayerName=ARN + name, VersionNumber=1),
                aws.get_layer_version_by_arn(Arn=ARN + name + ":1")):
        assert got.pop("ResponseMetadata")["HTTPStatusCode"] == 200
        assert urllib.request.urlopen(got["Content"].pop("Location")).read() == package
        got.pop("CreatedDate")
        assert got == published


def test_members_that_were_not_given(layer, name):
    """Absent and empty are two things; Description is always there."""
    plain = layer(name)
    assert plain["Description"] == "" and not {"LicenseInfo", "CompatibleRuntimes", "CompatibleArchitectures"} & set(plain)
    empty = layer(name, CompatibleRuntimes=[], CompatibleArchitectures=[])
    assert empty["CompatibleRuntimes"] == [] and empty["CompatibleArchitectures"] == []


def test_numbers_are_never_given_again(aws, layer, name):
    assert [layer(name)["Version"] for _ in range(3)] == [1, 2, 3]
    for _ in range(2):  # a version that has gone is no error
        assert aws.delete_layer_version(LayerName=name, VersionNumber=3)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(aws.get_layer_version, LayerName=name, VersionNumber=3) == GONE
    assert layer(name)["Version"] == 4
    for version in (1, 2, 4):
        aws.delete_layer_version(LayerName=name, VersionNumber=version)
    assert aws.list_layer_versions(LayerName=name)["LayerVersions"] == []
    assert name not in [item["LayerName"] for page in aws.get_paginator("list_layers").paginate() for item in page["Layers"]]
    assert layer(name)["Version"] == 5


def test_the_same_content_is_a_new_version(layer, name):
    package = make_zip({"a": "1"})
    first, second = layer(name, package), layer(name, package)
    assert first["Content"]["CodeSha256"] == second["Content"]["CodeSha256"] and second["Version"] == 2


def test_errors(aws, layer, name):
    layer(name)
    for number in (0, -1):
        too_low = (400, "InvalidParameterValueException", "Layer Version Cannot be less than 1")
        assert refused(aws.get_layer_version, LayerName=name, VersionNumber=number) == too_low
        assert refused(aws.delete_layer_version, LayerName=name, VersionNumber=number) == too_low
    for missing in ({"LayerName": name, "VersionNumber": 2}, {"LayerName": name + "-no", "VersionNumber": 1}, {"LayerName": name, "VersionNumber": 2**62}):
        assert refused(aws.get_layer_version, **missing) == GONE
    for arn in (ARN + name + ":2", ARN + name + "-no:1", ARN + name + ":99999999999999999999", "arn:aws:lambda:::awslayer:tools"):
        assert refused(aws.get_layer_version_by_arn, Arn=arn) == GONE
    assert refused(aws.get_layer_version_by_arn, Arn=ARN + name)[:2] == (400, "ValidationException")
    assert aws.delete_layer_version(LayerName=name + "-no", VersionNumber=1)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert aws.list_layer_versions(LayerName=name + "-no")["LayerVersions"] == []
    assert refused(aws.list_layers, CompatibleArchitecture="riscv")[:2] == (400, "ValidationException")
    assert refused(aws.publish_layer_version, LayerName="a/b", Content={"ZipFile": make_zip(ECHO)})[:2] == (400, "ValidationException")
    assert refused(aws.publish_layer_version, LayerName=name, Content={"ZipFile": make_zip(ECHO)}, CompatibleArchitectures=["riscv"])[1] == "ValidationException"
    assert refused(aws.publish_layer_version, LayerName=name, Content={})[:2] == (400, "InvalidParameterValueException")
    for call in (aws.list_layers, aws.list_layer_versions):
        more = {"LayerName": name} if call == aws.list_layer_versions else {}
        assert refused(call, Marker="?", **more)[:2] == (400, "InvalidParameterValueException")
    marker = base64.b64encode(b"x").decode()
    assert refused(aws.list_layer_versions, LayerName=name, Marker=marker)[:2] == (400, "InvalidParameterValueException")


def raw_zip(name, data, mode):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("x")
        info.filename = name
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = mode << 16
        archive.writestr(info, data)
    return out.getvalue()


def test_packages_that_are_refused(aws, name):
    cannot = (400, "InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again.")
    for package in (b"this is no zip file at all, not even a short one", make_zip(ECHO)[:-5], raw_zip("../x", "x", 0o100644), raw_zip("x", "/etc/passwd", 0o120777)):
        assert refused(aws.publish_layer_version, LayerName=name, Content={"ZipFile": package}) == cannot
    empty = refused(aws.publish_layer_version, LayerName=name, Content={"ZipFile": make_zip({})})
    assert empty == (400, "InvalidParameterValueException", "Uploaded file must be a non-empty zip")
    large = refused(aws.publish_layer_version, LayerName=name, Content={"ZipFile": zeros(262_144_001)})
    assert large == (400, "InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes")
    zipped = refused(aws.publish_layer_version, LayerName=name, Content={"ZipFile": os.urandom(52_428_801)})
    assert zipped[:2] == (413, "RequestEntityTooLargeException")
    assert aws.list_layer_versions(LayerName=name)["LayerVersions"] == []  # no number was used up
    assert aws.publish_layer_version(LayerName=name, Content={"ZipFile": make_zip(ECHO)})["Version"] == 1
    aws.delete_layer_version(LayerName=name, VersionNumber=1)


def zeros(size, file="zeros"):
    return raw_zip(file, bytes(size), 0o100644)


# --- lists ------------------------------------------------------------------------------------------------------------


def test_list_layer_versions(aws, layer, name):
    for number in range(1, 8):
        layer(name, CompatibleRuntimes=["python3.11"] if number % 2 else ["nodejs20.x"], CompatibleArchitectures=["arm64"] if number == 4 else ["x86_64"])
    items = aws.list_layer_versions(LayerName=name)["LayerVersions"]
    assert [item["Version"] for item in items] == [7, 6, 5, 4, 3, 2, 1]
    assert set(items[0]) == {"LayerVersionArn", "Version", "Description", "CreatedDate", "CompatibleRuntimes", "CompatibleArchitectures"}

    def numbers(page=3, **filters):
        pages = aws.get_paginator("list_layer_versions").paginate(LayerName=name, PaginationConfig={"PageSize": page}, **filters)
        return [[item["Version"] for item in page["LayerVersions"]] for page in pages]
    assert numbers() == [[7, 6, 5], [4, 3, 2], [1]]
    assert numbers(7) == [[7, 6, 5, 4, 3, 2, 1]]
    assert numbers(2, CompatibleRuntime="python3.11") == [[7, 5], [3, 1]]
    assert numbers(CompatibleArchitecture="arm64") == [[4]]
    assert numbers(CompatibleArchitecture="arm64", CompatibleRuntime="python3.11") == [[]]
    page = aws.list_layer_versions(LayerName=name, MaxItems=2)
    aws.delete_layer_version(LayerName=name, VersionNumber=6)  # the marker's own row goes
    layer(name)
    assert [item["Version"] for item in aws.list_layer_versions(LayerName=name, Marker=page["NextMarker"], MaxItems=2)["LayerVersions"]] == [5, 4]


def test_list_layers(daemon, layer):
    aws = daemon.client(key="333333333333")
    layer("b", client=aws, CompatibleRuntimes=["python3.11"])
    layer("b", client=aws, CompatibleRuntimes=["nodejs20.x"])
    layer("a", client=aws, CompatibleRuntimes=["python3.11"], CompatibleArchitectures=["arm64"])
    layer("c", client=aws)
    layer("elsewhere", client=daemon.client(key="333333333333", region="eu-west-1"))

    def listed(**filters):
        pages = aws.get_paginator("list_layers").paginate(PaginationConfig={"PageSize": 2}, **filters)
        return [(item["LayerName"], item["LatestMatchingVersion"]["Version"]) for page in pages for item in page["Layers"]]
    assert listed() == [("a", 1), ("b", 2), ("c", 1)]
    assert listed(CompatibleRuntime="python3.11") == [("a", 1), ("b", 1)]
    assert listed(CompatibleArchitecture="arm64") == [("a", 1)]
    assert listed(CompatibleRuntime="java21") == []
    aws.delete_layer_version(LayerName="b", VersionNumber=2)
    assert listed() == [("a", 1), ("b", 1), ("c", 1)]
    item = aws.list_layers()["Layers"][0]
    assert item["LayerArn"] == f"arn:aws:lambda:{REGION}:333333333333:layer:a"
    assert item["LatestMatchingVersion"]["LayerVersionArn"] == item["LayerArn"] + ":1"


def test_storage_is_counted(daemon, layer):
    aws = daemon.client(key="444444444444")
    package = make_zip({"a": "1"})
    layer("x", package, client=aws)
    layer("x", package, client=aws)
    assert aws.get_account_settings()["AccountUsage"]["TotalCodeSize"] == 2 * len(package)


# --- which layers a function may have -----------------------------------------------------------------------------------


def test_functions_name_their_layers(aws, layer, functions, name):
    first, second = layer(name + "-a"), layer(name + "-b")
    arns = [first["LayerVersionArn"], second["LayerVersionArn"]]
    sizes = [first["Content"]["CodeSize"], second["Content"]["CodeSize"]]
    function = functions(Layers=arns)
    expected = [{"Arn": arn, "CodeSize": size} for arn, size in zip(arns, sizes)]
    assert aws.get_function_configuration(FunctionName=function)["Layers"] == expected
    assert [f["Layers"] for f in aws.list_functions()["Functions"] if f["FunctionName"] == function] == [expected]
    updated = aws.update_function_configuration(FunctionName=function, Description="no word of layers")
    assert updated["Layers"] == expected
    aws.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig=WAIT)
    use_layers(aws, function, arns[::-1])
    assert aws.get_function(FunctionName=function)["Configuration"]["Layers"] == expected[::-1]
    version = aws.publish_version(FunctionName=function)
    assert version["Layers"] == expected[::-1]
    use_layers(aws, function, [])
    assert "Layers" not in aws.get_function_configuration(FunctionName=function)
    assert aws.get_function_configuration(FunctionName=function, Qualifier=version["Version"])["Layers"] == expected[::-1]


def test_layers_that_a_function_cannot_have(daemon, aws, layer, functions, name):
    arns = [layer(name)["LayerVersionArn"] for _ in range(3)]
    function = functions()

    def answer(*layers, client=aws):
        updated = refused(client.update_function_configuration, FunctionName=function, Layers=list(layers))
        created = refused(client.create_function, FunctionName=name + "-new", Runtime="python3.11", Handler="index.handler", Role=ROLE,
                          Code={"ZipFile": make_zip(ECHO)}, Layers=list(layers))
        assert updated == created
        return updated

    def invalid(text):
        return 400, "InvalidParameterValueException", text
    twice = "Two different versions of the same layer are not allowed to be referenced in the same function. {} and {} are versions of the same layer."
    assert answer(arns[0], arns[1]) == invalid(twice.format(arns[0], arns[1]))
    assert answer(arns[0], arns[1], arns[2]) == invalid(twice.format(arns[0], arns[1]))
    assert answer(arns[0], arns[0]) == invalid(twice.format(arns[0], arns[0]))
    for missing in (ARN + "doesnotexist:1", ARN + name + ":9", ARN + name + ":0", "arn:aws:lambda:::awslayer:tools"):
        assert answer(missing) == invalid(f"Layer version {missing} does not exist.")
    assert answer(*[ARN + f"l{number}:1" for number in range(6)]) == invalid("Cannot reference more than 5 layers.")
    assert answer(ARN + name)[1] == "ValidationException"
    elsewhere = layer(name, client=daemon.client(region="eu-west-1"))["LayerVersionArn"]
    assert answer(elsewhere) == invalid(f"Layers are not in the same region as the function. Layers are expected to be in region {REGION}.")
    foreign = layer(name, client=daemon.client(key="555555555555"))["LayerVersionArn"]
    status, code, text = answer(foreign)
    assert (status, code) == (403, "AccessDeniedException")
    assert re.fullmatch(rf"User: arn:aws:iam::{ACCOUNT}:\S+ is not authorized to perform: lambda:GetLayerVersion on resource: {foreign} because no "
                        "resource-based policy allows the lambda:GetLayerVersion action", text)
    assert refused(aws.get_layer_version_by_arn, Arn=foreign)[:2] == (403, "AccessDeniedException")
    layer_arn = foreign.rpartition(":")[0]
    for call, more in ((aws.delete_layer_version, {"VersionNumber": 1}), (aws.list_layer_versions, {}), (aws.publish_layer_version, {"Content": {"ZipFile": make_zip(ECHO)}})):
        assert refused(call, LayerName=layer_arn, **more)[:2] == (403, "AccessDeniedException")
    assert "Layers" not in aws.get_function_configuration(FunctionName=function)


def test_sizes_count_together(aws, layer, functions, name):
    big = layer(name + "-big", zeros(200_000_000))["LayerVersionArn"]
    other = layer(name + "-other", zeros(60_000_000))["LayerVersionArn"]
    half = layer(name + "-half", zeros(62_144_000 - len(ECHO)))["LayerVersionArn"]
    function = functions(ECHO)
    invalid = (400, "InvalidParameterValueException")
    too_much = refused(aws.update_function_configuration, FunctionName=function, Layers=[big, half, other])
    assert too_much == (*invalid, "Layers consume more than the available size of 262144000 bytes")
    use_layers(aws, function, [big, half])  # to the last byte
    more = make_zip({"index.py": ECHO, "x": "x"})
    combined = "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual size is 262144001 bytes."
    assert refused(aws.update_function_code, FunctionName=function, ZipFile=more) == (*invalid, combined)
    assert refused(aws.create_function, FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": more},
                   Layers=[big, half]) == (*invalid, combined)
    assert invoke(aws, function, {"a": 1}) == {"a": 1}


# --- what functions see -------------------------------------------------------------------------------------------------


def test_python_imports_from_layers(aws, layer, functions, name):
    arn = layer(name, {"python/in_python.py": "WHO = 'python'", "python/lib/python3.11/site-packages/in_site.py": "WHO = 'site-packages'",
                       "python/index.py": "raise Exception('the function comes first')"})["LayerVersionArn"]
    function = functions(PEEK, Layers=[arn])
    seen = invoke(aws, function, {"import": ["in_python", "in_site"]})
    assert seen["imported"] == {"in_python": "python", "in_site": "site-packages"}
    assert seen["path"][:4] == ["/var/task", "/opt/python/lib/python3.11/site-packages", "/opt/python", "/var/runtime"]
    assert seen["listed"] == ["python"]


@pytest.mark.parametrize("variables", [{}, {"PYTHONHASHSEED": "1"}], ids=["zygote", "exec"])
def test_a_layer_shadows_what_was_preloaded(aws, layer, functions, name, variables):
    """The zygote has loaded the standard library's modules: one that a layer brings takes their place."""
    arn = layer(name, {"python/csv.py": "WHO = 'layer'"})["LayerVersionArn"]
    function = functions(PEEK, Layers=[arn], Environment={"Variables": variables})

    def started_as_wanted():
        seen = invoke(aws, function, {"import": ["csv"]})
        assert seen["imported"] == {"csv": "layer"}
        if seen["forked"] == (not variables):
            return True
        use_layers(aws, function, [arn])  # the zygote was not there yet: a new environment
    wait_until(started_as_wanted, 20, "no environment with layers is forked from a zygote")


def test_path_files_of_a_layer(aws, layer, functions, name):
    """*.pth files, with which some distributions find their parts."""
    arn = layer(name, {"python/more.pth": "extra\nimport sys; sys.path_file_ran = True\n", "python/extra/in_extra.py": "WHO = 'extra'",
                       "python/lib/python3.11/site-packages/site.pth": "/opt/side\n", "side/in_side.py": "WHO = 'side'"})["LayerVersionArn"]
    function = functions(PEEK, Layers=[arn])
    seen = invoke(aws, function, {"import": ["in_extra", "in_side"]})
    assert seen["imported"] == {"in_extra": "extra", "in_side": "side"}
    assert seen["path"][0] == "/var/task" and seen["path"][-2:] == ["/opt/side", "/opt/python/extra"]


def test_later_layers_cover_earlier_ones(aws, layer, functions, name):
    arns = [layer(f"{name}-{who}", {"python/who.py": f"WHO = '{who}'", f"only/{who}": who, "deep/er/file": who})["LayerVersionArn"] for who in "abcde"]
    function = functions(PEEK, Layers=arns)
    event = {"import": ["who"], "read": ["/opt/deep/er/file"] + [f"/opt/only/{who}" for who in "abcde"]}
    seen = invoke(aws, function, event)
    assert seen["imported"]["who"] == "e" and seen["read"]["/opt/deep/er/file"] == "e"
    assert [seen["read"][f"/opt/only/{who}"] for who in "abcde"] == list("abcde")
    use_layers(aws, function, arns[2::-1])  # an update never answers from the old tree
    seen = invoke(aws, function, event)
    assert seen["imported"]["who"] == "a" and seen["read"]["/opt/only/e"] == "FileNotFoundError"
    use_layers(aws, function, [])
    assert invoke(aws, function)["listed"] == []


def test_node_requires_from_layers(aws, layer, functions, name):
    code = """
exports.handler = async (event) => Object.fromEntries(event.map((name) => { try { return [name, require(name)] } catch (e) { return [name, e.code] } }));
"""
    plain = layer(name + "-plain", {"nodejs/node_modules/shared/index.js": "module.exports = 'plain'", "nodejs/node_modules/plain/index.js": "module.exports = 'plain'"})
    major = layer(name + "-major", {"nodejs/node20/node_modules/shared/index.js": "module.exports = 'node20'",
                                    "nodejs/node18/node_modules/old/index.js": "module.exports = 'node18'"})
    function = functions({"index.js": code}, Runtime="nodejs20.x", Layers=[plain["LayerVersionArn"], major["LayerVersionArn"]])
    assert invoke(aws, function, ["shared", "plain", "old"]) == {"shared": "node20", "plain": "plain", "old": "MODULE_NOT_FOUND"}


IMPORTS = """
const names = ['own', 'shared', 'plain', 'major', '@aws-sdk/client-sts', '@aws-sdk/client-sqs', 'missing', 'fs'];
const where = (loaded) => (loaded.where ?? loaded.default?.where ?? 'elsewhere');
const told = async (load) => Object.fromEntries(await Promise.all(names.map(async (name) => {
  try { return [name, where(await load(name))]; } catch (error) { return [name, error.code]; }
})));
"""


@pytest.mark.parametrize("kind", ["module", "commonjs"])
@pytest.mark.parametrize("with_major", [False, True], ids=["nodejs", "nodejs-and-node20"])
def test_node_imports_from_layers(aws, layer, functions, name, kind, with_major):
    """The function's own copy, then the layer's, then the SDK of the runtime: for `import` and for `require`."""
    def package(folder, package_name, where):
        start = f"{folder}/{package_name}/"
        return {start + "package.json": json.dumps({"name": package_name, "exports": {"import": "./i.mjs", "require": "./r.js"}}),
                start + "i.mjs": f"export const where = '{where}';", start + "r.js": f"exports.where = '{where}';"}
    plain = {path: text for one in ("own", "shared", "plain", "@aws-sdk/client-sts") for path, text in package("nodejs/node_modules", one, "layer").items()}
    arns = [layer(name + "-imports", plain)["LayerVersionArn"]]
    if with_major:
        major = {path: text for one in ("own", "shared", "major") for path, text in package("nodejs/node20/node_modules", one, "node20").items()}
        arns.append(layer(name + "-imports-major", major)["LayerVersionArn"])
    files = package("node_modules", "own", "function")
    if kind == "module":
        files["index.mjs"] = ("import { createRequire } from 'node:module';\nimport { where as first } from 'plain';\n"
                              "const require = createRequire(import.meta.url);\n" + IMPORTS +
                              "export const handler = async () => ({ first, imported: await told((n) => import(n)), required: await told(require) });\n")
    else:
        files["index.js"] = ("const first = require('plain').where;\n" + IMPORTS +
                             "exports.handler = async () => ({ first, imported: await told((n) => import(n)), required: await told(require) });\n")
    function = functions(files, Runtime="nodejs20.x", Layers=arns)
    seen = invoke(aws, function)
    expected = {"own": "function", "shared": "node20" if with_major else "layer", "plain": "layer", "major": "node20" if with_major else None,
                "@aws-sdk/client-sts": "layer", "@aws-sdk/client-sqs": "elsewhere", "missing": None, "fs": "elsewhere"}
    for how, code in (("imported", "ERR_MODULE_NOT_FOUND"), ("required", "MODULE_NOT_FOUND")):
        assert seen[how] == {one: found or code for one, found in expected.items()}, (how, seen)
    assert seen["first"] == "layer"


BOOTSTRAP = """#!/bin/sh
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
  id=$(tr -d '\\r' < "$headers" | sed -n 's/^lambda-runtime-aws-request-id: *//Ip')
  curl -sS -o /dev/null -d "[\\"$0\\",\\"$(tool.sh)\\",$event]" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response"
done
"""


def test_bootstrap_from_a_layer(aws, layer, functions, name):
    arn = layer(name, {"bootstrap": BOOTSTRAP, "bin/tool.sh": "#!/bin/sh\necho tool of the layer\n"}, mode=0o755)["LayerVersionArn"]
    function = functions({"data.txt": "x"}, Runtime="provided.al2023", Handler="any", Layers=[arn])
    assert invoke(aws, function, {"a": 1}) == ["/opt/bootstrap", "tool of the layer", {"a": 1}]
    own = functions(make_zip({"bootstrap": BOOTSTRAP}, 0o755), Runtime="provided.al2023", Handler="any", Layers=[arn])
    assert invoke(aws, own)[0] == "/var/task/bootstrap"  # the package comes first
    use_layers(aws, function, [])
    answer = aws.invoke(FunctionName=function)
    assert answer["FunctionError"] == "Unhandled" and json.loads(answer["Payload"].read())["errorType"] == "Runtime.InvalidEntrypoint"


def test_programs_and_libraries_are_found(aws, layer, functions, name):
    arn = layer(name, {"bin/greet": "#!/bin/sh\necho hello from $0; echo $LD_LIBRARY_PATH\n"}, mode=0o755)["LayerVersionArn"]
    function = functions(PEEK, Layers=[arn])
    where, libraries = invoke(aws, function, {"run": "greet"})["run"].splitlines()
    assert where == "hello from /opt/bin/greet" and "/opt/lib" in libraries.split(":")


# --- deletion, versions, restarts -----------------------------------------------------------------------------------------


def test_functions_outlive_their_layers(aws, layer, functions, name):
    arns = [layer(f"{name}-{who}", {"python/who.py": f"WHO = '{who}'"})["LayerVersionArn"] for who in "ab"]
    warm, cold = functions(PEEK, Layers=arns), functions(PEEK, Layers=arns)
    assert invoke(aws, warm, {"import": ["who"]})["imported"]["who"] == "b"
    for who in "ab":
        aws.delete_layer_version(LayerName=f"{name}-{who}", VersionNumber=1)
    for function in (warm, cold):
        assert invoke(aws, function, {"import": ["who"]})["imported"]["who"] == "b"
        assert [used["Arn"] for used in aws.get_function_configuration(FunctionName=function)["Layers"]] == arns
    aws.update_function_code(FunctionName=cold, ZipFile=make_zip(PEEK + "\n# new"))  # it keeps them
    aws.get_waiter("function_updated_v2").wait(FunctionName=cold, WaiterConfig=WAIT)
    assert invoke(aws, cold, {"import": ["who"]})["imported"]["who"] == "b"
    missing = (400, "InvalidParameterValueException", f"Layer version {arns[0]} does not exist.")
    assert refused(aws.update_function_configuration, FunctionName=warm, Layers=arns) == missing
    new = {"FunctionName": name, "Runtime": "python3.11", "Handler": "index.handler", "Role": ROLE, "Code": {"ZipFile": make_zip(PEEK)}}
    assert refused(aws.create_function, **new, Layers=arns) == missing


def test_versions_keep_their_layers(aws, layer, functions, name):
    first = layer(name, {"python/who.py": "WHO = 1"})["LayerVersionArn"]
    second = layer(name, {"python/who.py": "WHO = 2"})["LayerVersionArn"]
    function = functions(PEEK, Layers=[first], Publish=True)
    use_layers(aws, function, [second])
    aws.get_waiter("function_active_v2").wait(FunctionName=f"{function}:1", WaiterConfig=WAIT)
    event = {"import": ["who"]}
    assert invoke(aws, function, event)["imported"]["who"] == 2
    assert invoke(aws, f"{function}:1", event)["imported"]["who"] == 1


def test_restart():
    """Layers, their numbers and their functions are there again; what nobody uses any more is removed from the disk."""
    with Daemon() as daemon:
        aws = daemon.client()
        package = make_zip({"python/who.py": "WHO = 'kept'"})
        kept = aws.publish_layer_version(LayerName="kept", Content={"ZipFile": package}, CompatibleRuntimes=["python3.11"], Description="d")
        other = aws.publish_layer_version(LayerName="other", Content={"ZipFile": make_zip({"other": "1"})})
        unused = aws.publish_layer_version(LayerName="unused", Content={"ZipFile": make_zip({"unused": "1"})})
        layers = [other["LayerVersionArn"], kept["LayerVersionArn"]]
        for name, used in (("f", layers), ("short-lived", layers[::-1])):
            aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(PEEK)}, Layers=used)
            aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=WAIT)
        aws.delete_function(FunctionName="short-lived")
        for name in ("other", "unused"):
            aws.delete_layer_version(LayerName=name, VersionNumber=1)
        code = daemon.data_dir / "code"
        before = {path.name for path in code.iterdir()}
        daemon.kill()
        daemon.start()
        aws = daemon.client()
        got = aws.get_layer_version(LayerName="kept", VersionNumber=1)
        assert urllib.request.urlopen(got["Content"].pop("Location")).read() == package
        for answer in (kept, got):
            del answer["ResponseMetadata"]
        del kept["Content"]["Location"]
        assert got == kept
        assert refused(aws.get_layer_version, LayerName="other", VersionNumber=1) == GONE
        assert invoke(aws, "f", {"import": ["who"], "read": ["/opt/other"]})["imported"]["who"] == "kept"
        assert aws.publish_layer_version(LayerName="unused", Content={"ZipFile": make_zip({"new": "1"})})["Version"] == 2
        gone = {base64.b64decode(unused["Content"]["CodeSha256"]).hex(), tree_name(layers[::-1], package)}
        assert gone < before
        wait_until(lambda: not gone & {path.name for path in code.iterdir()}, 10, "packages that nobody uses are still there")
        assert invoke(aws, "f", {"read": ["/opt/other"]})["read"]["/opt/other"] == "1"


def tree_name(order, kept):
    """How the daemon names the folder of merged layers."""
    digests = [hashlib.sha256(kept if ":kept:" in arn else make_zip({"other": "1"})).hexdigest() for arn in order]
    return hashlib.sha256("\n".join(["layers", *digests]).encode()).hexdigest()
