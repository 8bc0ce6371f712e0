// CreateFunction, GetFunction, ListFunctions, UpdateFunction…, DeleteFunction, GetAccountSettings.
#include <fmt/format.h>

#include "base/encoding.h"
#include "base/event.h"
#include "base/log.h"
#include "services/lambda/lambda_api.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kFunctionsPageMax = 50;  // ListFunctions gives at most 50, whatever MaxItems asks for
constexpr std::string_view kRevisionMismatch =
    "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
constexpr int kDeleteAttemptsMax = 50;
constexpr Duration kDeleteRetryAfter = std::chrono::milliseconds(20);
constexpr std::string_view kCreating = "The function is being created.";

}  // namespace

Result<LambdaApi::Found> LambdaApi::Find(const Context& ctx, std::string_view name, const std::optional<std::string>& qualifier) const {
  MF_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, name, qualifier.value_or("")));
  catalog::FunctionPointer function = parts_.catalog->Find(reference.name);
  const bool latest = reference.qualifier.empty() || reference.qualifier == "$LATEST";
  if (!function || !latest) return Fail(catalog::FunctionNotFound(reference));
  return Found{std::move(reference), std::move(function)};
}

Result<LambdaApi::Found> LambdaApi::FindForUpdate(const Context& ctx, std::string_view name, const std::optional<std::string>& revision_id) const {
  MF_TRY(Found found, Find(ctx, name, std::nullopt));
  if (revision_id && *revision_id != found.function->revision_id) {
    return Fail(Error::Service("PreconditionFailedException", std::string(kRevisionMismatch)));
  }
  if (found.function->state == "Pending" || found.function->last_update_status == "InProgress") {
    return Fail(Error::Service("ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: " +
                                                                found.function->name.Arn()));
  }
  return found;
}

void LambdaApi::Touch(catalog::Function& function) {
  function.last_modified = FormatLambdaTime(parts_.loop->WallNow());
  function.revision_id = parts_.random->Uuid();
}

void LambdaApi::MarkUpdating(catalog::Function& function) {
  Touch(function);
  function.environment_key = function.QualifiedArn() + '@' + function.revision_id;
  function.last_update_status = "InProgress";
  function.last_update_status_reason = kCreating;
  function.last_update_status_reason_code = "Creating";
}

Task<Result<std::shared_ptr<const void>>> LambdaApi::TakePackage(catalog::Function& function, std::string zip) {
  catalog::CodeStore* code = parts_.code;
  MF_CO_TRY(catalog::CodePackage package,
            co_await parts_.files->Run(*parts_.loop, [code, zip = std::move(zip)] { return code->Put(zip); }));
  function.code_sha256 = std::move(package.sha256_hex);
  function.code_bytes = static_cast<int64_t>(package.zipped_bytes);
  co_return std::move(package.pin);
}

Task<Result<FunctionConfiguration>> LambdaApi::CreateFunction(Context& ctx, CreateFunctionRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  if (parts_.catalog->Find(reference.name)) {
    co_return Fail(Error::Service("ResourceConflictException", "Function already exist: " + reference.name.name));
  }
  catalog::Function function;
  function.name = reference.name;
  MF_CO_TRY_VOID(ApplySettings(request, *parts_.runtimes, function));
  if (request.code.s3_bucket || request.code.s3_key) co_return Fail(NotImplemented("packages in S3 (Code.S3Bucket)"));
  if (!request.code.zip_file || request.code.zip_file->empty()) {
    co_return Fail(InvalidParameterValue("Please provide a source for function code."));
  }
  MF_CO_TRY([[maybe_unused]] auto pin, co_await TakePackage(function, std::move(*request.code.zip_file)));
  Touch(function);
  function.environment_key = function.QualifiedArn() + '@' + function.revision_id;
  function.state = "Pending";
  function.state_reason = kCreating;
  function.state_reason_code = "Creating";
  function.last_update_status.clear();
  MF_CO_TRY_VOID(co_await parts_.catalog->Create(ctx, function));
  SettleLater(function.name);
  co_return Describe(function, false);
}

Task<Result<GetFunctionResponse>> LambdaApi::GetFunction(Context& ctx, GetFunctionRequest request) {
  MF_CO_TRY(Found found, Find(ctx, request.function_name, request.qualifier));
  GetFunctionResponse response;
  response.configuration = Describe(*found.function, !found.reference.qualifier.empty());
  FunctionCodeLocation location;
  location.repository_type = "S3";
  location.location = parts_.download_url(*found.function);
  response.code = std::move(location);
  if (!found.function->tags.empty()) response.tags = found.function->tags;
  co_return response;
}

Task<Result<FunctionConfiguration>> LambdaApi::GetFunctionConfiguration(Context& ctx, GetFunctionConfigurationRequest request) {
  MF_CO_TRY(Found found, Find(ctx, request.function_name, request.qualifier));
  co_return Describe(*found.function, !found.reference.qualifier.empty());
}

Task<Result<ListFunctionsResponse>> LambdaApi::ListFunctions(Context& ctx, ListFunctionsRequest request) {
  std::string after;
  if (request.marker) {
    // The marker is the last name given, so that pages stay right while functions come and go.
    auto decoded = Base64Decode(*request.marker);
    if (!decoded || !IsValidUtf8(*decoded)) co_return Fail(InvalidParameterValue("Invalid token."));
    after = std::move(*decoded);
  }
  const size_t limit = std::min<size_t>(kFunctionsPageMax, static_cast<size_t>(request.max_items.value_or(kFunctionsPageMax)));
  std::vector<catalog::FunctionPointer> page = parts_.catalog->List(ctx.principal.account_id, ctx.principal.region, after, limit + 1);
  ListFunctionsResponse response;
  if (page.size() > limit) {
    page.resize(limit);
    response.next_marker = Base64Encode(page.back()->name.name);
  }
  std::vector<FunctionConfiguration> functions;
  for (const catalog::FunctionPointer& function : page) functions.push_back(Describe(*function, request.function_version.has_value()));
  response.functions = std::move(functions);
  co_return response;
}

