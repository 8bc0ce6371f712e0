// CreateKey, DescribeKey, ListKeys, UpdateKeyDescription, EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion.
#include <fmt/format.h>

#include "identity/policy.h"
#include "resources/edit.h"
#include "resources/tags.h"
#include "services/kms/kms_api.h"

namespace mayfly::kms {
namespace {

constexpr int64_t kMillisOfDay = 86'400'000;
constexpr int kWindowDaysMin = 7;
constexpr int kWindowDaysMax = 30;

Error NoMarker() { return Error::Service("InvalidMarkerException", "The marker is not valid."); }

Result<std::string> ChooseSpec(const CreateKeyRequest& request) {
  if (request.key_spec && request.customer_master_key_spec) {
    return Fail(Invalid("You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated."));
  }
  const std::string spec = request.key_spec.value_or(request.customer_master_key_spec.value_or("SYMMETRIC_DEFAULT"));
  if (FindSpec(spec)) return spec;
  return Fail(Error::Service("UnsupportedOperationException", fmt::format("KeySpec {} is not supported in this region.", spec)));
}

Result<std::string> ChooseUsage(const CreateKeyRequest& request, const SpecFacts& spec) {
  if (!request.key_usage && spec.kind != KeyKind::Symmetric) {
    return Fail(Invalid("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."));
  }
  std::string usage = request.key_usage.value_or("ENCRYPT_DECRYPT");
  if (Has(spec.usages, usage)) return usage;
  return Fail(Invalid(fmt::format("KeyUsage {} is not compatible with KeySpec {}", usage, spec.name)));
}

Result<> CheckOrigin(const CreateKeyRequest& request) {
  if (request.origin.value_or("AWS_KMS") == "AWS_KMS" && !request.custom_key_store_id) return {};
  return Fail(Error::Service("UnsupportedOperationException", "Keys of other origins are not supported by Mayfly yet."));
}

Result<resources::StringPairs> TagsOf(const std::optional<std::vector<Tag>>& tags) {
  static const resources::TagRules kRules{.count_max = 50,
                                          .reserved = [] { return Error::Service("TagException", "Tag keys must not begin with aws:."); },
                                          .too_many = [](std::string_view) { return Error::Service("LimitExceededException", "A key has at most 50 tags."); }};
  resources::StringPairs pairs;
  for (const Tag& tag : tags.value_or(std::vector<Tag>())) {
    for (const auto& [key, value] : pairs) {
      if (key == tag.tag_key) return Fail(Error::Service("TagException", "Duplicate tag keys"));
    }
    pairs.emplace_back(tag.tag_key, tag.tag_value);
  }
  MF_TRY_VOID(resources::CheckTags(pairs, kRules));
  return pairs;
}

Error NoChangeOfAws(const Context& ctx, const KeyRow& key) {
  return Error::Service("AccessDeniedException", fmt::format("User: {} is not authorized to perform this operation on resource: {} because it is an AWS managed key",
                                                             ctx.principal.arn, key.name.Arn()));
}

}  // namespace

resources::PageRequest PageOf(std::string prefix, const std::optional<int32_t>& limit, size_t usual, const std::optional<std::string>& marker) {
  return {.prefix = std::move(prefix), .marker = marker, .limit = limit ? static_cast<size_t>(*limit) : usual, .bad_marker = &NoMarker};
}

keyring::EncryptionContext ContextOf(const std::optional<wire::Map<std::string>>& map) {
  return map ? keyring::EncryptionContext(map->begin(), map->end()) : keyring::EncryptionContext();
}

Result<> CheckDryRun(const std::optional<bool>& dry_run) {
  if (!dry_run.value_or(false)) return {};
  return Fail(Error::Service("DryRunOperationException", "The request would have succeeded, but the DryRun option is set."));
}

Result<> CheckKeyPolicy(const Context& ctx, const std::string& policy, const KeyName& key, const std::optional<bool>& bypass) {
  const auto parsed = identity::Policy::Parse(policy, identity::Policy::Kind::Resource);
  if (!parsed) return Fail(Error::Service("MalformedPolicyDocumentException", parsed.error().message));
  if (bypass.value_or(false)) return {};
  const auto principal = identity::RequestPrincipal::Of(ctx.principal);
  const std::string arn = key.Arn();
  identity::ConditionKeys keys;
  keys.Add("kms:CallerAccount", ctx.principal.account_id);
  const auto decision = (*parsed)->Evaluate({.principal = principal, .action = "kms:PutKeyPolicy", .resource = arn, .keys = keys});
  if (decision.type == identity::DecisionType::Allow) return {};
  return Fail(Error::Service("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future."));
}

KeyMetadata Describe(const KeyRow& key) {
  const SpecFacts* spec = FindSpec(key.spec);
  KeyMetadata shown{.aws_account_id = key.name.account_id, .key_id = key.name.id, .arn = key.name.Arn(),
                    .creation_date = WallTime(std::chrono::milliseconds(key.created_millis)), .enabled = key.state == "Enabled", .description = key.description,
                    .key_usage = key.usage, .key_state = key.state};
  if (key.deletion_millis > 0) shown.deletion_date = WallTime(std::chrono::milliseconds(key.deletion_millis));
  shown.origin = "AWS_KMS";
  shown.key_manager = key.is_aws() ? "AWS" : "CUSTOMER";
  shown.customer_master_key_spec = key.spec;
  shown.key_spec = key.spec;
  shown.multi_region = key.multi_region;
  if (key.multi_region) {
    shown.multi_region_configuration = MultiRegionConfiguration{.multi_region_key_type = "PRIMARY", .primary_key = MultiRegionKey{.arn = key.name.Arn(), .region = key.name.region},
                                                                .replica_keys = std::vector<MultiRegionKey>()};
  }
  if (key.is_symmetric()) shown.current_key_material_id = key.materials.back().id;
  if (!spec) return shown;
  auto algorithms = TextsOf(AlgorithmsOf(*spec, key.usage));
  if (key.usage == "ENCRYPT_DECRYPT") shown.encryption_algorithms = std::move(algorithms);
  else if (key.usage == "SIGN_VERIFY") shown.signing_algorithms = std::move(algorithms);
  else if (key.usage == "GENERATE_VERIFY_MAC") shown.mac_algorithms = std::move(algorithms);
  else shown.key_agreement_algorithms = std::move(algorithms);
  return shown;
}

Task<Result<CreateKeyResponse>> KmsApi::CreateKey(Context& ctx, CreateKeyRequest request) {
  MF_CO_TRY(const std::string spec_name, ChooseSpec(request));
  const SpecFacts& spec = *FindSpec(spec_name);
  MF_CO_TRY(const std::string usage, ChooseUsage(request, spec));
  MF_CO_TRY_VOID(CheckOrigin(request));
  MF_CO_TRY(resources::StringPairs tags, TagsOf(request.tags));
  const KeyName name = vault_->NewName(ctx, request.multi_region.value_or(false));
  if (request.policy) MF_CO_TRY_VOID(CheckKeyPolicy(ctx, *request.policy, name, request.bypass_policy_lockout_safety_check));
  if (tables_->keys.size() >= kKeysMax) co_return Fail(Error::Service("LimitExceededException", "The quota of KMS keys has been reached."));
  NewMaterial material = co_await pool_->Run(*ctx.loop, [&spec] { return MakeMaterial(spec); });
  KeyRow key = vault_->MakeRow(name, spec_name, usage, std::move(material));
  key.description = request.description.value_or("");
  key.policy = request.policy.value_or("");
  key.multi_region = request.multi_region.value_or(false);
  key.tags = std::move(tags);
  resources::Change change(tables_->all);
  MF_CO_TRY_VOID(change.Create(tables_->keys, name.Key(), key));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return CreateKeyResponse{.key_metadata = Describe(key)};
}

Task<Result<DescribeKeyResponse>> KmsApi::DescribeKey(Context& ctx, DescribeKeyRequest request) {
  MF_CO_TRY(const KeyPointer key, co_await vault_->Find(ctx, request.key_id, KeyForms::KeysAndAliases));
  co_return DescribeKeyResponse{.key_metadata = Describe(*key)};
}

Task<Result<ListKeysResponse>> KmsApi::ListKeys(Context& ctx, ListKeysRequest request) {
  const KeyName place{ctx.principal.account_id, ctx.principal.region, {}};
  MF_CO_TRY(auto page, resources::NextPage(tables_->keys, PageOf(place.Place(), request.limit, 100, request.marker)));
  ListKeysResponse response{.keys = std::vector<KeyListEntry>(), .next_marker = page.next_marker, .truncated = page.next_marker.has_value()};
  for (const auto& row : page.rows) response.keys->push_back({.key_id = row.value->name.id, .key_arn = row.value->name.Arn()});
  co_return response;
}

Task<Result<>> KmsApi::EditKey(Context& ctx, const std::string& key_id, EditKeyRow edit) {
  MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, key_id, KeyForms::Keys));
  if (key->is_aws()) co_return Fail(NoChangeOfAws(ctx, *key));
  co_return co_await resources::Edit(ctx, tables_->keys, key->name.Key(), std::move(edit));
}

