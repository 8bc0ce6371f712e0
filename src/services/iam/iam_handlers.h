// The operations of model/iam.model: a class per group, a method per operation, named as it is. Requests have been authenticated, decoded and
// validated by the model. One of each per daemon, on its strand; they keep nothing themselves (core.h, iam_tables.h).
#pragma once

#include "identity/access_keys.h"
#include "services/iam/core.h"

namespace mayfly::iam {

// roles_api.cc
class RolesApi final : public RolesHandler {
 public:
  explicit RolesApi(Core& core) : core_(&core) {}

  Task<Result<CreateRoleResponse>> CreateRole(Context& ctx, CreateRoleRequest request) override;
  Task<Result<GetRoleResponse>> GetRole(Context& ctx, GetRoleRequest request) override;
  Task<Result<UpdateRoleResponse>> UpdateRole(Context& ctx, UpdateRoleRequest request) override;
  Task<Result<UpdateRoleDescriptionResponse>> UpdateRoleDescription(Context& ctx, UpdateRoleDescriptionRequest request) override;
  Task<Result<>> UpdateAssumeRolePolicy(Context& ctx, UpdateAssumeRolePolicyRequest request) override;
  Task<Result<>> DeleteRole(Context& ctx, DeleteRoleRequest request) override;
  Task<Result<ListRolesResponse>> ListRoles(Context& ctx, ListRolesRequest request) override;
  Task<Result<>> PutRolePermissionsBoundary(Context& ctx, PutRolePermissionsBoundaryRequest request) override;
  Task<Result<>> DeleteRolePermissionsBoundary(Context& ctx, DeleteRolePermissionsBoundaryRequest request) override;
  Task<Result<>> TagRole(Context& ctx, TagRoleRequest request) override;
  Task<Result<>> UntagRole(Context& ctx, UntagRoleRequest request) override;
  Task<Result<ListRoleTagsResponse>> ListRoleTags(Context& ctx, ListRoleTagsRequest request) override;
  Task<Result<CreateServiceLinkedRoleResponse>> CreateServiceLinkedRole(Context& ctx, CreateServiceLinkedRoleRequest request) override;
  Task<Result<DeleteServiceLinkedRoleResponse>> DeleteServiceLinkedRole(Context& ctx, DeleteServiceLinkedRoleRequest request) override;
  Task<Result<GetServiceLinkedRoleDeletionStatusResponse>> GetServiceLinkedRoleDeletionStatus(Context& ctx, GetServiceLinkedRoleDeletionStatusRequest request) override;

 private:
  Core* core_;
};

// inline_api.cc
class InlinePoliciesApi final : public InlinePoliciesHandler {
 public:
  explicit InlinePoliciesApi(Core& core) : core_(&core) {}

  Task<Result<>> PutRolePolicy(Context& ctx, PutRolePolicyRequest request) override;
  Task<Result<GetRolePolicyResponse>> GetRolePolicy(Context& ctx, GetRolePolicyRequest request) override;
  Task<Result<>> DeleteRolePolicy(Context& ctx, DeleteRolePolicyRequest request) override;
  Task<Result<ListRolePoliciesResponse>> ListRolePolicies(Context& ctx, ListRolePoliciesRequest request) override;
  Task<Result<>> PutUserPolicy(Context& ctx, PutUserPolicyRequest request) override;
  Task<Result<GetUserPolicyResponse>> GetUserPolicy(Context& ctx, GetUserPolicyRequest request) override;
  Task<Result<>> DeleteUserPolicy(Context& ctx, DeleteUserPolicyRequest request) override;
  Task<Result<ListUserPoliciesResponse>> ListUserPolicies(Context& ctx, ListUserPoliciesRequest request) override;
  Task<Result<>> PutGroupPolicy(Context& ctx, PutGroupPolicyRequest request) override;
  Task<Result<GetGroupPolicyResponse>> GetGroupPolicy(Context& ctx, GetGroupPolicyRequest request) override;
  Task<Result<>> DeleteGroupPolicy(Context& ctx, DeleteGroupPolicyRequest request) override;
  Task<Result<ListGroupPoliciesResponse>> ListGroupPolicies(Context& ctx, ListGroupPoliciesRequest request) override;

 private:
  Core* core_;
};

// attachments_api.cc
class AttachmentsApi final : public AttachmentsHandler {
 public:
  explicit AttachmentsApi(Core& core) : core_(&core) {}

