// Roles, and those that belong to AWS's services.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "services/iam/documents.h"
#include "services/iam/iam_handlers.h"

namespace mayfly::iam {
namespace {

constexpr size_t kTrustMax = 4096;

Result<> CheckTrust(std::string_view document) {
  MF_TRY_VOID(ParseTrust(document));
  if (SizeOf(document) > kTrustMax) return Fail(QuotaExceeded("ACLSizePerRole", kTrustMax));
  return {};
}

// What a service's role is called: "AWSServiceRoleFor" and, of lambda.amazonaws.com, "Lambda".
std::string NameOfService(std::string_view service) {
  struct Known {
    std::string_view service;
    std::string_view name;
  };
  constexpr Known kKnown[] = {{"autoscaling", "AutoScaling"},
                              {"elasticloadbalancing", "ElasticLoadBalancing"},
                              {"lambda.application-autoscaling", "ApplicationAutoScaling_LambdaConcurrency"},
                              {"dynamodb.application-autoscaling", "ApplicationAutoScaling_DynamoDBTable"},
                              {"ecs", "ECS"},
                              {"rds", "RDS"},
                              {"opensearchservice", "AmazonOpenSearchService"},
                              {"es", "AmazonElasticsearchService"},
                              {"ops.apigateway", "APIGateway"},
                              {"replicator.lambda", "LambdaReplicator"},
                              {"kafka", "Kafka"},
                              {"elasticache", "ElastiCache"},
                              {"guardduty", "AmazonGuardDuty"}};
  const std::string_view name = service.substr(0, service.find(".amazonaws.com"));
  for (const Known& known : kKnown) {
    if (known.service == name) return std::string(known.name);
  }
  std::string made;
  bool begins = true;
  for (const char c : name) {
    if (!IsAlphanumeric(c)) {
      begins = true;
      continue;
    }
    made += begins && IsLowerCase(c) ? static_cast<char>(c - 'a' + 'A') : c;
    begins = false;
  }
  return made;
}

constexpr std::string_view kOfServices = "/aws-service-role/";

}  // namespace

Task<Result<CreateRoleResponse>> RolesApi::CreateRole(Context& ctx, CreateRoleRequest request) {
  EntityRow row{.name = std::move(request.role_name), .path = request.path.value_or("/")};
  if (row.path.starts_with(kOfServices)) co_return Fail(Invalid("Cannot create role with a path that is reserved for AWS services."));
  MF_CO_TRY_VOID(CheckTrust(request.assume_role_policy_document));
  row.trust = std::move(request.assume_role_policy_document);
  row.description = request.description.value_or("");
  row.max_session_seconds = request.max_session_duration.value_or(3600);
  row.boundary = request.permissions_boundary.value_or("");
  MF_CO_TRY(row.tags, TagsOf(request.tags));
  MF_CO_TRY(const EntityRow made, co_await core_->Create(ctx, EntityKind::Role, std::move(row)));
  CreateRoleResponse response{.role = core_->Show(ctx.principal.account_id, made)};
  response.role.role_last_used.reset();
  response.role.max_session_duration = request.max_session_duration;
  co_return response;
}

Task<Result<GetRoleResponse>> RolesApi::GetRole(Context& ctx, GetRoleRequest request) {
  MF_CO_TRY(const EntityPointer row, core_->Get(ctx, EntityKind::Role, request.role_name));
  co_return GetRoleResponse{.role = core_->Show(ctx.principal.account_id, *row)};
}

Task<Result<UpdateRoleResponse>> RolesApi::UpdateRole(Context& ctx, UpdateRoleRequest request) {
  const auto change = [&request](EntityRow& role) -> Result<> {
    if (request.description) role.description = *request.description;
    role.max_session_seconds = request.max_session_duration.value_or(role.max_session_seconds);
    return {};
  };
  MF_CO_TRY_VOID(co_await core_->Edit(ctx, EntityKind::Role, request.role_name, change, Core::OfServices::Changed));
  co_return UpdateRoleResponse{};
}

Task<Result<UpdateRoleDescriptionResponse>> RolesApi::UpdateRoleDescription(Context& ctx, UpdateRoleDescriptionRequest request) {
  const auto change = [&request](EntityRow& role) -> Result<> {
    role.description = request.description;
    return {};
  };
  MF_CO_TRY_VOID(co_await core_->Edit(ctx, EntityKind::Role, request.role_name, change, Core::OfServices::Changed));
  MF_CO_TRY(const EntityPointer row, core_->Get(ctx, EntityKind::Role, request.role_name));
  co_return UpdateRoleDescriptionResponse{.role = core_->Show(ctx.principal.account_id, *row)};
}

Task<Result<>> RolesApi::UpdateAssumeRolePolicy(Context& ctx, UpdateAssumeRolePolicyRequest request) {
  const auto change = [document = std::move(request.policy_document)](EntityRow& role) -> Result<> {
    MF_TRY_VOID(CheckTrust(document));
    role.trust = document;
    return {};
  };
  return core_->Edit(ctx, EntityKind::Role, std::move(request.role_name), change);
}

Task<Result<>> RolesApi::DeleteRole(Context& ctx, DeleteRoleRequest request) {
  const auto check = [this, account_id = ctx.principal.account_id](const EntityRow& role) -> Result<> {
    using Use = IamTables::Use;
    if (!role.attached.empty()) return Fail(DeleteConflict("detach all policies"));
    if (!role.inline_policies.empty()) return Fail(DeleteConflict("delete policies"));
    IamTables& tables = core_->tables();
    const bool is_about_to_be = tables.IsPinned(IamTables::PinOf(Use::Profile, account_id, role.name));
    if (is_about_to_be || !tables.UsersOf(Use::Profile, account_id, role.name).empty()) return Fail(DeleteConflict("remove roles from instance profile"));
    return {};
  };
  return core_->Delete(ctx, EntityKind::Role, std::move(request.role_name), check);
}

Task<Result<ListRolesResponse>> RolesApi::ListRoles(Context& ctx, ListRolesRequest request) {
  MF_CO_TRY(auto page, core_->List(ctx, EntityKind::Role, request.path_prefix, PageWish::Of(request)));
  ListRolesResponse response;
  for (const auto& row : page.rows) {
    Role& role = response.roles.emplace_back(core_->Show(ctx.principal.account_id, *row.value));
    role.tags.reset();
    role.role_last_used.reset();
    role.permissions_boundary.reset();
  }
  SetPage(response, std::move(page.next_marker));
  co_return response;
}

Task<Result<>> RolesApi::PutRolePermissionsBoundary(Context& ctx, PutRolePermissionsBoundaryRequest request) {
  return core_->Edit(ctx, EntityKind::Role, std::move(request.role_name), SetBoundary(*core_, ctx, request.permissions_boundary), Core::OfServices::Kept,
                     Core::Using{IamTables::Use::Boundary, request.permissions_boundary});
}

Task<Result<>> RolesApi::DeleteRolePermissionsBoundary(Context& ctx, DeleteRolePermissionsBoundaryRequest request) {
  return core_->Edit(ctx, EntityKind::Role, std::move(request.role_name), TakeBoundary());
}

Task<Result<>> RolesApi::TagRole(Context& ctx, TagRoleRequest request) {
  return core_->Edit(ctx, EntityKind::Role, std::move(request.role_name), AddTagsTo(std::move(request.tags)), Core::OfServices::Changed);
}

Task<Result<>> RolesApi::UntagRole(Context& ctx, UntagRoleRequest request) {
  return core_->Edit(ctx, EntityKind::Role, std::move(request.role_name), RemoveTagsFrom(std::move(request.tag_keys)), Core::OfServices::Changed);
}

Task<Result<ListRoleTagsResponse>> RolesApi::ListRoleTags(Context& ctx, ListRoleTagsRequest request) {
  MF_CO_TRY(const EntityPointer row, core_->Get(ctx, EntityKind::Role, request.role_name));
  co_return PageOfTags<ListRoleTagsResponse>(row->tags, PageWish::Of(request));
}

// --- roles of AWS's services -----------------------------------------------------------------------------------------------

Task<Result<CreateServiceLinkedRoleResponse>> RolesApi::CreateServiceLinkedRole(Context& ctx, CreateServiceLinkedRoleRequest request) {
  const std::string& service = request.aws_service_name;
  if (!service.ends_with(".amazonaws.com") || service.find('/') != std::string::npos) {
    co_return Fail(InvalidInput(fmt::format("Service-linked role for {} is not supported.", service)));
  }
  EntityRow row{.name = "AWSServiceRoleFor" + NameOfService(service), .path = fmt::format("{}{}/", kOfServices, service)};
  if (request.custom_suffix) row.name += "_" + *request.custom_suffix;
  if (row.name.size() > 64) co_return Fail(InvalidInput("The name of the role would be longer than 64 characters."));
  row.description = request.description.value_or("");
  row.service = service;
  row.trust = fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Action":["sts:AssumeRole"],"Effect":"Allow","Principal":{{"Service":["{}"]}}}}]}})", service);
  if (core_->tables().Find(EntityKind::Role, ctx.principal.account_id, row.name)) {
    co_return Fail(InvalidInput(fmt::format("Service role name {} has been taken in this account, please try a different suffix.", row.name)));
  }
  MF_CO_TRY(const EntityRow made, co_await core_->Create(ctx, EntityKind::Role, std::move(row)));
  co_return CreateServiceLinkedRoleResponse{.role = core_->Show(ctx.principal.account_id, made)};
}

