// CreateFunction, GetFunction, ListFunctions, UpdateFunction…, DeleteFunction, GetAccountSettings.
#include <fmt/format.h>

#include "base/encoding.h"
#include "base/event.h"
#include "base/log.h"
#include "services/lambda/lambda_api.h"
#include "services/lambda/paging.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kFunctionsPageMax = 50;  // ListFunctions gives at most 50, whatever MaxItems asks for
constexpr int kDeleteAttemptsMax = 50;
constexpr Duration kSettleRetryAfter = std::chrono::milliseconds(2);
constexpr Duration kDeleteRetryAfter = std::chrono::milliseconds(20);
constexpr std::string_view kCreating = "The function is being created.";

FunctionCode CodeOf(UpdateFunctionCodeRequest&& request) {
  FunctionCode code;
  code.zip_file = std::move(request.zip_file);
  code.s3_bucket = std::move(request.s3_bucket);
  code.s3_key = std::move(request.s3_key);
  code.s3_object_version = std::move(request.s3_object_version);
  code.s3_object_storage_mode = std::move(request.s3_object_storage_mode);
  code.source_kms_key_arn = std::move(request.source_kms_key_arn);
  return code;
}

// What counts against the quota: the client keeps what is only referred to.
int64_t StoredBytes(const catalog::Function& function) { return function.s3_reference ? 0 : function.code_bytes; }

}  // namespace

Result<> LambdaApi::CheckCodeStorage(const std::string& account_id, const std::string& region, int64_t added_bytes) const {
  if (added_bytes <= 0) return {};
  const int64_t stored = parts_.catalog->KnownUsageOf(account_id, region).code_bytes + parts_.layers->CodeBytesOf(account_id, region);
  if (stored + added_bytes <= parts_.code_storage_bytes_max) return {};
  return Fail(Error::Service("CodeStorageExceededException", "Code storage limit exceeded."));
}

Result<LambdaApi::Found> LambdaApi::Find(const Context& ctx, std::string_view name, const std::optional<std::string>& qualifier) const {
  MF_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, name, qualifier.value_or("")));
  MF_TRY(catalog::FunctionCatalog::Resolved resolved, parts_.catalog->Resolve(reference));
  return Found{std::move(reference), std::move(resolved.function), std::move(resolved.alias)};
}

Result<LambdaApi::Found> LambdaApi::FindForUpdate(const Context& ctx, std::string_view name, const std::optional<std::string>& revision_id) const {
  MF_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, name, ""));
  const std::string arn = reference.name.Arn();
  catalog::FunctionPointer function = parts_.catalog->Find(reference.name);
  if (!function) return Fail(catalog::FunctionNotFound(reference));
  if (revision_id && *revision_id != function->revision_id) return Fail(StaleRevision());
  if (function->state == "Pending") {
    return Fail(Conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending"));
  }
  if (function->last_update_status == "InProgress") {
    return Fail(Conflict("The operation cannot be performed at this time. An update is in progress for resource: " + arn));
  }
  return Found{std::move(reference), std::move(function), nullptr};
}

SettingRules LambdaApi::RulesFor(catalog::RuntimeUse use) const { return {{parts_.runtimes, use, parts_.loop->WallNow()}, parts_.file_systems}; }

void LambdaApi::Touch(catalog::Function& function) {
  function.last_modified = FormatLambdaTime(parts_.loop->WallNow());
  function.revision_id = parts_.random->Uuid();
}

void LambdaApi::MarkUpdating(catalog::Function& function) {
  Touch(function);
  function.SetContentId(parts_.random->Uuid());
  function.last_update_status = "InProgress";
  function.last_update_status_reason = kCreating;
  function.last_update_status_reason_code = "Creating";
}

