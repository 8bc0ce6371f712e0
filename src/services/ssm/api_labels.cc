// LabelParameterVersion, UnlabelParameterVersion.
#include <algorithm>

#include "services/ssm/ssm_api.h"

namespace mayfly::ssm {
namespace {

constexpr size_t kLabelsMax = 10;  // of one version

void SetLabel(ParameterRow& parameter, const std::string& label, int64_t version) {
  std::erase_if(parameter.labels, [&](const auto& other) { return other.first == label; });
  parameter.labels.emplace_back(label, std::to_string(version));
}

}  // namespace

Task<Result<LabelParameterVersionResponse>> SsmApi::LabelParameterVersion(Context& ctx, LabelParameterVersionRequest request) {
  MF_CO_TRY(const Parameters::Pointer parameter, Find(ctx, request.name));
  LabelParameterVersionResponse response{.invalid_labels = std::vector<std::string>(), .parameter_version = request.parameter_version};
  std::vector<std::string> good;
  for (std::string& label : request.labels) (IsLabel(label) ? good : *response.invalid_labels).push_back(std::move(label));
  const auto edit = [&](ParameterRow& row) -> Result<> {
    const int64_t version = request.parameter_version.value_or(row.newest.version);
    response.parameter_version = version;
    if (!parameters_->FindVersion(row, std::to_string(version))) return Fail(VersionNotFound(request.name, std::to_string(version)));
    for (const std::string& label : good) SetLabel(row, label, version);
    if (row.LabelsOf(version).size() <= kLabelsMax) return {};
    return Fail(Error::Service("ParameterVersionLabelLimitExceeded", "A parameter version can have maximum 10 labels. Move one or more labels to another version "
                                                                     "and try again."));
  };
  MF_CO_TRY_VOID(co_await parameters_->Edit(ctx, parameter->key, edit));
  if (!good.empty()) co_await parts_.keeper->Tell(ctx, "LabelParameterVersion", *parameter);
  co_return response;
}

Task<Result<UnlabelParameterVersionResponse>> SsmApi::UnlabelParameterVersion(Context& ctx, UnlabelParameterVersionRequest request) {
  MF_CO_TRY(const Parameters::Pointer parameter, Find(ctx, request.name));
  UnlabelParameterVersionResponse response;
  const auto edit = [&](ParameterRow& row) -> Result<> {
    response = {.removed_labels = std::vector<std::string>(), .invalid_labels = std::vector<std::string>()};
    const std::string version = std::to_string(request.parameter_version);
    if (!parameters_->FindVersion(row, version)) return Fail(VersionNotFound(request.name, version));
    for (const std::string& label : request.labels) {
      const bool is_there = std::erase(row.labels, std::pair(label, version)) > 0;
      (is_there ? response.removed_labels : response.invalid_labels)->push_back(label);
    }
    return {};
  };
  MF_CO_TRY_VOID(co_await parameters_->Edit(ctx, parameter->key, edit));
  co_return response;
}

}  // namespace mayfly::ssm