Task<Result<UpdateKeyDescriptionResponse>> KmsApi::UpdateKeyDescription(Context& ctx, UpdateKeyDescriptionRequest request) {
  MF_CO_TRY_VOID(co_await EditKey(ctx, request.key_id, [&](KeyRow& key) -> Result<> {
    MF_TRY_VOID(KeyVault::CheckNotPending(key));
    key.description = request.description;
    return {};
  }));
  co_return UpdateKeyDescriptionResponse();
}

Task<Result<EnableKeyResponse>> KmsApi::EnableKey(Context& ctx, EnableKeyRequest request) {
  MF_CO_TRY_VOID(co_await EditKey(ctx, request.key_id, [](KeyRow& key) -> Result<> {
    MF_TRY_VOID(KeyVault::CheckNotPending(key));
    key.state = "Enabled";
    return {};
  }));
  co_return EnableKeyResponse();
}

Task<Result<DisableKeyResponse>> KmsApi::DisableKey(Context& ctx, DisableKeyRequest request) {
  MF_CO_TRY_VOID(co_await EditKey(ctx, request.key_id, [](KeyRow& key) -> Result<> {
    MF_TRY_VOID(KeyVault::CheckNotPending(key));
    key.state = "Disabled";
    return {};
  }));
  co_return DisableKeyResponse();
}

