"""If these fail, code that nobody trusted signed is deployed, or configurations of code signing are not AWS's."""
import io
import re
import subprocess
import zipfile

import pytest

from conftest import ROLE, Functions
from daemon import BIN, Daemon
from packages import ECHO, make_zip
from test_errors import arn, refused
from test_lifecycle import FAST

PUBLISHER = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/somebody/ABCDEFGHIJ"
MISSING = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-00000000000000000"
NOT_FOUND = f"The Lambda code signing configuration {MISSING} can not be found."
NOT_FOUND_FOR_FUNCTION = f"The code signing configuration cannot be found. Check that the provided configuration is not deleted: {MISSING}."


def untrusted(name):
    return ("Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is not configured to accept. "
            f"Check the provided signature for {name}.")


def sign(*arguments, check=True):
    return subprocess.run([BIN / "mayfly", "sign", *map(str, arguments)], check=check, capture_output=True, text=True)


class Publisher:
    """A signing profile that the daemon knows, with its key."""

    def __init__(self, daemon, folder, name):
        self.data_dir, self.folder, self.key = daemon.data_dir, folder, folder / f"{name}.pem"
        self.arn = sign("profile", "create", name, "--key", self.key, "--data-dir", self.data_dir).stdout.strip()

    def sign(self, package, *options):
        plain, signed = self.folder / "plain.zip", self.folder / "signed.zip"
        plain.write_bytes(package)
        told = sign(plain, "--key", self.key, "-o", signed, *options).stderr
        self.job = re.search(r"^as (arn:\S+)$", told, re.M)[1]
        return signed.read_bytes()

    def revoke(self, what):
        sign("revoke", what, "--data-dir", self.data_dir)


@pytest.fixture(scope="module")
def publisher(daemon, tmp_path_factory):
    return Publisher(daemon, tmp_path_factory.mktemp("publisher"), "release")


@pytest.fixture(scope="module")
def stranger(daemon, tmp_path_factory):
    return Publisher(daemon, tmp_path_factory.mktemp("stranger"), "stranger")


class Configs:
    def __init__(self, aws):
        self.aws, self.arns = aws, []

    def __call__(self, *publishers, policy=None, **settings):
        if policy:
            settings["CodeSigningPolicies"] = {"UntrustedArtifactOnDeployment": policy}
        publishers = [one.arn if isinstance(one, Publisher) else one for one in publishers or [PUBLISHER]]
        made = self.aws.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": publishers}, **settings)
        self.arns.append(made["CodeSigningConfig"]["CodeSigningConfigArn"])
        return made["CodeSigningConfig"]


@pytest.fixture
def configs(aws):
    made = Configs(aws)
    yield made
    for one in made.arns:
        for function in aws.list_functions_by_code_signing_config(CodeSigningConfigArn=one)["FunctionArns"]:
            aws.delete_function_code_signing_config(FunctionName=function)
        aws.delete_code_signing_config(CodeSigningConfigArn=one)


def create(aws, name, package, **settings):
    return aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": package}, **settings)


@pytest.fixture
def made(aws, name):
    yield name
    functions = Functions(aws)
    functions.names.append(name)
    functions.delete_all()


def settled(aws, name):
    for waiter in ("function_active_v2", "function_updated_v2"):
        aws.get_waiter(waiter).wait(FunctionName=name, WaiterConfig=FAST)


# --- configurations --------------------------------------------------------------------------------------------------------

