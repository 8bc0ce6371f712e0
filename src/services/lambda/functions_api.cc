// CreateFunction, UpdateFunctionCode, UpdateFunctionConfiguration, DeleteFunction.
#include "services/lambda/functions_api.h"

#include <fmt/format.h>

#include "base/text.h"
#include "catalog/runtimes.h"
#include "resources/edit.h"
#include "services/lambda/code_quota.h"
#include "services/lambda/find_function.h"
#include "services/lambda/function_images.h"
#include "services/lambda/function_views.h"
#include "services/lambda/function_vpcs.h"
#include "services/lambda/revisions.h"
#include "services/lambda/settings.h"
#include "services/lambda/settling.h"

namespace mayfly::lambda {
namespace {


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

bool IsImage(const catalog::Function& function) { return function.package_type == "Image"; }

// Whether a request gives code of the kind that the function has.
Result<> CheckCodeKind(const catalog::Function& function, const UpdateFunctionCodeRequest& request) {
  if (!IsImage(function) && request.image_uri) {
    return Fail(InvalidParameterValue("Please don't provide ImageUri when updating a function with packageType Zip."));
  }
  if (IsImage(function) && (!request.image_uri || request.zip_file || request.s3_bucket || request.s3_key)) {
    return Fail(InvalidParameterValue("Please provide ImageUri when updating a function with packageType Image."));
  }
  return {};
}

// Error: aliases point to the version.
Result<> CheckUnused(const catalog::Tables& tables, const catalog::Function& version) {
  std::string users;
  for (const auto& row : tables.aliases.List(version.name.Key() + '/', "", SIZE_MAX)) {
    if (row.value->function_version == version.version || row.value->additional_version == version.version) {
      users += fmt::format("{}{}", users.empty() ? "" : ", ", row.value->name);
    }
  }
  if (users.empty()) return {};
  return Fail(Conflict(fmt::format("Unable to delete version because the following aliases reference it: [{}]", users)));
}

}  // namespace

SettingRules FunctionsApi::RulesFor(catalog::RuntimeUse use) const {
  return {{&parts_.runtimes, use, parts_.clock.WallNow()}, &parts_.file_systems};
}

Task<Result<FunctionLayers::Pins>> FunctionsApi::TakePackage(Context& ctx, catalog::Function& function, FunctionCode code,
                                                             const std::optional<SigningRule>& rule) {
  MF_CO_TRY(CodePin pin, co_await parts_.code.TakePackage(ctx, function, std::move(code), rule));
  MF_CO_TRY(FunctionLayers::Pins pins, co_await parts_.layers.Take(function, FunctionLayers::SizeError::NamesTheSize));
  pins.push_back(std::move(pin));
  co_return pins;
}

Task<Result<FunctionLayers::Pins>> FunctionsApi::TakeFirstCode(Context& ctx, catalog::Function& function, FunctionCode code,
                                                               const std::optional<SigningRule>& rule) {
  if (!IsImage(function)) co_return co_await TakePackage(ctx, function, std::move(code), rule);
  MF_ASSERT(code.image_uri.has_value());  // ApplySettings has seen to it
  MF_CO_TRY(function.image, co_await parts_.images.Resolve(ctx, *code.image_uri));
  function.code_sha256 = function.image->tree;
  co_return FunctionLayers::Pins();
}

Task<Result<FunctionConfiguration>> FunctionsApi::CreateFunction(Context& ctx, CreateFunctionRequest request) {
  MF_CO_TRY_VOID(FunctionLayers::CheckRegion(ctx, request.layers));
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  if (parts_.catalog.Find(reference.name)) {
    co_return Fail(Error::Service("ResourceConflictException", "Function already exist: " + reference.name.name));
  }
  const bool publish = request.publish.value_or(false);
  catalog::Function function;
  function.name = reference.name;
  MF_CO_TRY_VOID(ApplySettings(request, RulesFor(catalog::RuntimeUse::Create), function));
  if (request.layers) MF_CO_TRY_VOID(parts_.layers.Choose(ctx, *request.layers, function));
  CodeSigningConfigPointer signing;
  std::optional<SigningRule> rule;
  if (request.code_signing_config_arn) {
    MF_CO_TRY(signing, FindSigningConfigFor(ctx, parts_.tables, *request.code_signing_config_arn));
    rule = RuleOf(*signing, request.function_name);
  }
  MF_CO_TRY(const FunctionLayers::Pins pins, co_await TakeFirstCode(ctx, function, std::move(request.code), rule));
  MF_CO_TRY_VOID(parts_.quota.Check(function.name.account_id, function.name.region, StoredBytes(function) * (publish ? 2 : 1)));
  MF_CO_TRY_VOID(co_await parts_.vpcs.Join(ctx, function));
  parts_.revisions.MarkCreated(function);
  co_return co_await StoreNew(ctx, std::move(function), publish ? Publish::Yes : Publish::No, std::move(signing));
}

Task<Result<FunctionConfiguration>> FunctionsApi::StoreNew(Context& ctx, catalog::Function function, Publish publish,
                                                           CodeSigningConfigPointer signing) {
  std::optional<catalog::Function> version;
  if (publish == Publish::Yes) version = parts_.revisions.MakeVersion(function, std::nullopt);
  catalog::FunctionCatalog::Addition with;
  if (signing) with = [&](resources::Change& change) { return StageCodeSigning(change, parts_.tables, function.name, signing); };
  MF_CO_TRY_VOID(co_await parts_.catalog.Create(ctx, function, version, std::move(with)));
  parts_.settling.Later(function);
  FunctionConfiguration view = parts_.views.Describe(function, "");
  if (version) {
    parts_.settling.Later(*version);
    view.version = version->version;
  }
  co_await parts_.vpcs.Settle(ctx, function.name, view.version.value_or(""));
  co_return view;
}

// A container image goes on serving until the new one is there: that is what `next_image` is for.
Task<Result<FunctionLayers::Pins>> FunctionsApi::TakeNextCode(Context& ctx, catalog::Function& function,
                                                              UpdateFunctionCodeRequest request) {
  if (request.architectures && !request.architectures->empty()) function.architecture = request.architectures->front();
  if (IsImage(function)) {
    MF_CO_TRY(function.next_image, co_await parts_.images.Resolve(ctx, *request.image_uri));
    co_return FunctionLayers::Pins();
  }
  const std::optional<SigningRule> rule = SigningRuleOf(parts_.tables, function.name, request.function_name);
  co_return co_await TakePackage(ctx, function, CodeOf(std::move(request)), rule);
}

Task<Result<FunctionConfiguration>> FunctionsApi::UpdateFunctionCode(Context& ctx, UpdateFunctionCodeRequest request) {
  MF_CO_TRY(FoundFunction found, FindForUpdate(parts_.catalog, ctx, request.function_name, request.revision_id));
  MF_CO_TRY_VOID(CheckCodeKind(*found.function, request));
  MF_CO_TRY_VOID(CheckPublishTo(request.publish_to));
  if (!IsImage(*found.function)) {
    MF_CO_TRY_VOID(parts_.runtimes.CheckUse(found.function->runtime, catalog::RuntimeUse::Update, parts_.clock.WallNow()));
  }
  const bool publish = request.publish.value_or(false);
  const bool dry_run = request.dry_run.value_or(false);
  catalog::Function next = *found.function;
  MF_CO_TRY(const FunctionLayers::Pins pins, co_await TakeNextCode(ctx, next, std::move(request)));
  const int64_t added_bytes = StoredBytes(next) * (publish ? 2 : 1) - StoredBytes(*found.function);
  MF_CO_TRY_VOID(parts_.quota.Check(next.name.account_id, next.name.region, added_bytes));
  if (dry_run) co_return parts_.views.Describe(next, "");
  const std::string serving_content = next.content_id;
  parts_.revisions.MarkUpdating(next);
  if (IsImage(next)) next.SetContentId(serving_content);  // the old image serves until the new one is there
  if (publish) co_return co_await StoreAndPublish(ctx, found.function, std::move(next));
  co_return co_await StoreUpdate(ctx, found.function, std::move(next));
}

Task<Result<FunctionConfiguration>> FunctionsApi::StoreUpdate(Context& ctx, catalog::FunctionPointer latest, catalog::Function next) {
  MF_CO_TRY_VOID(co_await parts_.catalog.Replace(ctx, latest, next));
  parts_.settling.Later(next);
  co_return parts_.views.Describe(next, "");
}

Task<Result<FunctionConfiguration>> FunctionsApi::StoreAndPublish(Context& ctx, catalog::FunctionPointer latest, catalog::Function next) {
  if (catalog::FunctionPointer same = PublishedAs(parts_.catalog, next)) {
    MF_CO_TRY_VOID(co_await StoreUpdate(ctx, latest, std::move(next)));
    co_return parts_.views.Describe(*same, same->version);
  }
  catalog::Function version = parts_.revisions.MakeVersion(next, std::nullopt);
  parts_.revisions.MarkPending(version);
  MF_CO_TRY_VOID(co_await parts_.catalog.Publish(ctx, latest, next, version));
  parts_.settling.Later(next);
  parts_.settling.Later(version);
  co_await parts_.vpcs.Settle(ctx, version.name, version.version);
  co_return parts_.views.Describe(version, version.version);
}

Task<Result<FunctionConfiguration>> FunctionsApi::UpdateFunctionConfiguration(Context& ctx, UpdateFunctionConfigurationRequest request) {
  MF_CO_TRY_VOID(FunctionLayers::CheckRegion(ctx, request.layers));
  MF_CO_TRY(FoundFunction found, FindForUpdate(parts_.catalog, ctx, request.function_name, request.revision_id));
  catalog::Function next = *found.function;
  MF_CO_TRY_VOID(ApplySettings(request, RulesFor(catalog::RuntimeUse::Update), next));
  FunctionLayers::Pins pins;
  if (request.layers) {
    MF_CO_TRY_VOID(parts_.layers.Choose(ctx, *request.layers, next));
    MF_CO_TRY_VOID(co_await parts_.code.CheckLayerSignatures(next, SigningRuleOf(parts_.tables, next.name, request.function_name)));
    MF_CO_TRY(pins, co_await parts_.layers.Take(next, FunctionLayers::SizeError::NamesLayers));
  }
  if (request.vpc_config) MF_CO_TRY_VOID(co_await parts_.vpcs.Join(ctx, next));
  parts_.revisions.MarkUpdating(next);
  auto stored = co_await StoreUpdate(ctx, found.function, next);
  co_await parts_.vpcs.Settle(ctx, next.name);
  co_return stored;
}

Task<Result<DeleteFunctionResponse>> FunctionsApi::DeleteFunction(Context& ctx, DeleteFunctionRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference,
            catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  if (reference.qualifier == "$LATEST") {
    co_return Fail(InvalidParameterValue("$LATEST version cannot be deleted without deleting the function."));
  }
  const bool is_version = IsNumber(reference.qualifier);
  // Whatever may be an alias is told so before anything is looked up.
  if (!reference.qualifier.empty() && !is_version && catalog::IsAliasName(reference.qualifier)) {
    co_return Fail(InvalidParameterValue("Deletion of aliases is not currently supported."));
  }
  // A change of state may be on its way to the store (Settling): it comes first, then the function is looked up again.
  const auto remove = [&](resources::Change& change, const auto&) -> Result<> {
    const catalog::FunctionPointer latest = parts_.catalog.Find(reference.name);
    if (!latest) return Fail(catalog::FunctionNotFound({reference.name, ""}));
    if (reference.qualifier.empty()) return parts_.catalog.StageDelete(change, latest);
    if (!is_version) return Fail(catalog::FunctionNotFound(reference));
    const catalog::FunctionPointer version = parts_.catalog.FindVersion(reference.name, reference.qualifier);
    if (!version) return {};  // AWS knows no error for it
    MF_TRY_VOID(CheckUnused(parts_.tables, *version));
    return parts_.catalog.StageDelete(change, version);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables.functions, reference.name.Key(), remove));
  co_await parts_.vpcs.Settle(ctx, reference.name);
  DeleteFunctionResponse response;
  response.status_code = 204;
  co_return response;
}

}  // namespace mayfly::lambda
