"""If these fail, applications cannot use keys of Mayfly as those of AWS KMS, or what they encrypt is open or lost."""
import base64
import hashlib
import json
import os
import subprocess
import sys

import pytest

from daemon import ACCOUNT, REGION, Daemon, wait_until
from test_sts import refused

SHA = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


@pytest.fixture
def kms(daemon):
    return daemon.client("kms")


@pytest.fixture(scope="module")
def key(daemon):
    return daemon.client("kms").create_key(Description="of all tests")["KeyMetadata"]


def make(kms, **settings):
    return kms.create_key(**settings)["KeyMetadata"]


def alias(name):
    return f"alias/{name}-{os.getpid()}"


def test_a_key_and_what_is_told_of_it(kms):
    made = make(kms, Description="mine", Tags=[{"TagKey": "a", "TagValue": "b"}])
    assert made.pop("CreationDate") and len(made.pop("CurrentKeyMaterialId")) == 64
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{made['KeyId']}"
    assert made == {"AWSAccountId": ACCOUNT, "KeyId": made["KeyId"], "Arn": arn, "Enabled": True, "Description": "mine", "KeyUsage": "ENCRYPT_DECRYPT",
                    "KeyState": "Enabled", "Origin": "AWS_KMS", "KeyManager": "CUSTOMER", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
                    "KeySpec": "SYMMETRIC_DEFAULT", "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "MultiRegion": False}
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["Description"] == "mine"
    kms.update_key_description(KeyId=arn, Description="yours")
    assert kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["Description"] == "yours"
    keys = [one["KeyId"] for page in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}) for one in page["Keys"]]
    assert made["KeyId"] in keys and len(keys) == len(set(keys))
    kms.tag_resource(KeyId=arn, Tags=[{"TagKey": "c", "TagValue": "d"}])
    kms.untag_resource(KeyId=arn, TagKeys=["a"])
    assert kms.list_resource_tags(KeyId=arn)["Tags"] == [{"TagKey": "c", "TagValue": "d"}]


def test_keys_that_are_not_there(kms):
    missing = "12345678-1234-1234-1234-123456789012"
    with refused("NotFoundException") as how:
        kms.describe_key(KeyId=missing)
    assert how.text == f"Key 'arn:aws:kms:{REGION}:{ACCOUNT}:key/{missing}' does not exist"
    with refused("NotFoundException") as how:
        kms.encrypt(KeyId="alias/none", Plaintext=b"x")
    assert how.text == f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:alias/none is not found."
    with refused("NotFoundException") as how:
        kms.describe_key(KeyId="no-key")
    assert how.text == "Invalid keyId 'no-key'"
    with refused("NotFoundException") as how:
        kms.describe_key(KeyId=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{missing}")
    assert how.text == "Invalid arn eu-west-1"


def test_encryption_and_its_context(kms, key):
    context = {"for": "me", "and": "you"}
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret", EncryptionContext=context)
    assert sealed["KeyId"] == key["Arn"] and sealed["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT" and b"secret" not in sealed["CiphertextBlob"]
    blob = sealed["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=dict(reversed(context.items())))
    assert opened["Plaintext"] == b"secret" and opened["KeyId"] == key["Arn"]
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=context, KeyId=key["Arn"])["Plaintext"] == b"secret"
    for wrong in ({}, {"for": "me"}, {"For": "me", "and": "you"}):
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=wrong)
    for bad in (b"x", blob[:-1], blob[:-1] + bytes([blob[-1] ^ 1]), blob + b"x"):
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=bad, EncryptionContext=context)
    other = make(kms)
    with refused("IncorrectKeyException") as how:
        kms.decrypt(CiphertextBlob=blob, EncryptionContext=context, KeyId=other["KeyId"])
    assert how.text == "The key ID in the request does not identify a CMK that can perform this operation."
    again = kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=context, DestinationKeyId=other["KeyId"], DestinationEncryptionContext={"a": "b"})
    assert (again["SourceKeyId"], again["KeyId"]) == (key["Arn"], other["Arn"])
    assert kms.decrypt(CiphertextBlob=again["CiphertextBlob"], EncryptionContext={"a": "b"})["Plaintext"] == b"secret"
    with refused("ValidationException"):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x" * 4097)
    with refused("DryRunOperationException", 412):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", DryRun=True)