  Task<Result<>> AttachRolePolicy(Context& ctx, AttachRolePolicyRequest request) override;
  Task<Result<>> DetachRolePolicy(Context& ctx, DetachRolePolicyRequest request) override;
  Task<Result<ListAttachedRolePoliciesResponse>> ListAttachedRolePolicies(Context& ctx, ListAttachedRolePoliciesRequest request) override;
  Task<Result<>> AttachUserPolicy(Context& ctx, AttachUserPolicyRequest request) override;
  Task<Result<>> DetachUserPolicy(Context& ctx, DetachUserPolicyRequest request) override;
  Task<Result<ListAttachedUserPoliciesResponse>> ListAttachedUserPolicies(Context& ctx, ListAttachedUserPoliciesRequest request) override;
  Task<Result<>> AttachGroupPolicy(Context& ctx, AttachGroupPolicyRequest request) override;
  Task<Result<>> DetachGroupPolicy(Context& ctx, DetachGroupPolicyRequest request) override;
  Task<Result<ListAttachedGroupPoliciesResponse>> ListAttachedGroupPolicies(Context& ctx, ListAttachedGroupPoliciesRequest request) override;

 private:
  Core* core_;
};

// policies_api.cc
class ManagedPoliciesApi final : public ManagedPoliciesHandler {
 public:
  explicit ManagedPoliciesApi(Core& core) : core_(&core) {}

  Task<Result<CreatePolicyResponse>> CreatePolicy(Context& ctx, CreatePolicyRequest request) override;
  Task<Result<GetPolicyResponse>> GetPolicy(Context& ctx, GetPolicyRequest request) override;
  Task<Result<>> DeletePolicy(Context& ctx, DeletePolicyRequest request) override;
  Task<Result<ListPoliciesResponse>> ListPolicies(Context& ctx, ListPoliciesRequest request) override;
  Task<Result<CreatePolicyVersionResponse>> CreatePolicyVersion(Context& ctx, CreatePolicyVersionRequest request) override;
  Task<Result<GetPolicyVersionResponse>> GetPolicyVersion(Context& ctx, GetPolicyVersionRequest request) override;
  Task<Result<ListPolicyVersionsResponse>> ListPolicyVersions(Context& ctx, ListPolicyVersionsRequest request) override;
  Task<Result<>> DeletePolicyVersion(Context& ctx, DeletePolicyVersionRequest request) override;
  Task<Result<>> SetDefaultPolicyVersion(Context& ctx, SetDefaultPolicyVersionRequest request) override;
  Task<Result<ListEntitiesForPolicyResponse>> ListEntitiesForPolicy(Context& ctx, ListEntitiesForPolicyRequest request) override;
  Task<Result<>> TagPolicy(Context& ctx, TagPolicyRequest request) override;
  Task<Result<>> UntagPolicy(Context& ctx, UntagPolicyRequest request) override;
  Task<Result<ListPolicyTagsResponse>> ListPolicyTags(Context& ctx, ListPolicyTagsRequest request) override;

 private:
  Core* core_;
};

// users_api.cc
class UsersApi final : public UsersHandler {
 public:
  explicit UsersApi(Core& core) : core_(&core) {}

  Task<Result<CreateUserResponse>> CreateUser(Context& ctx, CreateUserRequest request) override;
  Task<Result<GetUserResponse>> GetUser(Context& ctx, GetUserRequest request) override;
  Task<Result<>> UpdateUser(Context& ctx, UpdateUserRequest request) override;
  Task<Result<>> DeleteUser(Context& ctx, DeleteUserRequest request) override;
  Task<Result<ListUsersResponse>> ListUsers(Context& ctx, ListUsersRequest request) override;
  Task<Result<>> PutUserPermissionsBoundary(Context& ctx, PutUserPermissionsBoundaryRequest request) override;
  Task<Result<>> DeleteUserPermissionsBoundary(Context& ctx, DeleteUserPermissionsBoundaryRequest request) override;
  Task<Result<>> TagUser(Context& ctx, TagUserRequest request) override;
  Task<Result<>> UntagUser(Context& ctx, UntagUserRequest request) override;
  Task<Result<ListUserTagsResponse>> ListUserTags(Context& ctx, ListUserTagsRequest request) override;
  Task<Result<CreateLoginProfileResponse>> CreateLoginProfile(Context& ctx, CreateLoginProfileRequest request) override;
  Task<Result<GetLoginProfileResponse>> GetLoginProfile(Context& ctx, GetLoginProfileRequest request) override;
  Task<Result<>> UpdateLoginProfile(Context& ctx, UpdateLoginProfileRequest request) override;
  Task<Result<>> DeleteLoginProfile(Context& ctx, DeleteLoginProfileRequest request) override;
  Task<Result<ListMFADevicesResponse>> ListMFADevices(Context& ctx, ListMFADevicesRequest request) override;
  Task<Result<ListSigningCertificatesResponse>> ListSigningCertificates(Context& ctx, ListSigningCertificatesRequest request) override;
  Task<Result<ListSSHPublicKeysResponse>> ListSSHPublicKeys(Context& ctx, ListSSHPublicKeysRequest request) override;
  Task<Result<ListServiceSpecificCredentialsResponse>> ListServiceSpecificCredentials(Context& ctx, ListServiceSpecificCredentialsRequest request) override;