def test_a_configuration_lives(aws, configs):
    answer = aws.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [PUBLISHER]}, Description="d", Tags={"a": "b"},
                                            CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    config = answer["CodeSigningConfig"]
    one = config["CodeSigningConfigArn"]
    configs.arns.append(one)
    assert re.fullmatch(r"csc-[a-z0-9]{17}", config["CodeSigningConfigId"])
    assert one == f"arn:aws:lambda:us-east-1:000000000000:code-signing-config:{config['CodeSigningConfigId']}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", config["LastModified"])
    assert (config["Description"], config["AllowedPublishers"]["SigningProfileVersionArns"]) == ("d", [PUBLISHER])
    assert config["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Enforce"}
    assert aws.get_code_signing_config(CodeSigningConfigArn=one)["CodeSigningConfig"] == config
    other = PUBLISHER[:-1] + "Z"
    changed = aws.update_code_signing_config(CodeSigningConfigArn=one, Description="e", AllowedPublishers={"SigningProfileVersionArns": [other, PUBLISHER]})
    assert changed["CodeSigningConfig"]["AllowedPublishers"]["SigningProfileVersionArns"] == [other, PUBLISHER]
    assert changed["CodeSigningConfig"]["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Enforce"}
    aws.update_code_signing_config(CodeSigningConfigArn=one, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Warn"})
    config = aws.get_code_signing_config(CodeSigningConfigArn=one)["CodeSigningConfig"]
    assert (config["Description"], config["CodeSigningPolicies"]) == ("e", {"UntrustedArtifactOnDeployment": "Warn"})
    assert aws.delete_code_signing_config(CodeSigningConfigArn=one)["ResponseMetadata"]["HTTPStatusCode"] == 204
    configs.arns.remove(one)
    refused(lambda: aws.get_code_signing_config(CodeSigningConfigArn=one), 404, "ResourceNotFoundException", NOT_FOUND.replace(MISSING, one))


def test_warning_is_the_usual_policy(aws, configs):
    config = configs()
    assert (config["CodeSigningPolicies"], config["Description"]) == ({"UntrustedArtifactOnDeployment": "Warn"}, "")


@pytest.mark.parametrize("operation", ["get_code_signing_config", "update_code_signing_config", "delete_code_signing_config",
                                       "list_functions_by_code_signing_config"])
def test_a_configuration_that_is_not_there(aws, daemon, configs, operation):
    refused(lambda: getattr(aws, operation)(CodeSigningConfigArn=MISSING), 404, "ResourceNotFoundException", NOT_FOUND)
    one = configs()["CodeSigningConfigArn"]
    refused(lambda: getattr(daemon.client(region="eu-west-1"), operation)(CodeSigningConfigArn=one), 404, "ResourceNotFoundException",
            NOT_FOUND.replace(MISSING, one))
    refused(lambda: getattr(daemon.client(key="222222222222"), operation)(CodeSigningConfigArn=one), 403, "AccessDeniedException",
            re.compile(f"User: arn:aws:iam::222222222222:root is not authorized to perform: .*{re.escape(one)}.*"))


def test_what_the_model_refuses(daemon):
    aws = daemon.client(parameter_validation=False)
    for bad in ({"AllowedPublishers": {"SigningProfileVersionArns": []}}, {"AllowedPublishers": {"SigningProfileVersionArns": [PUBLISHER] * 21}},
                {"AllowedPublishers": {"SigningProfileVersionArns": ["no arn"]}},
                {"AllowedPublishers": {"SigningProfileVersionArns": [PUBLISHER]}, "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Ignore"}}):
        with pytest.raises(aws.exceptions.ClientError) as error:
            aws.create_code_signing_config(**bad)
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    refused(lambda: aws.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [PUBLISHER]}, Tags={str(i): "" for i in range(51)}),
            400, "InvalidParameterValueException", "Number of tags exceeds resource tag limit.")


def test_configurations_page(daemon):
    aws = daemon.client(region="eu-north-1")  # nobody else's are there
    assert aws.list_code_signing_configs()["CodeSigningConfigs"] == []
    made = [aws.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [PUBLISHER]})["CodeSigningConfig"] for _ in range(5)]
    pages = list(aws.get_paginator("list_code_signing_configs").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["CodeSigningConfigs"]) for page in pages] == [2, 2, 1]
    listed = [config for page in pages for config in page["CodeSigningConfigs"]]
    assert sorted(listed, key=lambda c: c["CodeSigningConfigArn"]) == sorted(made, key=lambda c: c["CodeSigningConfigArn"])
    refused(lambda: aws.list_code_signing_configs(Marker="***"), 400, "InvalidParameterValueException", re.compile(".*"))
    for config in made:
        aws.delete_code_signing_config(CodeSigningConfigArn=config["CodeSigningConfigArn"])