Task<Result<FunctionConfiguration>> LambdaApi::UpdateFunctionCode(Context& ctx, UpdateFunctionCodeRequest request) {
  MF_CO_TRY(Found found, FindForUpdate(ctx, request.function_name, request.revision_id));
  if (request.image_uri) co_return Fail(InvalidParameterValue("Please don't provide ImageUri when updating a function with packageType Zip."));
  if (request.s3_bucket || request.s3_key) co_return Fail(NotImplemented("packages in S3 (S3Bucket)"));
  if (request.publish.value_or(false) || request.publish_to) co_return Fail(NotImplemented("publishing versions (Publish)"));
  if (!request.zip_file || request.zip_file->empty()) co_return Fail(InvalidParameterValue("Please provide a source for function code."));
  catalog::Function next = *found.function;
  if (request.architectures && !request.architectures->empty()) next.architecture = request.architectures->front();
  MF_CO_TRY([[maybe_unused]] auto pin, co_await TakePackage(next, std::move(*request.zip_file)));
  if (request.dry_run.value_or(false)) co_return Describe(next, false);
  MarkUpdating(next);
  MF_CO_TRY_VOID(co_await parts_.catalog->Replace(ctx, found.function, next));
  SettleLater(next.name);
  co_return Describe(next, false);
}

Task<Result<FunctionConfiguration>> LambdaApi::UpdateFunctionConfiguration(Context& ctx, UpdateFunctionConfigurationRequest request) {
  MF_CO_TRY(Found found, FindForUpdate(ctx, request.function_name, request.revision_id));
  catalog::Function next = *found.function;
  MF_CO_TRY_VOID(ApplySettings(request, *parts_.runtimes, next));
  MarkUpdating(next);
  MF_CO_TRY_VOID(co_await parts_.catalog->Replace(ctx, found.function, next));
  SettleLater(next.name);
  co_return Describe(next, false);
}

Task<Result<DeleteFunctionResponse>> LambdaApi::DeleteFunction(Context& ctx, DeleteFunctionRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  if (reference.qualifier == "$LATEST") {
    co_return Fail(InvalidParameterValue("$LATEST version cannot be deleted without deleting the function."));
  }
  // A change of state may be on its way to the store (Settle): it gives way, then the function is looked up again.
  for (int attempt = 1;; ++attempt) {
    MF_CO_TRY(Found found, Find(ctx, request.function_name, request.qualifier));
    auto deleted = co_await parts_.catalog->Delete(ctx, found.function);
    if (deleted) break;
    if (!deleted.error().IsService("ResourceConflictException") || attempt == kDeleteAttemptsMax) co_return Fail(std::move(deleted).error());
    MF_CO_TRY_VOID(co_await Sleep(ctx, kDeleteRetryAfter));
  }
  DeleteFunctionResponse response;
  response.status_code = 204;
  co_return response;
}

Task<Result<GetAccountSettingsResponse>> LambdaApi::GetAccountSettings(Context& ctx, GetAccountSettingsRequest) {
  const catalog::FunctionCatalog::Usage used = parts_.catalog->UsageOf(ctx.principal.account_id, ctx.principal.region);
  GetAccountSettingsResponse response;
  AccountLimit limit;
  limit.total_code_size = 300ll << 30;
  limit.code_size_unzipped = 262'144'000;
  limit.code_size_zipped = 52'428'800;
  limit.concurrent_executions = parts_.account_concurrency;
  limit.unreserved_concurrent_executions = parts_.account_concurrency;
  response.account_limit = std::move(limit);
  AccountUsage usage;
  usage.total_code_size = used.code_bytes;
  usage.function_count = used.functions;
  response.account_usage = std::move(usage);
  co_return response;
}

// --- from Pending to Active, from InProgress to Successful -------------------------------------------------------------

void LambdaApi::Recover() {
  for (const catalog::FunctionPointer& function : parts_.catalog->All()) {
    if (function->state == "Pending" || function->last_update_status == "InProgress") SettleLater(function->name);
  }
}

Task<> LambdaApi::Stop() {
  background_.Stop();
  co_await background_.Join();
}

void LambdaApi::SettleLater(catalog::FunctionName name) { background_.Spawn(Settle(std::move(name))); }

Task<> LambdaApi::Settle(catalog::FunctionName name) {
  Context ctx(*parts_.loop);
  ctx.stop = background_.stop_token();
  if (!co_await Sleep(ctx, parts_.update_delay)) co_return;
  const catalog::FunctionPointer current = parts_.catalog->Find(name);
  if (!current) co_return;
  catalog::Function next = *current;
  next.state = "Active";
  next.state_reason.clear();
  next.state_reason_code.clear();
  next.last_update_status = "Successful";
  next.last_update_status_reason.clear();
  next.last_update_status_reason_code.clear();
  next.revision_id = parts_.random->Uuid();
  auto settled = co_await parts_.catalog->Replace(ctx, current, std::move(next));
  // A conflict is a delete on its way. Otherwise the store failed: the next start settles it.
  if (!settled && settled.error().kind == Error::Kind::Fault) log::Error("settle {}: {}", name.Arn(), settled.error().ToString());
}

}  // namespace mayfly::lambda