 private:
  Core* core_;
};

// access_keys_api.cc
class AccessKeysApi final : public AccessKeysHandler {
 public:
  // Both outlive it.
  AccessKeysApi(Core& core, identity::AccessKeys& keys) : core_(&core), keys_(&keys) {}

  Task<Result<CreateAccessKeyResponse>> CreateAccessKey(Context& ctx, CreateAccessKeyRequest request) override;
  Task<Result<>> UpdateAccessKey(Context& ctx, UpdateAccessKeyRequest request) override;
  Task<Result<>> DeleteAccessKey(Context& ctx, DeleteAccessKeyRequest request) override;
  Task<Result<ListAccessKeysResponse>> ListAccessKeys(Context& ctx, ListAccessKeysRequest request) override;
  Task<Result<GetAccessKeyLastUsedResponse>> GetAccessKeyLastUsed(Context& ctx, GetAccessKeyLastUsedRequest request) override;

 private:
  Core* core_;
  identity::AccessKeys* keys_;
};

// groups_api.cc
class GroupsApi final : public GroupsHandler {
 public:
  explicit GroupsApi(Core& core) : core_(&core) {}

  Task<Result<CreateGroupResponse>> CreateGroup(Context& ctx, CreateGroupRequest request) override;
  Task<Result<GetGroupResponse>> GetGroup(Context& ctx, GetGroupRequest request) override;
  Task<Result<>> UpdateGroup(Context& ctx, UpdateGroupRequest request) override;
  Task<Result<>> DeleteGroup(Context& ctx, DeleteGroupRequest request) override;
  Task<Result<ListGroupsResponse>> ListGroups(Context& ctx, ListGroupsRequest request) override;
  Task<Result<>> AddUserToGroup(Context& ctx, AddUserToGroupRequest request) override;
  Task<Result<>> RemoveUserFromGroup(Context& ctx, RemoveUserFromGroupRequest request) override;
  Task<Result<ListGroupsForUserResponse>> ListGroupsForUser(Context& ctx, ListGroupsForUserRequest request) override;

 private:
  Core* core_;
};

// instance_profiles_api.cc
class InstanceProfilesApi final : public InstanceProfilesHandler {
 public:
  explicit InstanceProfilesApi(Core& core) : core_(&core) {}

  Task<Result<CreateInstanceProfileResponse>> CreateInstanceProfile(Context& ctx, CreateInstanceProfileRequest request) override;
  Task<Result<GetInstanceProfileResponse>> GetInstanceProfile(Context& ctx, GetInstanceProfileRequest request) override;
  Task<Result<>> DeleteInstanceProfile(Context& ctx, DeleteInstanceProfileRequest request) override;
  Task<Result<ListInstanceProfilesResponse>> ListInstanceProfiles(Context& ctx, ListInstanceProfilesRequest request) override;
  Task<Result<ListInstanceProfilesForRoleResponse>> ListInstanceProfilesForRole(Context& ctx, ListInstanceProfilesForRoleRequest request) override;
  Task<Result<>> AddRoleToInstanceProfile(Context& ctx, AddRoleToInstanceProfileRequest request) override;
  Task<Result<>> RemoveRoleFromInstanceProfile(Context& ctx, RemoveRoleFromInstanceProfileRequest request) override;
  Task<Result<>> TagInstanceProfile(Context& ctx, TagInstanceProfileRequest request) override;
  Task<Result<>> UntagInstanceProfile(Context& ctx, UntagInstanceProfileRequest request) override;
  Task<Result<ListInstanceProfileTagsResponse>> ListInstanceProfileTags(Context& ctx, ListInstanceProfileTagsRequest request) override;

 private:
  Core* core_;
};

// providers_api.cc
class IdentityProvidersApi final : public IdentityProvidersHandler {
 public:
  explicit IdentityProvidersApi(Core& core) : core_(&core) {}