# --- of functions ----------------------------------------------------------------------------------------------------------

def test_a_function_has_a_configuration(aws, configs, functions):
    one, two = configs()["CodeSigningConfigArn"], configs()["CodeSigningConfigArn"]
    name = functions()
    assert {"CodeSigningConfigArn", "FunctionName"}.isdisjoint(aws.get_function_code_signing_config(FunctionName=name))
    for config in (one, two, two):
        answer = aws.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=config)
        assert (answer["CodeSigningConfigArn"], answer["FunctionName"]) == (config, name)
    for spelling in (name, arn(name), f"000000000000:function:{name}"):
        answer = aws.get_function_code_signing_config(FunctionName=spelling)
        assert (answer["CodeSigningConfigArn"], answer["FunctionName"]) == (two, name)
    assert aws.list_functions_by_code_signing_config(CodeSigningConfigArn=one)["FunctionArns"] == []
    assert aws.list_functions_by_code_signing_config(CodeSigningConfigArn=two)["FunctionArns"] == [arn(name)]
    refused(lambda: aws.delete_code_signing_config(CodeSigningConfigArn=two), 409, "ResourceConflictException", re.compile(".*in use.*"))
    assert aws.delete_function_code_signing_config(FunctionName=name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert aws.delete_function_code_signing_config(FunctionName=name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "CodeSigningConfigArn" not in aws.get_function_code_signing_config(FunctionName=name)
    assert aws.list_functions_by_code_signing_config(CodeSigningConfigArn=two)["FunctionArns"] == []


def test_functions_of_a_configuration_page(aws, configs, functions):
    config = configs()["CodeSigningConfigArn"]
    names = sorted(functions(CodeSigningConfigArn=config) for _ in range(3))
    functions()
    pages = list(aws.get_paginator("list_functions_by_code_signing_config").paginate(CodeSigningConfigArn=config, PaginationConfig={"PageSize": 2}))
    assert [page["FunctionArns"] for page in pages] == [[arn(names[0]), arn(names[1])], [arn(names[2])]]


def test_what_is_not_there(aws, configs, functions, name):
    config = configs()["CodeSigningConfigArn"]
    missing = f"Function not found: {arn(name)}"
    refused(lambda: aws.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=config), 404, "ResourceNotFoundException", missing)
    refused(lambda: aws.get_function_code_signing_config(FunctionName=name), 404, "ResourceNotFoundException", missing)
    refused(lambda: aws.delete_function_code_signing_config(FunctionName=name), 404, "ResourceNotFoundException", missing)
    refused(lambda: aws.put_function_code_signing_config(FunctionName=functions(), CodeSigningConfigArn=MISSING), 404,
            "CodeSigningConfigNotFoundException", NOT_FOUND_FOR_FUNCTION)
    refused(lambda: create(aws, name, make_zip(ECHO), CodeSigningConfigArn=MISSING), 404, "CodeSigningConfigNotFoundException", NOT_FOUND_FOR_FUNCTION)


def test_a_function_takes_its_configuration_along(aws, configs, functions):
    config = configs()["CodeSigningConfigArn"]
    name = functions(CodeSigningConfigArn=config)
    assert aws.get_function_code_signing_config(FunctionName=name)["CodeSigningConfigArn"] == config
    aws.delete_function(FunctionName=name)
    assert aws.list_functions_by_code_signing_config(CodeSigningConfigArn=config)["FunctionArns"] == []
    functions(name=name)
    assert "CodeSigningConfigArn" not in aws.get_function_code_signing_config(FunctionName=name)


# --- signatures ------------------------------------------------------------------------------------------------------------

def test_signed_code_is_deployed(aws, configs, publisher, made):
    config = configs(publisher, policy="Enforce")
    package = publisher.sign(make_zip({"index.py": ECHO, "lib/data.txt": "x"}))
    job = publisher.job
    answer = create(aws, made, package, CodeSigningConfigArn=config["CodeSigningConfigArn"])
    assert (answer["SigningProfileVersionArn"], answer["SigningJobArn"]) == (publisher.arn, job)
    settled(aws, made)
    assert aws.invoke(FunctionName=made, Payload=b"5")["Payload"].read() == b"5"
    package = publisher.sign(make_zip(ECHO + "\n"))
    answer = aws.update_function_code(FunctionName=made, ZipFile=package)
    assert answer["SigningJobArn"] == publisher.job != job
    settled(aws, made)
    assert aws.get_function_configuration(FunctionName=made)["SigningProfileVersionArn"] == publisher.arn


def tampered(package, name="index.py", data=b"def handler(event, context): return 'evil'\n"):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, data if entry.filename == name else old.read(entry))
        if name not in old.namelist():
            new.writestr(name, data)
    return out.getvalue()