Task<Result<FunctionConfiguration>> LambdaApi::CreateFunction(Context& ctx, CreateFunctionRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  if (parts_.catalog->Find(reference.name)) {
    co_return Fail(Error::Service("ResourceConflictException", "Function already exist: " + reference.name.name));
  }
  catalog::Function function;
  function.name = reference.name;
  MF_CO_TRY_VOID(ApplySettings(request, RulesFor(catalog::RuntimeUse::Create), function));
  if (request.layers) MF_CO_TRY_VOID(ChooseLayers(ctx, *request.layers, function));
  CodeSigningConfigPointer signing;
  std::optional<SigningRule> rule;
  if (request.code_signing_config_arn) {
    MF_CO_TRY(signing, FindConfigFor(ctx, *request.code_signing_config_arn));
    rule = SigningRule{signing->allowed_publishers, signing->policy == "Enforce", request.function_name};
  }
  Pins pins;
  MF_CO_TRY_VOID(co_await TakeCode(ctx, request, function, rule, pins));
  MF_CO_TRY_VOID(CheckCodeStorage(function.name.account_id, function.name.region, StoredBytes(function) * (request.publish.value_or(false) ? 2 : 1)));
  Touch(function);
  function.SetContentId(parts_.random->Uuid());
  MarkPending(function);
  std::optional<catalog::Function> version;
  if (request.publish.value_or(false)) version = MakeVersion(function, std::nullopt);
  catalog::FunctionCatalog::Addition with;
  if (signing) with = [&](resources::Change& change) { return StageCodeSigning(change, function.name, signing); };
  MF_CO_TRY_VOID(co_await parts_.catalog->Create(ctx, function, version, std::move(with)));
  SettleLater(function);
  FunctionConfiguration view = Describe(function, "");
  if (version) {
    SettleLater(*version);
    view.version = version->version;
  }
  co_return view;
}

Task<Result<GetFunctionResponse>> LambdaApi::GetFunction(Context& ctx, GetFunctionRequest request) {
  MF_CO_TRY(Found found, Find(ctx, request.function_name, request.qualifier));
  GetFunctionResponse response;
  response.configuration = Describe(*found.function, found.reference.qualifier);
  FunctionCodeLocation location;
  if (const auto& image = found.function->next_image ? found.function->next_image : found.function->image) {
    location.repository_type = "ECR";
    location.image_uri = image->uri;
    location.resolved_image_uri = image->resolved_uri;
  } else {
    location.repository_type = "S3";
    location.location = parts_.download_url(*found.function);
  }
  if (const auto& reference = found.function->s3_reference) {
    location.resolved_s3_object = ResolvedS3Object{.s3_bucket = reference->bucket, .s3_key = reference->key, .s3_object_version = reference->object_version};
  }
  if (!found.function->source_kms_key_arn.empty()) location.source_kms_key_arn = found.function->source_kms_key_arn;
  response.code = std::move(location);
  // Tags and reserved concurrency are the whole function's.
  const catalog::FunctionPointer latest = parts_.catalog->Find(found.reference.name);
  if (latest && !latest->tags.empty()) response.tags = latest->tags;
  if (const auto reserved = parts_.tables->reserved_concurrency.Find(catalog::SettingOwner{found.reference.name}.Key())) {
    response.concurrency = Concurrency{.reserved_concurrent_executions = reserved->executions};
  }
  co_return response;
}

Task<Result<FunctionConfiguration>> LambdaApi::GetFunctionConfiguration(Context& ctx, GetFunctionConfigurationRequest request) {
  MF_CO_TRY(Found found, Find(ctx, request.function_name, request.qualifier));
  co_return Describe(*found.function, found.reference.qualifier);
}

Task<Result<ListFunctionsResponse>> LambdaApi::ListFunctions(Context& ctx, ListFunctionsRequest request) {
  const std::string prefix = fmt::format("{}/{}/", ctx.principal.account_id, ctx.principal.region);
  const size_t limit = PageLimit(request.max_items, kFunctionsPageMax);
  ListFunctionsResponse response;
  wire::WrittenList functions;
  if (!request.function_version) {
    MF_CO_TRY(auto page, NextPage(parts_.tables->functions, prefix, request.marker, limit));
    for (const auto& row : page.rows) functions.Append(DescribeInList(row.value, ListTexts::Form::Plain));
    response.next_marker = std::move(page.next_marker);
  } else {
    // FunctionVersion=ALL: each function with its versions. A marker names the row that came last, "f/" being $LATEST.
    MF_CO_TRY(std::string after, DecodeMarker(request.marker));
    std::string last;
    bool more = false;
    size_t shown = 0;
    for (const catalog::FunctionPointer& function : VersionsAfter(prefix, after, limit + 1)) {
      if (shown++ == limit) {
        more = true;
        break;
      }
      functions.Append(DescribeInList(function, ListTexts::Form::Qualified));
      last = function->is_latest() ? function->name.Key() + '/' : catalog::RowKey(*function);
    }
    if (more) response.next_marker = EncodeMarker(last);
  }
  response.functions = std::move(functions);
  co_return response;
}

