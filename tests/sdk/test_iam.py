"""If these fail, tools cannot make the roles, policies, users and keys that they deploy with, or are told something else than AWS would tell them."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from daemon import ACCOUNT, REGION, Daemon
from packages import make_zip

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
LOGS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.fixture
def iam(daemon):
    return daemon.client("iam")


@pytest.fixture(scope="module")
def strict():
    with Daemon(auth="strict") as daemon:
        key = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
        daemon.root = (key["access_key_id"], key["secret_access_key"])
        yield daemon


def refused(code, status, text=None):
    class Refused:
        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            assert isinstance(error, ClientError), f"nothing was refused, but {code} was to come: {error!r}"
            self.text = error.response["Error"]["Message"]
            assert error.response["Error"]["Code"] == code, error.response
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status, error.response
            assert text is None or self.text == text, self.text
            return True
    return Refused()


def make_role(iam, name, **more):
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), **more)["Role"]


def make_policy(iam, name, document=LOGS, **more):
    return iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document), **more)["Policy"]


def everything(client, operation, member, **arguments):
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[member]]


# --- roles ---

def test_a_role_is_made_and_read_back(iam, name):
    made = make_role(iam, name, Path="/teams/blue/", Description="deploys", MaxSessionDuration=7200, Tags=[{"Key": "team", "Value": "blue"}])
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/teams/blue/{name}"
    assert made["RoleId"].startswith("AROA") and len(made["RoleId"]) == 21
    assert made["AssumeRolePolicyDocument"] == TRUST
    role = iam.get_role(RoleName=name.upper())["Role"]
    assert (role["RoleName"], role["Description"], role["MaxSessionDuration"], role["RoleId"]) == (name, "deploys", 7200, made["RoleId"])
    assert role["Tags"] == [{"Key": "team", "Value": "blue"}] and role["RoleLastUsed"] == {}
    assert [one["RoleName"] for one in everything(iam, "list_roles", "Roles", PathPrefix="/teams/blue/") if one["RoleName"] == name] == [name]
    with refused("EntityAlreadyExists", 409, f"Role with name {name.upper()} already exists."):
        make_role(iam, name.upper())
    iam.delete_role(RoleName=name)
    with refused("NoSuchEntity", 404, f"The role with name {name} cannot be found."):
        iam.get_role(RoleName=name)


def test_documents_are_percent_encoded_on_the_wire(daemon, iam, name):
    make_role(iam, name)
    answer = daemon.send("POST", "/", f"Action=GetRole&Version=2010-05-08&RoleName={name}", {"Content-Type": "application/x-www-form-urlencoded", "Host": "iam.amazonaws.com"})
    assert answer.status == 200 and b"%7B%22Version%22%3A%20%222012-10-17%22" in answer.body, str(answer)
    assert b'xmlns="https://iam.amazonaws.com/doc/2010-05-08/"' in answer.body


def test_what_a_role_is_changed_to(iam, name):
    make_role(iam, name)
    iam.update_role(RoleName=name, Description="other", MaxSessionDuration=3601)
    trust = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"Service": ["events.amazonaws.com", "states.amazonaws.com"]}}]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    iam.tag_role(RoleName=name, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_role(RoleName=name, TagKeys=["a"])
    role = iam.get_role(RoleName=name)["Role"]
    assert (role["Description"], role["MaxSessionDuration"], role["AssumeRolePolicyDocument"]) == ("other", 3601, trust)
    assert iam.list_role_tags(RoleName=name)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert iam.update_role_description(RoleName=name, Description="third")["Role"]["Description"] == "third"


@pytest.mark.parametrize("document, text", [
    ("{", "This policy contains invalid Json"),
    ('{"Version":"2012-10-17"}', "Missing required field Statement"),
    ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}', "Missing required field Principal"),
    ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole","Resource":"*"}]}',
     "Has prohibited field Resource"),
    ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}]}',
     "AssumeRole policy may only specify STS AssumeRole actions."),
])
def test_a_trust_policy_that_is_none_is_refused(iam, name, document, text):
    with refused("MalformedPolicyDocument", 400, text):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)


def test_a_role_that_has_something_stays(iam, name):
    make_role(iam, name)
    iam.attach_role_policy(RoleName=name, PolicyArn=BASIC)
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(LOGS))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    with refused("DeleteConflict", 409, "Cannot delete entity, must detach all policies first."):
        iam.delete_role(RoleName=name)
    iam.detach_role_policy(RoleName=name, PolicyArn=BASIC)
    with refused("DeleteConflict", 409, "Cannot delete entity, must delete policies first."):
        iam.delete_role(RoleName=name)
    iam.delete_role_policy(RoleName=name, PolicyName="inline")
    assert [one["InstanceProfileName"] for one in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]] == [name]
    with refused("DeleteConflict", 409, "Cannot delete entity, must remove roles from instance profile first."):
        iam.delete_role(RoleName=name)
    with refused("DeleteConflict", 409, "Cannot delete entity, must remove roles from instance profile first."):
        iam.delete_instance_profile(InstanceProfileName=name)
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    iam.delete_instance_profile(InstanceProfileName=name)
    iam.delete_role(RoleName=name)


def test_inline_policies(iam, name):
    make_role(iam, name)
    for policy in ("b", "a", "c"):
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(LOGS))
    assert everything(iam, "list_role_policies", "PolicyNames", RoleName=name, PaginationConfig={"PageSize": 2}) == ["a", "b", "c"]
    shown = iam.get_role_policy(RoleName=name, PolicyName="a")
    assert (shown["RoleName"], shown["PolicyName"], shown["PolicyDocument"]) == (name, "a", LOGS)
    with refused("NoSuchEntity", 404, "The role policy with name x cannot be found."):
        iam.get_role_policy(RoleName=name, PolicyName="x")
    with refused("MalformedPolicyDocument", 400, "Policy document should not specify a principal."):
        iam.put_role_policy(RoleName=name, PolicyName="x", PolicyDocument=json.dumps({**LOGS, "Statement": [{**LOGS["Statement"][0], "Principal": "*"}]}))
    large = {**LOGS, "Statement": [{**LOGS["Statement"][0], "Sid": "x" * 10_200}]}
    with refused("LimitExceeded", 409, f"Maximum policy size of 10240 bytes exceeded for role {name}"):
        iam.put_role_policy(RoleName=name, PolicyName="d", PolicyDocument=json.dumps(large))


def test_service_linked_roles(iam):
    role = iam.create_service_linked_role(AWSServiceName="lex.amazonaws.com", Description="d")["Role"]
    assert (role["RoleName"], role["Path"]) == ("AWSServiceRoleForLex", "/aws-service-role/lex.amazonaws.com/")
    with refused("InvalidInput", 400):
        iam.create_service_linked_role(AWSServiceName="lex.amazonaws.com")
    with refused("UnmodifiableEntity", 400):
        iam.delete_role(RoleName="AWSServiceRoleForLex")
    task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForLex")["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"


# --- managed policies ---

def test_a_policy_and_its_versions(iam, name):
    policy = make_policy(iam, name, Path="/p/", Description="logs", Tags=[{"Key": "k", "Value": "v"}])
    arn = policy["Arn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:policy/p/{name}" and policy["PolicyId"].startswith("ANPA") and policy["DefaultVersionId"] == "v1"
    with refused("EntityAlreadyExists", 409, f"A policy called {name} already exists. Duplicate names are not allowed."):
        make_policy(iam, name)
    other = {**LOGS, "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]}
    for number in range(2, 6):
        made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(other), SetAsDefault=number == 2)["PolicyVersion"]
        assert (made["VersionId"], made["IsDefaultVersion"]) == (f"v{number}", number == 2)
    with refused("LimitExceeded", 409):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(LOGS))
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"] == other
    with refused("DeleteConflict", 409, "Cannot delete the default version of a policy."):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    with refused("DeleteConflict", 409):
        iam.delete_policy(PolicyArn=arn)
    for number in range(2, 6):
        iam.delete_policy_version(PolicyArn=arn, VersionId=f"v{number}")
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(LOGS))["PolicyVersion"]["VersionId"] == "v6"
    assert [one["VersionId"] for one in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v6", "v1"]
    iam.delete_policy_version(PolicyArn=arn, VersionId="v6")
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", 404, f"Policy {arn} was not found."):
        iam.get_policy(PolicyArn=arn)


def test_who_has_a_policy_is_counted(iam, name):
    arn = make_policy(iam, name)["Arn"]
    make_role(iam, name, PermissionsBoundary=arn)
    iam.create_user(UserName=name)
    iam.create_group(GroupName=name)
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    iam.attach_group_policy(GroupName=name, PolicyArn=arn)
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (policy["AttachmentCount"], policy["PermissionsBoundaryUsageCount"]) == (3, 1)
    has = iam.list_entities_for_policy(PolicyArn=arn)
    assert ([one["RoleName"] for one in has["PolicyRoles"]], [one["UserName"] for one in has["PolicyUsers"]], [one["GroupName"] for one in has["PolicyGroups"]]) == ([name], [name], [name])
    only = iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="Role", PolicyUsageFilter="PermissionsBoundary")
    assert [one["RoleName"] for one in only["PolicyRoles"]] == [name] and not only["PolicyUsers"]
    assert arn in [one["Arn"] for one in everything(iam, "list_policies", "Policies", Scope="Local", OnlyAttached=True)]
    with refused("DeleteConflict", 409, "Cannot delete a policy attached to entities."):
        iam.delete_policy(PolicyArn=arn)
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == [{"PolicyName": name, "PolicyArn": arn}]
    iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    with refused("NoSuchEntity", 404, f"Policy {arn} was not found."):
        iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    with refused("NoSuchEntity", 404, f"Policy {arn}x does not exist or is not attachable."):
        iam.attach_role_policy(RoleName=name, PolicyArn=arn + "x")


def test_policies_of_aws(iam, name):
    policy = iam.get_policy(PolicyArn=BASIC)["Policy"]
    assert (policy["PolicyName"], policy["Path"], policy["IsAttachable"]) == ("AWSLambdaBasicExecutionRole", "/service-role/", True)
    document = iam.get_policy_version(PolicyArn=BASIC, VersionId=policy["DefaultVersionId"])["PolicyVersion"]["Document"]
    assert document["Statement"] == [{"Effect": "Allow", "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}]
    listed = everything(iam, "list_policies", "Policies", Scope="AWS", PathPrefix="/service-role/", PaginationConfig={"PageSize": 3})
    assert BASIC in [one["Arn"] for one in listed] and all(one["Path"] == "/service-role/" for one in listed)
    unknown = "arn:aws:iam::aws:policy/AmazonSomethingNewFullAccess"
    assert iam.get_policy(PolicyArn=unknown)["Policy"]["DefaultVersionId"] == "v1"
    make_role(iam, name)
    iam.attach_role_policy(RoleName=name, PolicyArn=unknown)


def test_lists_come_in_pages(iam, name):
    names = [f"{name}-{number:03}" for number in range(7)]
    for one in names:
        make_role(iam, one, Path=f"/{name}/")
    first = iam.list_roles(PathPrefix=f"/{name}/", MaxItems=3)
    assert first["IsTruncated"] and [one["RoleName"] for one in first["Roles"]] == names[:3]
    assert [one["RoleName"] for one in everything(iam, "list_roles", "Roles", PathPrefix=f"/{name}/", PaginationConfig={"PageSize": 3})] == names
    with refused("ValidationError", 400, "Invalid Marker."):
        iam.list_roles(Marker="no marker of ours")


# --- users, groups, keys ---

def test_users_and_groups(iam, name):
    user = iam.create_user(UserName=name, Path="/people/", Tags=[{"Key": "a", "Value": "b"}])["User"]
    assert user["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/people/{name}" and user["UserId"].startswith("AIDA")
    group = iam.create_group(GroupName=name)["Group"]
    assert group["GroupId"].startswith("AGPA")
    iam.add_user_to_group(GroupName=name, UserName=name)
    assert [one["UserName"] for one in iam.get_group(GroupName=name)["Users"]] == [name]
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName=name)["Groups"]] == [name]
    with refused("DeleteConflict", 409, "Cannot delete entity, must remove users from group first."):
        iam.delete_group(GroupName=name)
    iam.update_group(GroupName=name, NewGroupName=name + "-2")
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName=name)["Groups"]] == [name + "-2"]
    iam.create_login_profile(UserName=name, Password="secret-12345", PasswordResetRequired=True)
    assert iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"] is True
    iam.update_user(UserName=name, NewUserName=name + "-2", NewPath="/")
    assert iam.get_user(UserName=name + "-2")["User"]["UserId"] == user["UserId"]
    with refused("NoSuchEntity", 404, f"The user with name {name} cannot be found."):
        iam.get_user(UserName=name)
    iam.remove_user_from_group(GroupName=name + "-2", UserName=name + "-2")
    with refused("DeleteConflict", 409, "Cannot delete entity, must delete login profile first."):
        iam.delete_user(UserName=name + "-2")
    iam.delete_login_profile(UserName=name + "-2")
    assert iam.list_mfa_devices(UserName=name + "-2")["MFADevices"] == []
    iam.delete_user(UserName=name + "-2")
    iam.delete_group(GroupName=name + "-2")


def test_the_root_asks_who_it_is(iam):
    assert iam.get_user()["User"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_keys_of_users_sign(strict, name):
    """A key that is made is good at once, as its user; one that is inactive or gone is not; a user that is renamed keeps it."""
    iam = strict.client("iam", *strict.root)
    account = strict.client("sts", *strict.root).get_caller_identity()["Account"]
    iam.create_user(UserName=name, Path="/p/")
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps({**LOGS, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    mine = strict.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
    assert mine.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/p/{name}"
    assert strict.client("iam", key["AccessKeyId"], key["SecretAccessKey"]).get_user()["User"]["UserName"] == name
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert (used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]) == (name, "iam") and "LastUsedDate" in used["AccessKeyLastUsed"]
    with refused("InvalidClientTokenId", 403, "The security token included in the request is invalid."):
        iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
        mine.get_caller_identity()
    iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Active")
    iam.update_user(UserName=name, NewUserName=name + "-2")
    assert mine.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/p/{name}-2"
    iam.create_access_key(UserName=name + "-2")
    with refused("LimitExceeded", 409, "Cannot exceed quota for AccessKeysPerUser: 2"):
        iam.create_access_key(UserName=name + "-2")
    listed = iam.list_access_keys(UserName=name + "-2")["AccessKeyMetadata"]
    assert len(listed) == 2 and all(one["Status"] == "Active" for one in listed)
    with refused("DeleteConflict", 409):
        iam.delete_user_policy(UserName=name + "-2", PolicyName="all")
        iam.delete_user(UserName=name + "-2")
    for one in listed:
        iam.delete_access_key(UserName=name + "-2", AccessKeyId=one["AccessKeyId"])
    with refused("InvalidClientTokenId", 403):
        mine.get_caller_identity()
    iam.delete_user(UserName=name + "-2")


def test_everything_is_there_after_a_restart(name):
    with Daemon(auth="strict") as daemon:
        root = json.loads((daemon.data_dir / "access-keys.json").read_text())["keys"][0]
        root = (root["access_key_id"], root["secret_access_key"])
        iam = daemon.client("iam", *root)
        make_role(iam, name, Tags=[{"Key": "a", "Value": "b"}])
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        before = iam.get_role(RoleName=name)["Role"]
        daemon.stop()
        daemon.start()
        assert daemon.client("iam", *root).get_role(RoleName=name)["Role"] == before
        assert daemon.client("sts", key["AccessKeyId"], key["SecretAccessKey"]).get_caller_identity()["Arn"].endswith(f":user/{name}")


# --- providers, the account, simulation ---

def test_openid_connect_providers(iam, name):
    host = f"{name}.example.com/realm"
    made = iam.create_open_id_connect_provider(Url=f"https://{host}", ClientIDList=["a"], ThumbprintList=["0" * 40], Tags=[{"Key": "k", "Value": "v"}])
    arn = made["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"
    with refused("EntityAlreadyExists", 409, f"Provider with url https://{host} already exists."):
        iam.create_open_id_connect_provider(Url=f"https://{host}", ThumbprintList=["0" * 40])
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="b")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="a")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["f" * 40])
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (shown["Url"], shown["ClientIDList"], shown["ThumbprintList"]) == (host, ["b"], ["f" * 40])
    assert arn in [one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"] == [{"Key": "k", "Value": "v"}]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    with refused("NoSuchEntity", 404, f"OpenIDConnect Provider not found for arn {arn}"):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_saml_providers(iam, name):
    document = f'<EntityDescriptor entityID="{name}">' + "x" * 1000 + "</EntityDescriptor>"
    arn = iam.create_saml_provider(Name=name, SAMLMetadataDocument=document)["SAMLProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:saml-provider/{name}"
    iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=document.replace("x", "y"))
    assert "y" * 1000 in iam.get_saml_provider(SAMLProviderArn=arn)["SAMLMetadataDocument"]
    assert arn in [one["Arn"] for one in iam.list_saml_providers()["SAMLProviderList"]]
    iam.delete_saml_provider(SAMLProviderArn=arn)


def test_the_account(daemon, name):
    account = "123412341234"
    iam = daemon.client("iam", key=account)
    iam.create_account_alias(AccountAlias="some-name")
    assert iam.list_account_aliases()["AccountAliases"] == ["some-name"]
    with refused("EntityAlreadyExists", 409):
        daemon.client("iam", key="432143214321").create_account_alias(AccountAlias="some-name")
    iam.delete_account_alias(AccountAlias="some-name")
    with refused("NoSuchEntity", 404):
        iam.get_account_password_policy()
    iam.update_account_password_policy(MinimumPasswordLength=12, RequireSymbols=True, MaxPasswordAge=90)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["RequireSymbols"], policy["RequireNumbers"], policy["MaxPasswordAge"], policy["ExpirePasswords"]) == (12, True, False, 90, True)
    iam.delete_account_password_policy()
    make_role(iam, name)
    iam.create_user(UserName=name)
    make_policy(iam, name)
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["Roles"], summary["Users"], summary["Policies"], summary["PolicyVersionsInUse"], summary["AttachedPoliciesPerRoleQuota"]) == (1, 1, 1, 1, 20)
    details = iam.get_account_authorization_details()
    assert [len(details[kind]) for kind in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")] == [1, 0, 1, 1]
    assert details["RoleDetailList"][0]["AssumeRolePolicyDocument"] == TRUST
    assert details["Policies"][0]["PolicyVersionList"][0]["Document"] == LOGS
    pages = list(iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role", "User"], PaginationConfig={"PageSize": 1}))
    assert len(pages) == 2 and all(not page["Policies"] for page in pages)
    with refused("ReportNotPresent", 410):
        iam.get_credential_report()
    assert iam.generate_credential_report()["State"] == "STARTED" and iam.generate_credential_report()["State"] == "COMPLETE"
    rows = iam.get_credential_report()["Content"].decode().splitlines()
    assert rows[0].startswith("user,arn,") and rows[1].startswith(f"{name},arn:aws:iam::{account}:user/{name},")


def test_simulations(iam, name):
    make_role(iam, name)
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"},
        {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/secret", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    arn = iam.get_role(RoleName=name)["Role"]["Arn"]
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:GetObject", "s3:PutObject"], ResourceArns=["arn:aws:s3:::b/x", "arn:aws:s3:::b/secret"],
                                           ContextEntries=[{"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["false"], "ContextKeyType": "boolean"}])
    decisions = [(one["EvalActionName"], one["EvalResourceName"].rsplit("/", 1)[1], one["EvalDecision"]) for one in answer["EvaluationResults"]]
    assert decisions == [("s3:GetObject", "x", "allowed"), ("s3:GetObject", "secret", "explicitDeny"), ("s3:PutObject", "x", "implicitDeny"), ("s3:PutObject", "secret", "implicitDeny")]
    assert [one["SourcePolicyId"] for one in answer["EvaluationResults"][0]["MatchedStatements"]] == ["p"]
    assert answer["EvaluationResults"][0]["MissingContextValues"] == []
    custom = iam.simulate_custom_policy(PolicyInputList=[json.dumps(document)], ActionNames=["s3:GetObject"], ResourceArns=["arn:aws:s3:::b/x"],
                                        PermissionsBoundaryPolicyInputList=[json.dumps(LOGS)])["EvaluationResults"][0]
    assert custom["EvalDecision"] == "implicitDeny" and custom["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert custom["MissingContextValues"] == ["aws:SecureTransport"]
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[json.dumps(document)])["ContextKeyNames"] == ["aws:SecureTransport"]
    assert iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)["ContextKeyNames"] == ["aws:SecureTransport"]


# --- tools ---

def test_a_role_that_does_not_trust_lambda_is_refused(daemon, iam, aws, name):
    trust = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"Service": "ec2.amazonaws.com"}}]}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    request = dict(FunctionName=name, Runtime="python3.11", Handler="index.handler", Code={"ZipFile": make_zip("def handler(event, context):\n    return 1\n")})
    with refused("InvalidParameterValueException", 400, "The role defined for the function cannot be assumed by Lambda."):
        aws.create_function(Role=role["Arn"], **request)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(TRUST))
    aws.create_function(Role=role["Arn"], **request)
    aws.delete_function(FunctionName=name)


def test_what_cdk_bootstrap_and_terraform_ask(iam, name):
    """The calls that CloudFormation makes for the roles of a CDK bootstrap, and those around a role by Terraform."""
    bucket = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject*", "s3:List*"], "Resource": ["arn:aws:s3:::cdk-assets", "arn:aws:s3:::cdk-assets/*"],
                                                      "Condition": {"StringEquals": {"aws:ResourceAccount": [ACCOUNT]}}}]}
    deploy = {"Version": "2012-10-17", "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"AWS": ACCOUNT}},
                                                     {"Action": "sts:TagSession", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}]}
    role = f"cdk-hnb659fds-deploy-role-{name}"[:64]
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(deploy), Tags=[{"Key": "aws-cdk:bootstrap-role", "Value": "deploy"}])
    iam.put_role_policy(RoleName=role, PolicyName="default", PolicyDocument=json.dumps(bucket))
    iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"] == deploy
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["default"]
    assert iam.get_role_policy(RoleName=role, PolicyName="default")["PolicyDocument"] == bucket
    assert [one["PolicyName"] for one in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]] == ["ReadOnlyAccess"]
    assert iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"] == []
    iam.detach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.delete_role_policy(RoleName=role, PolicyName="default")
    iam.delete_role(RoleName=role)
    with refused("NoSuchEntity", 404):
        iam.get_role(RoleName=role)


@pytest.mark.parametrize("program", ["/usr/bin/aws", str(Path(sys.executable).parent / "aws")])
def test_the_command_line(daemon, program, tmp_path, name):
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}

    def aws_command(*words):
        done = subprocess.run([program, "--endpoint-url", daemon.url, "iam", *words], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    made = aws_command("create-role", "--role-name", name, "--assume-role-policy-document", json.dumps(TRUST), "--tags", "Key=a,Value=b")
    assert made["Role"]["AssumeRolePolicyDocument"] == TRUST
    aws_command("attach-role-policy", "--role-name", name, "--policy-arn", BASIC)
    assert aws_command("list-attached-role-policies", "--role-name", name)["AttachedPolicies"][0]["PolicyArn"] == BASIC