def test_untrusted_code_is_refused(aws, configs, publisher, stranger, functions, name):
    config = configs(publisher, policy="Enforce")["CodeSigningConfigArn"]
    plain = make_zip(ECHO)
    mismatch = {"unsigned": plain, "by somebody else": stranger.sign(plain)}
    existing = functions(publisher.sign(plain), CodeSigningConfigArn=config)
    before = aws.get_function_configuration(FunctionName=existing)["CodeSha256"]
    for what, package in mismatch.items():
        refused(lambda: create(aws, name, package, CodeSigningConfigArn=config), 400, "CodeVerificationFailedException", untrusted(name))
        refused(lambda: aws.update_function_code(FunctionName=existing, ZipFile=package), 400, "CodeVerificationFailedException", untrusted(existing))
        refused(lambda: aws.update_function_code(FunctionName=existing, ZipFile=package, DryRun=True), 400, "CodeVerificationFailedException", untrusted(existing))
    assert aws.get_function_configuration(FunctionName=existing)["CodeSha256"] == before
    refused(lambda: aws.get_function(FunctionName=name), 404, "ResourceNotFoundException", f"Function not found: {arn(name)}")


def test_another_key_under_the_same_name_is_refused(aws, configs, publisher, stranger, name):
    config = configs(publisher, policy="Enforce")["CodeSigningConfigArn"]
    # A certificate that claims to be the publisher's: made by whoever has another data directory.
    impostor = publisher.folder / "impostor"
    impostor.mkdir()
    key = impostor / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-subj", "/CN=release", "-days", "9",
                    "-addext", f"subjectAltName=URI:{publisher.arn}", "-keyout", key, "-out", impostor / "certificate.pem"], check=True, capture_output=True)
    key.write_text(key.read_text() + (impostor / "certificate.pem").read_text())
    (impostor / "plain.zip").write_bytes(make_zip(ECHO))
    sign(impostor / "plain.zip", "--key", key, "-o", impostor / "signed.zip")
    refused(lambda: create(aws, name, (impostor / "signed.zip").read_bytes(), CodeSigningConfigArn=config), 400, "CodeVerificationFailedException", untrusted(name))
    again = sign("profile", "add", "--certificate", impostor / "certificate.pem", "--data-dir", publisher.data_dir, check=False)
    assert again.returncode == 1 and "another certificate" in again.stderr


@pytest.mark.parametrize("policy", ["Warn", "Enforce"])
def test_tampered_code_is_refused_under_every_policy(aws, configs, publisher, functions, name, policy):
    config = configs(publisher, policy=policy)["CodeSigningConfigArn"]
    good = publisher.sign(make_zip(ECHO))
    existing = functions(good, CodeSigningConfigArn=config)
    for package in (tampered(good), tampered(good, "more.py"), tampered(good, "META-INF/mayfly-manifest.txt", b"nothing"),
                    tampered(good, "META-INF/mayfly-signature.p7s", b"nothing"), tampered(make_zip(ECHO), "META-INF/mayfly-signature.p7s", b"nothing")):
        message = re.compile("Lambda cannot deploy the function. The code signature failed the integrity check.*")
        refused(lambda: create(aws, name, package, CodeSigningConfigArn=config), 400, "InvalidCodeSignatureException", message)
        refused(lambda: aws.update_function_code(FunctionName=existing, ZipFile=package), 400, "InvalidCodeSignatureException", message)