def test_data_keys(kms, key):
    made = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", EncryptionContext={"a": "b"})
    assert len(made["Plaintext"]) == 32 and made["KeyId"] == key["Arn"]
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "b"})["Plaintext"] == made["Plaintext"]
    assert len(kms.generate_data_key(KeyId=key["KeyId"], NumberOfBytes=1024)["Plaintext"]) == 1024
    sealed = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], KeySpec="AES_128")
    assert "Plaintext" not in sealed and len(kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])["Plaintext"]) == 16
    for wrong in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 8}):
        with refused("ValidationException") as how:
            kms.generate_data_key(KeyId=key["KeyId"], **wrong)
        assert how.text == "Please specify either number of bytes or key spec."
    pair = kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P256")
    assert kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"] == pair["PrivateKeyPlaintext"]
    assert "PrivateKeyPlaintext" not in kms.generate_data_key_pair_without_plaintext(KeyId=key["KeyId"], KeyPairSpec="RSA_2048")
    assert len(kms.generate_random(NumberOfBytes=33)["Plaintext"]) == 33


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1"])
def test_signatures(kms, spec, tmp_path):
    made = make(kms, KeySpec=spec, KeyUsage="SIGN_VERIFY")
    public = kms.get_public_key(KeyId=made["KeyId"])
    assert public["KeySpec"] == spec and public["SigningAlgorithms"] == made["SigningAlgorithms"]
    (tmp_path / "key.der").write_bytes(public["PublicKey"])
    (tmp_path / "text").write_bytes(b"text")
    for algorithm in made["SigningAlgorithms"]:
        sha = algorithm[-3:]
        signed = kms.sign(KeyId=made["KeyId"], Message=b"text", SigningAlgorithm=algorithm)["Signature"]
        digest = SHA[sha](b"text").digest()
        assert kms.verify(KeyId=made["KeyId"], Message=digest, MessageType="DIGEST", Signature=signed, SigningAlgorithm=algorithm)["SignatureValid"]
        with refused("KMSInvalidSignatureException"):
            kms.verify(KeyId=made["KeyId"], Message=b"another", Signature=signed, SigningAlgorithm=algorithm)
        with refused("ValidationException") as how:
            kms.sign(KeyId=made["KeyId"], Message=b"short", MessageType="DIGEST", SigningAlgorithm=algorithm)
        assert how.text == f"Digest is invalid length for algorithm {algorithm}."
        # By somebody else's code.
        (tmp_path / "signature").write_bytes(signed)
        options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"] if "PSS" in algorithm else []
        subprocess.run(["openssl", "dgst", f"-sha{sha}", "-verify", str(tmp_path / "key.der"), "-keyform", "DER", *options, "-signature",
                        str(tmp_path / "signature"), str(tmp_path / "text")], check=True, stdout=subprocess.DEVNULL)
    with refused("InvalidKeyUsageException") as how:
        kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")
    assert how.text == f"{made['Arn']} key usage is SIGN_VERIFY which is not valid for Encrypt."


def test_rsa_encryption(kms):
    made = make(kms, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    for algorithm in made["EncryptionAlgorithms"]:
        blob = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"secret", EncryptionAlgorithm=algorithm)["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=blob, KeyId=made["KeyId"], EncryptionAlgorithm=algorithm)["Plaintext"] == b"secret"
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=blob[:-1] + b"x", KeyId=made["KeyId"], EncryptionAlgorithm=algorithm)
    with refused("InvalidKeyUsageException"):
        kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_macs(kms, bits):
    made = make(kms, KeySpec=f"HMAC_{bits}", KeyUsage="GENERATE_VERIFY_MAC")
    algorithm = f"HMAC_SHA_{bits}"
    assert made["MacAlgorithms"] == [algorithm]
    mac = kms.generate_mac(KeyId=made["KeyId"], Message=b"text", MacAlgorithm=algorithm)["Mac"]
    assert len(mac) == bits // 8 and kms.verify_mac(KeyId=made["KeyId"], Message=b"text", MacAlgorithm=algorithm, Mac=mac)["MacValid"]
    with refused("KMSInvalidMacException"):
        kms.verify_mac(KeyId=made["KeyId"], Message=b"other", MacAlgorithm=algorithm, Mac=mac)


