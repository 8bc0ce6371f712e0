#include "services/ssm/parameters.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/text.h"

namespace mayfly::ssm {
namespace {

constexpr std::string_view kAdvancedTier = "Advanced";

std::string AccountOf(const ParameterKey& key) { return key.account_id + '/' + key.region; }

Error Missing(std::string_view key) { return NotFound(key.substr(key.find('/', key.find('/') + 1))); }

Error Busy(std::string_view) {
  return Error::Service("TooManyUpdates", "There are concurrent updates for a resource that supports one update at a time.");
}

constexpr resources::RowErrors kErrors{.missing = &Missing, .exists = &Busy, .busy = &Busy};

// Versions go with their parameter.
resources::Owner OwnerOfVersions(resources::AnyTable& parameters) {
  return {.table = &parameters,
          .key_of = [](std::string_view key) -> std::optional<std::string> { return std::string(key.substr(0, key.rfind('#'))); },
          .root_of = [](std::string_view parameter_key) { return std::string(parameter_key) + '#'; },
          .needed = resources::Owner::Needed::Always};
}

}  // namespace

Error BadKey(const Context& ctx, const Error& error) {
  if (error.kind != Error::Kind::Service || error.code == "AccessDeniedException") return error;
  return Error::Service("InvalidKeyId", fmt::format("{} (Service: AWSKMS; Status Code: 400; Error Code: {}; Request ID: {})", error.message, error.code, ctx.request_id));
}

Error NotFound(std::string_view name) { return Error::Service("ParameterNotFound", fmt::format("Parameter {} not found.", name)); }

Parameters::Parameters(store::Store& store, const keyring::Keys& keys, const SecretBox* old)
    : tables_(store), parameters_(tables_, "ssm_parameters", {.owners = {}, .errors = kErrors}),
      versions_(tables_, "ssm_parameter_versions", {.owners = {OwnerOfVersions(parameters_)}, .errors = kErrors}), keys_(&keys), old_(old) {
  parameters_.OnChange([this](const std::string&, const Pointer& old_state, const Pointer& new_state) {
    if (!counts_) return;
    if (old_state) Count(*old_state, -1);
    if (new_state) Count(*new_state, +1);
  });
}

void Parameters::Count(const ParameterRow& parameter, int sign) {
  Counts& counts = (*counts_)[AccountOf(parameter.key)];
  (parameter.newest.tier == kAdvancedTier ? counts.advanced : counts.standard) += sign;
  MF_ASSERT(counts.advanced >= 0 && counts.standard >= 0);
}

const Parameters::Counts& Parameters::CountsOf(const ParameterKey& key) {
  if (!counts_) {
    counts_.emplace();
    parameters_.ListIf("", "", SIZE_MAX, [this](const auto& row) {
      Count(*row.value, +1);
      return false;  // counted, not kept
    });
  }
  return (*counts_)[AccountOf(key)];
}

Result<Parameters::Page> Parameters::List(const resources::PageRequest& request, const std::function<bool(const ParameterRow&)>& wanted) const {
  return resources::NextPageIf(parameters_, request, [&wanted](const auto& row) { return wanted(*row.value); });
}

std::optional<VersionRow> Parameters::FindVersion(const ParameterRow& parameter, std::string_view selector) const {
  if (selector.empty()) return parameter.newest;
  const int64_t number = ParseNumber<int64_t>(selector).value_or(parameter.VersionLabelled(selector));
  if (number == parameter.newest.version) return parameter.newest;
  const auto found = versions_.Find(VersionKey(parameter.key, number));
  return found ? std::optional(*found) : std::nullopt;
}

std::vector<VersionRow> Parameters::Versions(const ParameterRow& parameter, int64_t after, size_t limit) const {
  std::vector<VersionRow> versions;
  for (const auto& row : versions_.List(VersionKeyPrefix(parameter.key), VersionKey(parameter.key, after), limit)) versions.push_back(*row.value);
  if (versions.size() < limit && parameter.newest.version > after) versions.push_back(parameter.newest);
  return versions;
}

Result<std::string> Parameters::Encrypt(const Context& ctx, const ParameterRow& parameter, std::string_view value) const {
  const keyring::EncryptionContext context{{"PARAMETER_ARN", parameter.key.Arn()}};
  auto blob = keys_->Seal(ctx, parameter.newest.key_arn, value, {.via = "ssm", .context = context});
  if (!blob) return Fail(BadKey(ctx, blob.error()));
  return Base64Encode(*blob);
}

Result<std::string> Parameters::Reveal(const Context& ctx, const ParameterRow& parameter, const VersionRow& version) const {
  if (!parameter.is_secure()) return version.value;
  const std::string arn = parameter.key.Arn();
  if (version.key_arn.empty()) {
    if (!old_) return Fail(Error::Fault("the value of " + arn + " lies under a key that is gone", "put back the ssm-key that belongs to this data directory"));
    auto opened = old_->Open(version.value, arn);
    if (!opened) return Fail(std::move(opened).error().Wrap(arn));
    return opened;
  }
  const auto blob = Base64Decode(version.value);
  if (!blob) return Fail(Error::Fault("the value of " + arn + " cannot be read"));
  const keyring::EncryptionContext context{{"PARAMETER_ARN", arn}};
  auto opened = keys_->Open(ctx, *blob, {.via = "ssm", .context = context});
  if (!opened) return Fail(BadKey(ctx, opened.error()));
  return opened;
}

Result<> Parameters::CheckRoom(const ParameterKey& key, std::string_view tier) {
  const Counts& counts = CountsOf(key);
  if (tier == kAdvancedTier ? counts.advanced < kAdvancedMax : counts.standard < kStandardMax) return {};
  return Fail(Error::Service("ParameterLimitExceeded", "You have exceeded the number of parameters for this Amazon Web Services account. Delete one or more "
                                                       "parameters and try again."));
}

Result<> Parameters::StageOlder(resources::Change& change, const ParameterRow& old) {
  MF_TRY_VOID(change.Create(versions_, VersionKey(old.key, old.newest.version), old.newest));
  const auto oldest = versions_.List(VersionKeyPrefix(old.key), "", 1);
  if (oldest.empty() || old.newest.version + 1 - oldest[0].value->version < kVersionsMax) return {};
  const int64_t number = oldest[0].value->version;
  if (!old.LabelsOf(number).empty()) {
    return Fail(Error::Service("ParameterMaxVersionLimitExceeded",
                               fmt::format("You attempted to create a new version of {} by calling the PutParameter API with the overwrite flag. Version {}, the "
                                           "oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the "
                                           "parameter, and try again.", old.name, number)));
  }
  return change.Delete(versions_, oldest[0].key, oldest[0].value);
}

Result<> Parameters::StageNext(const Context& ctx, resources::Change& change, const Pointer& old, Next next) {
  ParameterRow& parameter = next.parameter;
  if (!old || old->newest.tier != parameter.newest.tier) MF_TRY_VOID(CheckRoom(parameter.key, parameter.newest.tier));
  parameter.newest.version = old ? old->newest.version + 1 : 1;
  if (parameter.is_secure()) {
    MF_TRY(next.value, Encrypt(ctx, parameter, next.value));
  }
  parameter.newest.value = std::move(next.value);
  parameter.acted_millis = 0;
  const std::string key = parameter.key.Text();
  if (!old) return change.Create(parameters_, key, std::move(parameter));
  MF_TRY_VOID(StageOlder(change, *old));
  return change.Replace(parameters_, key, old, std::move(parameter));
}

Task<Result<int64_t>> Parameters::Put(Context& ctx, ParameterKey key, Make make) {
  int64_t number = 0;
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parameters_, key.Text(), [&](resources::Change& change, const Pointer& old) -> Result<> {
    MF_TRY(Next next, make(old));
    number = old ? old->newest.version + 1 : 1;
    return StageNext(ctx, change, old, std::move(next));
  }));
  co_return number;
}

Task<Result<>> Parameters::Edit(Context& ctx, ParameterKey key, std::function<Result<>(ParameterRow&)> edit) {
  return resources::Edit(ctx, parameters_, key.Text(), std::move(edit));
}

Task<Result<>> Parameters::Delete(Context& ctx, ParameterKey key) { return resources::Remove(ctx, parameters_, key.Text()); }

}  // namespace mayfly::ssm