def test_warning_lets_untrusted_code_through(aws, configs, publisher, stranger, made):
    config = configs(publisher)["CodeSigningConfigArn"]
    answer = create(aws, made, make_zip(ECHO), CodeSigningConfigArn=config)
    assert "SigningJobArn" not in answer
    settled(aws, made)
    answer = aws.update_function_code(FunctionName=made, ZipFile=stranger.sign(make_zip(ECHO)))
    assert answer["SigningProfileVersionArn"] == stranger.arn  # it is known who signed, even if not trusted here
    settled(aws, made)
    assert aws.invoke(FunctionName=made, Payload=b"5")["Payload"].read() == b"5"


def test_revoked_signatures_are_refused(aws, daemon, configs, tmp_path, functions, name):
    signer = Publisher(daemon, tmp_path, "revoked")
    config = configs(signer, policy="Enforce")["CodeSigningConfigArn"]
    first = signer.sign(make_zip(ECHO))
    functions(first, CodeSigningConfigArn=config)
    signer.revoke(signer.job)
    refused(lambda: create(aws, name, first, CodeSigningConfigArn=config), 400, "CodeVerificationFailedException", untrusted(name))
    second = signer.sign(make_zip(ECHO))
    functions(second, CodeSigningConfigArn=config)
    signer.revoke(signer.arn)
    refused(lambda: create(aws, name, second, CodeSigningConfigArn=config), 400, "CodeVerificationFailedException", untrusted(name))


def test_expired_certificates_are_refused(aws, daemon, configs, tmp_path, name):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = PUBLISHER.replace("somebody", "expired")
    (tmp_path / "index.txt").touch()
    (tmp_path / "ca.conf").write_text(f"""[ca]\ndefault_ca = one\n[one]\ndatabase = {tmp_path}/index.txt\nnew_certs_dir = {tmp_path}\nrand_serial = yes
default_md = sha256\npolicy = any\nx509_extensions = names\n[any]\ncommonName = supplied\n[names]\nsubjectAltName = URI:{subject}\n""")
    for command in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=expired", "-keyout", key, "-out", tmp_path / "request"],
                    ["ca", "-batch", "-selfsign", "-notext", "-config", tmp_path / "ca.conf", "-keyfile", key, "-startdate", "20200101000000Z", "-enddate", "20200201000000Z",
                     "-in", tmp_path / "request", "-out", certificate]):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    key.write_text(key.read_text() + certificate.read_text())
    assert sign("profile", "add", "--certificate", certificate, "--data-dir", daemon.data_dir).stdout.strip() == subject
    plain = tmp_path / "plain.zip"
    plain.write_bytes(make_zip(ECHO))
    sign(plain, "--key", key, "-o", tmp_path / "signed.zip")
    config = configs(subject, policy="Enforce")["CodeSigningConfigArn"]
    refused(lambda: create(aws, name, (tmp_path / "signed.zip").read_bytes(), CodeSigningConfigArn=config), 400, "CodeVerificationFailedException", untrusted(name))


def test_code_from_a_bucket_is_checked_as_well(aws, daemon, configs, publisher, made):
    config = configs(publisher, policy="Enforce")["CodeSigningConfigArn"]
    bucket = daemon.data_dir / "buckets" / "signed-code"
    bucket.mkdir(parents=True)
    (bucket / "plain.zip").write_bytes(make_zip(ECHO))
    (bucket / "signed.zip").write_bytes(publisher.sign(make_zip(ECHO)))
    settings = {"FunctionName": made, "Runtime": "python3.11", "Handler": "index.handler", "Role": ROLE, "CodeSigningConfigArn": config}
    refused(lambda: aws.create_function(**settings, Code={"S3Bucket": "signed-code", "S3Key": "plain.zip"}), 400, "CodeVerificationFailedException", untrusted(made))
    assert aws.create_function(**settings, Code={"S3Bucket": "signed-code", "S3Key": "signed.zip"})["SigningJobArn"] == publisher.job