def test_a_shared_secret(kms):
    one, two = (make(kms, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")["KeyId"] for _ in range(2))
    secrets = [kms.derive_shared_secret(KeyId=mine, KeyAgreementAlgorithm="ECDH", PublicKey=kms.get_public_key(KeyId=other)["PublicKey"])["SharedSecret"]
               for mine, other in ((one, two), (two, one))]
    assert secrets[0] == secrets[1] and len(secrets[0]) == 32


@pytest.mark.parametrize("settings, code, text", [
    ({"KeySpec": "RSA_2048"}, "ValidationException", "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."),
    ({"KeySpec": "HMAC_256", "KeyUsage": "SIGN_VERIFY"}, "ValidationException", "KeyUsage SIGN_VERIFY is not compatible with KeySpec HMAC_256"),
    ({"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "RSA_2048"}, "ValidationException",
     "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated."),
    ({"Policy": "{}"}, "MalformedPolicyDocumentException", None),
])
def test_keys_that_cannot_be(kms, settings, code, text):
    with refused(code) as how:
        kms.create_key(**settings)
    assert text in (None, how.text)


def test_states(kms, daemon):
    made = make(kms)
    name = made["KeyId"]
    blob = kms.encrypt(KeyId=name, Plaintext=b"secret")["CiphertextBlob"]
    kms.disable_key(KeyId=name)
    for use in (lambda: kms.encrypt(KeyId=name, Plaintext=b"x"), lambda: kms.decrypt(CiphertextBlob=blob), lambda: kms.generate_data_key(KeyId=name, KeySpec="AES_256")):
        with refused("DisabledException") as how:
            use()
        assert how.text == f"{made['Arn']} is disabled."
    kms.enable_key(KeyId=name)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"
    with refused("ValidationException") as how:
        kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=6)
    assert how.text == "PendingWindowInDays should be between 7 and 30, but it is 6"
    answer = kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"], answer["PendingWindowInDays"]) == (made["Arn"], "PendingDeletion", 7)
    with refused("KMSInvalidStateException") as how:
        kms.decrypt(CiphertextBlob=blob)
    assert how.text == f"{made['Arn']} is pending deletion."
    assert kms.cancel_key_deletion(KeyId=name)["KeyId"] == made["Arn"]
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == "Disabled"


def test_aliases(kms):
    one, two = make(kms), make(kms)
    name = alias("app")
    kms.create_alias(AliasName=name, TargetKeyId=one["KeyId"])
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:{name}"
    with refused("AlreadyExistsException") as how:
        kms.create_alias(AliasName=name, TargetKeyId=two["KeyId"])
    assert how.text == f"An alias with the name {arn} already exists"
    blob = kms.encrypt(KeyId=name, Plaintext=b"x")
    assert blob["KeyId"] == one["Arn"]
    kms.update_alias(AliasName=name, TargetKeyId=two["Arn"])
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyId"] == two["KeyId"]
    assert kms.decrypt(CiphertextBlob=blob["CiphertextBlob"])["Plaintext"] == b"x"
    listed = kms.list_aliases(KeyId=two["KeyId"])["Aliases"]
    assert [(each["AliasName"], each["AliasArn"], each["TargetKeyId"]) for each in listed] == [(name, arn, two["KeyId"])]
    kms.delete_alias(AliasName=name)
    with refused("NotFoundException"):
        kms.delete_alias(AliasName=name)
    with refused("ValidationException"):
        kms.create_alias(AliasName="app", TargetKeyId=one["KeyId"])
    with refused("NotAuthorizedException"):
        kms.create_alias(AliasName="alias/aws/mine", TargetKeyId=one["KeyId"])
    with refused("NotFoundException"):  # what changes a key is told its id
        kms.disable_key(KeyId="alias/app")


def test_keys_of_aws_are_made_when_they_are_asked_for(kms):
    shown = kms.describe_key(KeyId="alias/aws/lambda")["KeyMetadata"]
    assert shown["KeyManager"] == "AWS"
    assert kms.describe_key(KeyId="alias/aws/lambda")["KeyMetadata"]["KeyId"] == shown["KeyId"]
    assert kms.get_key_rotation_status(KeyId=shown["KeyId"])["KeyRotationEnabled"]
    assert json.loads(kms.get_key_policy(KeyId=shown["KeyId"])["Policy"])["Id"] == "auto-lambda-1"
    for change in (lambda: kms.schedule_key_deletion(KeyId=shown["KeyId"]), lambda: kms.put_key_policy(KeyId=shown["KeyId"], Policy="{}")):
        with refused("AccessDeniedException"):
            change()
    with refused("NotFoundException"):
        kms.describe_key(KeyId="alias/aws/nothing")


def test_policies(kms, key):
    root = f"arn:aws:iam::{ACCOUNT}:root"
    policy = {"Version": "2012-10-17", "Id": "key-default-1",
              "Statement": [{"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}]}
    shown = kms.get_key_policy(KeyId=key["KeyId"])
    assert json.loads(shown["Policy"]) == policy and shown["PolicyName"] == "default"
    assert '"Version" : "2012-10-17"' in shown["Policy"]
    made = make(kms)["KeyId"]
    policy["Statement"][0]["Sid"] = "mine"
    kms.put_key_policy(KeyId=made, PolicyName="default", Policy=json.dumps(policy))
    assert json.loads(kms.get_key_policy(KeyId=made, PolicyName="default")["Policy"]) == policy
    assert kms.list_key_policies(KeyId=made)["PolicyNames"] == ["default"]
    policy["Statement"][0]["Principal"] = {"AWS": "arn:aws:iam::999999999999:root"}
    with refused("MalformedPolicyDocumentException") as how:
        kms.put_key_policy(KeyId=made, Policy=json.dumps(policy))
    assert how.text == "The new key policy will not allow you to update the key policy in the future."


def test_grants(kms, key):
    role = f"arn:aws:iam::{ACCOUNT}:role/worker"
    made = kms.create_grant(KeyId=key["Arn"], GranteePrincipal=role, Operations=["Decrypt", "Encrypt"], Name="one",
                            Constraints={"EncryptionContextSubset": {"a": "b"}}, RetiringPrincipal=role)
    assert kms.create_grant(KeyId=key["Arn"], GranteePrincipal=role, Operations=["Decrypt", "Encrypt"], Name="one",
                            Constraints={"EncryptionContextSubset": {"a": "b"}}, RetiringPrincipal=role)["GrantId"] == made["GrantId"]
    [grant] = kms.list_grants(KeyId=key["KeyId"], GrantId=made["GrantId"])["Grants"]
    assert grant.pop("CreationDate")
    assert grant == {"KeyId": key["Arn"], "GrantId": made["GrantId"], "Name": "one", "GranteePrincipal": role, "RetiringPrincipal": role,
                     "IssuingAccount": f"arn:aws:iam::{ACCOUNT}:root", "Operations": ["Decrypt", "Encrypt"],
                     "Constraints": {"EncryptionContextSubset": {"a": "b"}}}
    assert [one["GrantId"] for one in kms.list_retirable_grants(RetiringPrincipal=role)["Grants"]] == [made["GrantId"]]
    kms.retire_grant(GrantToken=made["GrantToken"])
    with refused("NotFoundException"):
        kms.revoke_grant(KeyId=key["KeyId"], GrantId=made["GrantId"])
    other = kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=role, Operations=["Decrypt"])
    kms.revoke_grant(KeyId=key["KeyId"], GrantId=other["GrantId"])
    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []
    with refused("InvalidGrantTokenException"):
        kms.retire_grant(GrantToken="nothing")


def test_what_a_grant_allows(kms, daemon):
    other, arn = daemon.client("kms", key="111122223333"), make(kms)["Arn"]
    who = {"KeyId": arn, "GranteePrincipal": "arn:aws:iam::111122223333:root"}
    with refused("AccessDeniedException"):
        other.encrypt(KeyId=arn, Plaintext=b"x")
    kms.create_grant(**who, Operations=["Encrypt"], Constraints={"SourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"})
    with refused("AccessDeniedException"):
        other.encrypt(KeyId=arn, Plaintext=b"x")
    made = kms.create_grant(**who, Operations=["Encrypt", "Decrypt"], Constraints={"EncryptionContextSubset": {"a": "b"}})["GrantId"]
    context = {"a": "b", "c": "d"}
    blob = other.encrypt(KeyId=arn, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    assert other.decrypt(CiphertextBlob=blob, EncryptionContext=context)["KeyId"] == arn
    for refusal in (lambda: other.encrypt(KeyId=arn, Plaintext=b"x", EncryptionContext={"a": "c"}), lambda: other.disable_key(KeyId=arn)):
        with refused("AccessDeniedException"):
            refusal()
    kms.revoke_grant(KeyId=arn, GrantId=made)
    with refused("AccessDeniedException"):
        other.decrypt(CiphertextBlob=blob, EncryptionContext=context)


def test_rotation_by_hand(kms):
    made = make(kms)
    name = made["KeyId"]
    old = kms.encrypt(KeyId=name, Plaintext=b"old")["CiphertextBlob"]
    assert not kms.get_key_rotation_status(KeyId=name)["KeyRotationEnabled"]
    assert kms.rotate_key_on_demand(KeyId=name)["KeyId"] == made["Arn"]
    now = kms.describe_key(KeyId=name)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert now != made["CurrentKeyMaterialId"]
    assert kms.decrypt(CiphertextBlob=old)["KeyMaterialId"] == made["CurrentKeyMaterialId"]
    [rotation] = kms.list_key_rotations(KeyId=name)["Rotations"]
    assert (rotation["RotationType"], rotation["KeyMaterialId"], rotation["KeyMaterialState"]) == ("ON_DEMAND", now, "CURRENT")
    assert len(kms.list_key_rotations(KeyId=name, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]) == 2
    with refused("UnsupportedOperationException"):
        kms.enable_key_rotation(KeyId=make(kms, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyId"])


def test_from_the_command_line(daemon, tmp_path):
    def aws(*words):
        command = [sys.executable, "-m", "awscli", "--endpoint-url", daemon.url, "--region", REGION, "kms", *words]
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout or b"{}")
    made = aws("create-key", "--description", "from a terminal")["KeyMetadata"]["KeyId"]
    sealed = aws("encrypt", "--key-id", made, "--plaintext", "secret", "--encryption-context", "a=b")
    (tmp_path / "blob").write_bytes(base64.b64decode(sealed["CiphertextBlob"]))
    opened = aws("decrypt", "--ciphertext-blob", f"fileb://{tmp_path}/blob", "--encryption-context", "a=b")
    assert base64.b64decode(opened["Plaintext"]) == b"secret"


def test_times_and_restarts():
    """Keys rotate and go by the calendar; what was encrypted before a restart can be decrypted behind it."""
    with Daemon() as daemon:
        kms = daemon.client("kms")
        made, gone = (make(kms)["KeyId"] for _ in range(2))
        kms.create_alias(AliasName="alias/gone", TargetKeyId=gone)
        old = kms.encrypt(KeyId=made, Plaintext=b"old")["CiphertextBlob"]
        lost = kms.encrypt(KeyId=gone, Plaintext=b"lost")["CiphertextBlob"]
        kms.enable_key_rotation(KeyId=made, RotationPeriodInDays=90)
        assert kms.get_key_rotation_status(KeyId=made)["RotationPeriodInDays"] == 90
        kms.schedule_key_deletion(KeyId=gone, PendingWindowInDays=7)
        daemon.advance(91 * 86400)
        rotated(kms, made, 1)
        with refused("NotFoundException"):
            kms.describe_key(KeyId="alias/gone")
        with refused("AccessDeniedException") as how:
            kms.decrypt(CiphertextBlob=lost)
        assert how.text.startswith("The ciphertext refers to a customer master key that does not exist")
        daemon.stop()
        daemon.start()
        kms = daemon.client("kms")
        assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
        assert kms.encrypt(KeyId=made, Plaintext=b"new")["KeyId"].endswith(made)


def rotated(kms, key, times):
    return wait_until(lambda: len(kms.list_key_rotations(KeyId=key)["Rotations"]) == times, 20, "the key has not been rotated")