Task<Result<FunctionConfiguration>> LambdaApi::UpdateFunctionCode(Context& ctx, UpdateFunctionCodeRequest request) {
  MF_CO_TRY(Found found, FindForUpdate(ctx, request.function_name, request.revision_id));
  const bool is_image = found.function->package_type == "Image";
  if (!is_image && request.image_uri) {
    co_return Fail(InvalidParameterValue("Please don't provide ImageUri when updating a function with packageType Zip."));
  }
  if (is_image && (!request.image_uri || request.zip_file || request.s3_bucket || request.s3_key)) {
    co_return Fail(InvalidParameterValue("Please provide ImageUri when updating a function with packageType Image."));
  }
  MF_CO_TRY_VOID(CheckPublishTo(request.publish_to));
  if (!is_image) MF_CO_TRY_VOID(parts_.runtimes->CheckUse(found.function->runtime, catalog::RuntimeUse::Update, parts_.loop->WallNow()));
  catalog::Function next = *found.function;
  if (request.architectures && !request.architectures->empty()) next.architecture = request.architectures->front();
  const std::optional<SigningRule> rule = SigningRuleOf(next.name, request.function_name);
  Pins pins;
  if (is_image) {
    MF_CO_TRY(next.next_image, co_await ResolveImage(ctx, *request.image_uri));
  } else {
    MF_CO_TRY(auto pin, co_await TakePackage(ctx, next, CodeOf(std::move(request)), rule));
    MF_CO_TRY(pins, co_await TakeLayers(next, SizeError::NamesTheSize));
    pins.push_back(std::move(pin));
  }
  const int64_t added_bytes = StoredBytes(next) * (request.publish.value_or(false) ? 2 : 1) - StoredBytes(*found.function);
  MF_CO_TRY_VOID(CheckCodeStorage(next.name.account_id, next.name.region, added_bytes));
  if (request.dry_run.value_or(false)) co_return Describe(next, "");
  const std::string serving_content = next.content_id;
  MarkUpdating(next);
  if (is_image) next.SetContentId(serving_content);  // the old image serves until the new one is there
  if (request.publish.value_or(false)) {
    if (catalog::FunctionPointer same = PublishedAs(next)) {
      MF_CO_TRY_VOID(co_await parts_.catalog->Replace(ctx, found.function, next));
      SettleLater(next);
      co_return Describe(*same, same->version);
    }
    catalog::Function version = MakeVersion(next, std::nullopt);
    MarkPending(version);
    MF_CO_TRY_VOID(co_await parts_.catalog->Publish(ctx, found.function, next, version));
    SettleLater(next);
    SettleLater(version);
    co_return Describe(version, version.version);
  }
  MF_CO_TRY_VOID(co_await parts_.catalog->Replace(ctx, found.function, next));
  SettleLater(next);
  co_return Describe(next, "");
}

Task<Result<FunctionConfiguration>> LambdaApi::UpdateFunctionConfiguration(Context& ctx, UpdateFunctionConfigurationRequest request) {
  MF_CO_TRY(Found found, FindForUpdate(ctx, request.function_name, request.revision_id));
  catalog::Function next = *found.function;
  MF_CO_TRY_VOID(ApplySettings(request, RulesFor(catalog::RuntimeUse::Update), next));
  Pins layer_pins;
  if (request.layers) {
    MF_CO_TRY_VOID(ChooseLayers(ctx, *request.layers, next));
    MF_CO_TRY_VOID(co_await CheckLayerSignatures(next, SigningRuleOf(next.name, request.function_name)));
    MF_CO_TRY(layer_pins, co_await TakeLayers(next, SizeError::NamesLayers));
  }
  MarkUpdating(next);
  MF_CO_TRY_VOID(co_await parts_.catalog->Replace(ctx, found.function, next));
  SettleLater(next);
  co_return Describe(next, "");
}