def test_changes_count_from_the_next_deployment(aws, configs, publisher, functions):
    name = functions()  # unsigned
    config = configs(publisher, policy="Enforce")["CodeSigningConfigArn"]
    aws.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=config)
    assert aws.invoke(FunctionName=name, Payload=b"5")["Payload"].read() == b"5"
    aws.update_function_configuration(FunctionName=name, Timeout=4)
    settled(aws, name)
    refused(lambda: aws.update_function_code(FunctionName=name, ZipFile=make_zip(ECHO)), 400, "CodeVerificationFailedException", untrusted(name))
    aws.update_code_signing_config(CodeSigningConfigArn=config, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Warn"})
    aws.update_function_code(FunctionName=name, ZipFile=make_zip(ECHO))


# --- the command, and restarts ---------------------------------------------------------------------------------------------

def test_the_command_explains_itself(publisher, tmp_path):
    assert "mayfly sign profile create" in sign("--help").stdout
    package = tmp_path / "signed.zip"
    package.write_bytes(publisher.sign(make_zip(ECHO)))
    shown = sign("verify", package, "--data-dir", publisher.data_dir)
    assert publisher.arn in shown.stdout and "trusted" in shown.stdout
    unknown = sign("verify", package, "--data-dir", tmp_path, check=False)
    assert unknown.returncode == 1 and publisher.arn in unknown.stdout
    package.write_bytes(tampered(package.read_bytes()))
    assert sign("verify", package, "--data-dir", publisher.data_dir, check=False).returncode == 1
    missing = sign(package, "--key", tmp_path / "none.pem", check=False)
    assert missing.returncode == 1 and "none.pem" in missing.stderr
    assert publisher.key.stat().st_mode & 0o777 == 0o600
    again = sign("profile", "create", "release", "--key", publisher.key, "--data-dir", publisher.data_dir, check=False)
    assert again.returncode == 1  # a key is never overwritten


def test_plain_openssl_can_check_a_signature(publisher, tmp_path):
    with zipfile.ZipFile(io.BytesIO(publisher.sign(make_zip(ECHO)))) as archive:
        archive.extractall(tmp_path)
    checked = subprocess.run(["openssl", "cms", "-verify", "-inform", "DER", "-in", "META-INF/mayfly-signature.p7s", "-content", "META-INF/mayfly-manifest.txt",
                              "-noverify", "-binary", "-out", "content"], cwd=tmp_path, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    digest = subprocess.run(["sha256sum", "index.py"], cwd=tmp_path, capture_output=True, text=True).stdout.split()[0]
    assert f"{digest} 100644 index.py\n" in (tmp_path / "content").read_text()


def test_configurations_survive_a_restart(tmp_path, name):
    with Daemon() as daemon:
        aws = daemon.client()
        signer = Publisher(daemon, tmp_path, "release")
        config = aws.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [signer.arn]},
                                                CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"})["CodeSigningConfig"]
        create(aws, name, signer.sign(make_zip(ECHO)), CodeSigningConfigArn=config["CodeSigningConfigArn"])
        daemon.kill()
        daemon.start()
        aws = daemon.client()
        assert aws.get_code_signing_config(CodeSigningConfigArn=config["CodeSigningConfigArn"])["CodeSigningConfig"] == config
        assert aws.get_function_code_signing_config(FunctionName=name)["CodeSigningConfigArn"] == config["CodeSigningConfigArn"]
        settled(aws, name)
        assert aws.get_function_configuration(FunctionName=name)["SigningJobArn"] == signer.job
        refused(lambda: aws.update_function_code(FunctionName=name, ZipFile=make_zip(ECHO)), 400, "CodeVerificationFailedException", untrusted(name))
