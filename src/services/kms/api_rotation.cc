// EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations.
#include <fmt/format.h>

#include "base/text.h"
#include "services/kms/kms_api.h"

namespace mayfly::kms {
namespace {

constexpr int64_t kRotationDaysUsual = 365;
constexpr int64_t kMillisADay = 86'400'000;
constexpr size_t kRotationsUsual = 100;

Result<> CheckRotatable(const KeyRow& key) {
  MF_TRY_VOID(KeyVault::CheckNotPending(key));
  if (key.state == "Disabled") return Fail(Error::Service("DisabledException", fmt::format("{} is disabled.", key.name.Arn())));
  if (!key.is_symmetric()) return Fail(Error::Service("UnsupportedOperationException", ""));
  return {};
}

RotationsListEntry RotationOf(const KeyRow& key, const Material& material) {
  const auto kind = static_cast<RotationKind>(material.rotation);
  RotationsListEntry entry{.key_id = key.name.Arn(), .key_material_id = material.id};
  entry.key_material_state = &material == &key.materials.back() ? "CURRENT" : "NON_CURRENT";
  if (kind == RotationKind::None) return entry;
  entry.rotation_date = WallTime(std::chrono::milliseconds(material.since_millis));
  entry.rotation_type = kind == RotationKind::Automatic ? "AUTOMATIC" : "ON_DEMAND";
  return entry;
}

}  // namespace

Task<Result<EnableKeyRotationResponse>> KmsApi::EnableKeyRotation(Context& ctx, EnableKeyRotationRequest request) {
  MF_CO_TRY_VOID(co_await EditKey(ctx, request.key_id, [&](KeyRow& key) -> Result<> {
    MF_TRY_VOID(CheckRotatable(key));
    const int64_t days = request.rotation_period_in_days ? *request.rotation_period_in_days : key.rotation_days > 0 ? key.rotation_days : kRotationDaysUsual;
    if (days == key.rotation_days) return {};
    key.rotation_days = days;
    key.next_rotation_millis = vault_->NowMillis() + days * kMillisADay;
    return {};
  }));
  co_return EnableKeyRotationResponse();
}

Task<Result<DisableKeyRotationResponse>> KmsApi::DisableKeyRotation(Context& ctx, DisableKeyRotationRequest request) {
  MF_CO_TRY_VOID(co_await EditKey(ctx, request.key_id, [](KeyRow& key) -> Result<> {
    MF_TRY_VOID(CheckRotatable(key));
    key.rotation_days = 0;
    key.next_rotation_millis = 0;
    return {};
  }));
  co_return DisableKeyRotationResponse();
}

Task<Result<GetKeyRotationStatusResponse>> KmsApi::GetKeyRotationStatus(Context& ctx, GetKeyRotationStatusRequest request) {
  MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, request.key_id, KeyForms::Keys));
  MF_CO_TRY_VOID(KeyVault::CheckNotPending(*key));
  if (!key->is_symmetric()) co_return Fail(Error::Service("UnsupportedOperationException", ""));
  GetKeyRotationStatusResponse response{.key_rotation_enabled = key->rotation_days > 0, .key_id = key->name.Arn()};
  if (key->rotation_days > 0) {
    response.rotation_period_in_days = static_cast<int32_t>(key->rotation_days);
    response.next_rotation_date = TimeOf(key->next_rotation_millis);
  }
  co_return response;
}

Task<Result<RotateKeyOnDemandResponse>> KmsApi::RotateKeyOnDemand(Context& ctx, RotateKeyOnDemandRequest request) {
  RotateKeyOnDemandResponse response;
  MF_CO_TRY_VOID(co_await EditKey(ctx, request.key_id, [&](KeyRow& key) -> Result<> {
    MF_TRY_VOID(CheckRotatable(key));
    if (key.rotated_on_demand >= static_cast<int64_t>(kOnDemandRotationsMax)) {
      return Fail(Error::Service("LimitExceededException", fmt::format("{} has been rotated on demand {} times.", key.name.Arn(), kOnDemandRotationsMax)));
    }
    ++key.rotated_on_demand;
    key.materials.push_back(vault_->Keep(key.name, MakeMaterial(*FindSpec(key.spec)), RotationKind::OnDemand));
    response.key_id = key.name.Arn();
    return {};
  }));
  co_return response;
}

Task<Result<ListKeyRotationsResponse>> KmsApi::ListKeyRotations(Context& ctx, ListKeyRotationsRequest request) {
  MF_CO_TRY(const KeyPointer key, vault_->FindNow(ctx, request.key_id, KeyForms::Keys));
  if (!key->is_symmetric()) co_return Fail(Error::Service("UnsupportedOperationException", ""));
  const bool all = request.include_key_material.value_or("") == "ALL_KEY_MATERIAL";
  std::optional<size_t> at = 0;  // the marker: the place of the next material
  if (request.marker) at = ParseNumber<size_t>(resources::ReadMarker(*request.marker).value_or(""));
  if (!at) co_return Fail(Error::Service("InvalidMarkerException", "The marker is not valid."));
  const size_t limit = request.limit ? static_cast<size_t>(*request.limit) : kRotationsUsual;
  ListKeyRotationsResponse response{.rotations = std::vector<RotationsListEntry>(), .next_marker = {}, .truncated = false};
  for (; *at < key->materials.size(); ++*at) {
    const Material& material = key->materials[*at];
    if (!all && material.rotation == static_cast<int64_t>(RotationKind::None)) continue;
    if (response.rotations->size() == limit) {
      response.next_marker = resources::WriteMarker(std::to_string(*at));
      response.truncated = true;
      break;
    }
    response.rotations->push_back(RotationOf(*key, material));
  }
  co_return response;
}

}  // namespace mayfly::kms