  Task<Result<CreateOpenIDConnectProviderResponse>> CreateOpenIDConnectProvider(Context& ctx, CreateOpenIDConnectProviderRequest request) override;
  Task<Result<GetOpenIDConnectProviderResponse>> GetOpenIDConnectProvider(Context& ctx, GetOpenIDConnectProviderRequest request) override;
  Task<Result<ListOpenIDConnectProvidersResponse>> ListOpenIDConnectProviders(Context& ctx, ListOpenIDConnectProvidersRequest request) override;
  Task<Result<>> DeleteOpenIDConnectProvider(Context& ctx, DeleteOpenIDConnectProviderRequest request) override;
  Task<Result<>> UpdateOpenIDConnectProviderThumbprint(Context& ctx, UpdateOpenIDConnectProviderThumbprintRequest request) override;
  Task<Result<>> AddClientIDToOpenIDConnectProvider(Context& ctx, AddClientIDToOpenIDConnectProviderRequest request) override;
  Task<Result<>> RemoveClientIDFromOpenIDConnectProvider(Context& ctx, RemoveClientIDFromOpenIDConnectProviderRequest request) override;
  Task<Result<>> TagOpenIDConnectProvider(Context& ctx, TagOpenIDConnectProviderRequest request) override;
  Task<Result<>> UntagOpenIDConnectProvider(Context& ctx, UntagOpenIDConnectProviderRequest request) override;
  Task<Result<ListOpenIDConnectProviderTagsResponse>> ListOpenIDConnectProviderTags(Context& ctx, ListOpenIDConnectProviderTagsRequest request) override;
  Task<Result<CreateSAMLProviderResponse>> CreateSAMLProvider(Context& ctx, CreateSAMLProviderRequest request) override;
  Task<Result<GetSAMLProviderResponse>> GetSAMLProvider(Context& ctx, GetSAMLProviderRequest request) override;
  Task<Result<UpdateSAMLProviderResponse>> UpdateSAMLProvider(Context& ctx, UpdateSAMLProviderRequest request) override;
  Task<Result<>> DeleteSAMLProvider(Context& ctx, DeleteSAMLProviderRequest request) override;
  Task<Result<ListSAMLProvidersResponse>> ListSAMLProviders(Context& ctx, ListSAMLProvidersRequest request) override;
  Task<Result<>> TagSAMLProvider(Context& ctx, TagSAMLProviderRequest request) override;
  Task<Result<>> UntagSAMLProvider(Context& ctx, UntagSAMLProviderRequest request) override;
  Task<Result<ListSAMLProviderTagsResponse>> ListSAMLProviderTags(Context& ctx, ListSAMLProviderTagsRequest request) override;

 private:
  Core* core_;
};

// accounts_api.cc
class AccountsApi final : public AccountsHandler {
 public:
  explicit AccountsApi(Core& core) : core_(&core) {}

  Task<Result<>> CreateAccountAlias(Context& ctx, CreateAccountAliasRequest request) override;
  Task<Result<>> DeleteAccountAlias(Context& ctx, DeleteAccountAliasRequest request) override;
  Task<Result<ListAccountAliasesResponse>> ListAccountAliases(Context& ctx, ListAccountAliasesRequest request) override;
  Task<Result<GetAccountPasswordPolicyResponse>> GetAccountPasswordPolicy(Context& ctx, GetAccountPasswordPolicyRequest request) override;
  Task<Result<>> UpdateAccountPasswordPolicy(Context& ctx, UpdateAccountPasswordPolicyRequest request) override;
  Task<Result<>> DeleteAccountPasswordPolicy(Context& ctx, DeleteAccountPasswordPolicyRequest request) override;
  Task<Result<GetAccountSummaryResponse>> GetAccountSummary(Context& ctx, GetAccountSummaryRequest request) override;
  Task<Result<GetAccountAuthorizationDetailsResponse>> GetAccountAuthorizationDetails(Context& ctx, GetAccountAuthorizationDetailsRequest request) override;
  Task<Result<GenerateCredentialReportResponse>> GenerateCredentialReport(Context& ctx, GenerateCredentialReportRequest request) override;
  Task<Result<GetCredentialReportResponse>> GetCredentialReport(Context& ctx, GetCredentialReportRequest request) override;

 private:
  Core* core_;
};

// simulation_api.cc
class SimulationApi final : public SimulationHandler {
 public:
  explicit SimulationApi(Core& core) : core_(&core) {}

  Task<Result<SimulatePrincipalPolicyResponse>> SimulatePrincipalPolicy(Context& ctx, SimulatePrincipalPolicyRequest request) override;
  Task<Result<SimulateCustomPolicyResponse>> SimulateCustomPolicy(Context& ctx, SimulateCustomPolicyRequest request) override;
  Task<Result<GetContextKeysForPrincipalPolicyResponse>> GetContextKeysForPrincipalPolicy(Context& ctx, GetContextKeysForPrincipalPolicyRequest request) override;
  Task<Result<GetContextKeysForCustomPolicyResponse>> GetContextKeysForCustomPolicy(Context& ctx, GetContextKeysForCustomPolicyRequest request) override;

 private:
  Core* core_;
};

}  // namespace mayfly::iam