// Nothing here uses such a role, so that it goes at once: the task has come to its end when its number is given.
Task<Result<DeleteServiceLinkedRoleResponse>> RolesApi::DeleteServiceLinkedRole(Context& ctx, DeleteServiceLinkedRoleRequest request) {
  MF_CO_TRY(const EntityPointer row, core_->Get(ctx, EntityKind::Role, request.role_name));
  if (row->service.empty()) co_return Fail(InvalidInput(fmt::format("Role {} is not a service-linked role.", row->name)));
  const std::string task = fmt::format("task{}{}/{}", row->path, row->name, core_->random().Uuid());
  const auto any = [](const EntityRow&) { return Result<>(); };
  MF_CO_TRY_VOID(co_await core_->Delete(ctx, EntityKind::Role, request.role_name, any, Core::OfServices::Changed));
  co_return DeleteServiceLinkedRoleResponse{.deletion_task_id = task};
}

Task<Result<GetServiceLinkedRoleDeletionStatusResponse>> RolesApi::GetServiceLinkedRoleDeletionStatus(Context&, GetServiceLinkedRoleDeletionStatusRequest request) {
  const auto parts = Split(request.deletion_task_id, '/');
  const bool is_task = parts.size() == 5 && parts[0] == "task" && parts[1] == "aws-service-role" && parts[4].size() == 36;
  if (!is_task) co_return Fail(NoSuchEntity(fmt::format("Deletion task {} cannot be found.", request.deletion_task_id)));
  co_return GetServiceLinkedRoleDeletionStatusResponse{.status = std::string(DeletionTaskStatusType::SUCCEEDED)};
}

}  // namespace mayfly::iam