Task<Result<ScheduleKeyDeletionResponse>> KmsApi::ScheduleKeyDeletion(Context& ctx, ScheduleKeyDeletionRequest request) {
  const int days = request.pending_window_in_days.value_or(kWindowDaysMax);
  if (days < kWindowDaysMin || days > kWindowDaysMax) {
    co_return Fail(Invalid(fmt::format("PendingWindowInDays should be between {} and {}, but it is {}", kWindowDaysMin, kWindowDaysMax, days)));
  }
  ScheduleKeyDeletionResponse response{.key_id = {}, .deletion_date = {}, .key_state = "PendingDeletion", .pending_window_in_days = days};
  MF_CO_TRY_VOID(co_await EditKey(ctx, request.key_id, [&](KeyRow& key) -> Result<> {
    MF_TRY_VOID(KeyVault::CheckNotPending(key));
    key.state = "PendingDeletion";
    key.deletion_millis = vault_->NowMillis() + days * kMillisOfDay;
    response.key_id = key.name.Arn();
    response.deletion_date = TimeOf(key.deletion_millis);
    return {};
  }));
  co_return response;
}

Task<Result<CancelKeyDeletionResponse>> KmsApi::CancelKeyDeletion(Context& ctx, CancelKeyDeletionRequest request) {
  CancelKeyDeletionResponse response;
  MF_CO_TRY_VOID(co_await EditKey(ctx, request.key_id, [&](KeyRow& key) -> Result<> {
    response.key_id = key.name.Arn();
    if (key.state != "PendingDeletion") return Fail(Error::Service("KMSInvalidStateException", fmt::format("{} is not pending deletion.", key.name.Arn())));
    key.state = "Disabled";
    key.deletion_millis = 0;
    return {};
  }));
  co_return response;
}

}  // namespace mayfly::kms