Task<Result<DeleteFunctionResponse>> LambdaApi::DeleteFunction(Context& ctx, DeleteFunctionRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  if (reference.qualifier == "$LATEST") {
    co_return Fail(InvalidParameterValue("$LATEST version cannot be deleted without deleting the function."));
  }
  // A change of state may be on its way to the store (Settle): it gives way, then the function is looked up again.
  for (int attempt = 1;; ++attempt) {
    MF_CO_TRY(catalog::FunctionCatalog::Resolved found, parts_.catalog->Resolve(reference));
    if (found.alias) co_return Fail(InvalidParameterValue("Deletion of aliases is not currently supported."));
    if (!reference.qualifier.empty()) MF_CO_TRY_VOID(CheckUnused(*found.function));
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
  MF_CO_TRY(const catalog::FunctionCatalog::Usage used, co_await parts_.catalog->UsageOf(ctx, ctx.principal.account_id, ctx.principal.region));
  GetAccountSettingsResponse response;
  AccountLimit limit;
  limit.total_code_size = parts_.code_storage_bytes_max;
  limit.code_size_unzipped = 262'144'000;
  limit.code_size_zipped = 52'428'800;
  limit.concurrent_executions = parts_.account_concurrency;
  const int64_t reserved = parts_.ledger->Of({ctx.principal.account_id, ctx.principal.region, ""}).reserved;
  limit.unreserved_concurrent_executions = static_cast<int32_t>(parts_.account_concurrency - reserved);
  response.account_limit = std::move(limit);
  AccountUsage usage;
  usage.total_code_size = used.code_bytes + parts_.layers->CodeBytesOf(ctx.principal.account_id, ctx.principal.region);
  usage.function_count = used.functions;
  response.account_usage = std::move(usage);
  co_return response;
}

// --- from Pending to Active, from InProgress to Successful -------------------------------------------------------------

void LambdaApi::Recover() {
  for (const std::string& row_key : parts_.catalog->unsettled()) background_.Spawn(Settle(row_key));
  RecoverMappings();
}

Task<> LambdaApi::Stop() {
  background_.Stop();
  co_await background_.Join();
}

void LambdaApi::SettleLater(const catalog::Function& function) { background_.Spawn(Settle(catalog::RowKey(function))); }

catalog::Function LambdaApi::Settled(catalog::Function function, const std::optional<SettleFailure>& failure) const {
  function.revision_id = parts_.random->Uuid();
  const bool was_created = function.state == "Pending";
  if (failure && was_created) {
    function.state = "Failed";
    function.state_reason = failure->reason;
    function.state_reason_code = failure->code;
    return function;
  }
  if (failure) {  // what served before the update goes on serving
    function.next_image.reset();
    function.last_update_status = "Failed";
    function.last_update_status_reason = failure->reason;
    function.last_update_status_reason_code = failure->code;
    return function;
  }
  if (function.next_image) {
    function.TakeNextImage();
    function.SetContentId(parts_.random->Uuid());
  }
  function.state = "Active";
  function.state_reason.clear();
  function.state_reason_code.clear();
  function.last_update_status = "Successful";
  function.last_update_status_reason.clear();
  function.last_update_status_reason_code.clear();
  return function;
}

Task<> LambdaApi::Settle(std::string row_key) {
  Context ctx(*parts_.loop);
  ctx.stop = background_.stop_token();
  if (!co_await Sleep(ctx, parts_.update_delay)) co_return;
  for (;;) {
    const catalog::FunctionPointer current = parts_.catalog->FindRow(row_key);
    if (!current || current->is_settled()) co_return;
    SettledImage image;
    if (current->image) {
      auto brought = co_await BringImage(ctx, current);
      if (!brought) co_return;  // the daemon ends: the next one brings it
      image = std::move(*brought);
    }
    auto settled = co_await parts_.catalog->Replace(ctx, current, Settled(*current, image.failure));
    if (settled) co_return;
    // A conflict is another change on its way (of tags, the policy, a delete). Otherwise the store failed: the next start settles it.
    if (settled.error().kind == Error::Kind::Fault) co_return log::Error("settle {}: {}", row_key, settled.error().ToString());
    if (!co_await Sleep(ctx, kSettleRetryAfter)) co_return;
  }
}

}  // namespace mayfly::lambda
