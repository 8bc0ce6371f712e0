// GetParameter, GetParameters, GetParametersByPath, GetParameterHistory, DescribeParameters.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "services/ssm/filters.h"
#include "services/ssm/ssm_api.h"

namespace mayfly::ssm {
namespace {

constexpr size_t kByPathUsual = 10;
constexpr size_t kListUsual = 50;
constexpr std::string_view kSecrets = "/aws/reference/secretsmanager/";

WallTime TimeOf(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

std::optional<std::string> UnlessEmpty(std::string text) { return text.empty() ? std::nullopt : std::optional(std::move(text)); }

Error BadToken() { return Error::Service("InvalidNextToken", "The specified token isn't valid."); }

resources::PageRequest PageOf(std::string prefix, const std::optional<std::string>& token, const std::optional<int32_t>& asked, size_t usual) {
  return {.prefix = std::move(prefix), .marker = token, .limit = resources::PageLimit(asked, usual), .bad_marker = &BadToken};
}

std::vector<ParameterInlinePolicy> PoliciesShown(const VersionRow& version, int64_t acted_millis) {
  std::vector<ParameterInlinePolicy> shown;
  for (const ParameterPolicy& policy : PoliciesOf(version)) {
    shown.push_back({.policy_text = policy.text, .policy_type = std::string(NameOf(policy.type)), .policy_status = policy.due <= TimeOf(acted_millis) ? "Finished" : "Pending"});
  }
  return shown;
}

ParameterMetadata Describe(const ParameterRow& row) {
  const VersionRow& newest = row.newest;
  return {.name = row.name, .arn = row.key.Arn(), .type = row.type, .key_id = UnlessEmpty(newest.key_id), .last_modified_date = TimeOf(newest.modified_millis),
          .last_modified_user = newest.modified_by, .description = UnlessEmpty(newest.description), .allowed_pattern = UnlessEmpty(newest.allowed_pattern),
          .version = newest.version, .tier = newest.tier, .policies = PoliciesShown(newest, row.acted_millis), .data_type = newest.data_type};
}

// The older form of filters: any of the values, as a prefix of names.
std::vector<ParameterStringFilter> FiltersOf(const DescribeParametersRequest& request) {
  std::vector<ParameterStringFilter> filters = request.parameter_filters.value_or(std::vector<ParameterStringFilter>());
  for (const ParametersFilter& old : request.filters.value_or(std::vector<ParametersFilter>())) {
    filters.push_back({.key = old.key, .option = old.key == "Name" ? "BeginsWith" : "Equals", .values = old.values});
  }
  return filters;
}

}  // namespace

Error VersionNotFound(std::string_view name, std::string_view selector) {
  return Error::Service("ParameterVersionNotFound", fmt::format("Systems Manager could not find version {} of {}. Verify the version and try again.", selector, name));
}


Result<Parameters::Pointer> SsmApi::Find(const Context& ctx, std::string_view name) const {
  const ParameterReference reference = ParseReference(ctx, name);
  const bool is_own = reference.key.account_id == ctx.principal.account_id && reference.selector.empty();
  if (const Parameters::Pointer parameter = is_own ? parameters_->Find(reference.key) : nullptr) return parameter;
  return Fail(NotFound(name));
}

Result<Parameter> SsmApi::View(const Context& ctx, const ParameterRow& parameter, const VersionRow& version, bool with_decryption) const {
  auto value = with_decryption ? parameters_->Reveal(ctx, parameter, version) : Result<std::string>(version.value);  // of a secret what lies on disk
  if (!value) return Fail(std::move(value).error());
  return Parameter{.name = parameter.name, .type = parameter.type, .value = std::move(*value), .version = version.version, .selector = {}, .source_result = {},
                   .last_modified_date = TimeOf(version.modified_millis), .arn = parameter.key.Arn(), .data_type = version.data_type};
}

Result<Parameter> SsmApi::ReadOwn(const Context& ctx, std::string_view name, bool with_decryption) const {
  const ParameterReference reference = ParseReference(ctx, name);
  const bool is_own = reference.key.account_id == ctx.principal.account_id;
  const Parameters::Pointer parameter = is_own ? parameters_->Find(reference.key) : nullptr;
  if (!parameter) return Fail(NotFound(reference.name));
  const auto version = parameters_->FindVersion(*parameter, reference.selector);
  if (!version) return Fail(VersionNotFound(reference.name, reference.selector));
  MF_TRY(Parameter view, View(ctx, *parameter, *version, with_decryption));
  if (!reference.selector.empty()) view.selector = ':' + reference.selector;
  return view;
}

Task<Result<Parameter>> SsmApi::ReadSecret(Context& ctx, std::string name, bool with_decryption) const {
  if (!with_decryption) co_return Fail(Invalid("WithDecryption flag must be True for retrieving a Secret Manager secret."));
  json::Value asked{json::Object()};
  asked.Set("SecretId", name.substr(kSecrets.size()));
  MF_CO_TRY(std::string answer, co_await parts_.directory->CallJson(ctx, ctx.principal, "secretsmanager", "GetSecretValue", json::Write(asked)));
  MF_CO_TRY(const json::Value secret, json::Parse(answer));
  const ParameterKey key{ctx.principal.account_id, ctx.principal.region, std::string(WithoutFirstSlash(name))};
  co_return Parameter{.name = name, .type = std::string(kSecure), .value = std::string(secret.StringOr("SecretString", secret.StringOr("SecretBinary", ""))), .version = 0,
                      .selector = {}, .source_result = std::move(answer), .last_modified_date = clock_->WallNow(), .arn = key.Arn(), .data_type = "text"};
}

Task<Result<Parameter>> SsmApi::Read(Context& ctx, const std::string& name, bool with_decryption) const {
  if (name.starts_with(kSecrets)) co_return co_await ReadSecret(ctx, name, with_decryption);
  co_return ReadOwn(ctx, name, with_decryption);
}

Task<Result<GetParameterResponse>> SsmApi::GetParameter(Context& ctx, GetParameterRequest request) {
  MF_CO_TRY(Parameter parameter, co_await Read(ctx, request.name, request.with_decryption.value_or(false)));
  co_return GetParameterResponse{.parameter = std::move(parameter)};
}

Task<Result<GetParametersResponse>> SsmApi::GetParameters(Context& ctx, GetParametersRequest request) {
  GetParametersResponse response;
  response.parameters.emplace();
  response.invalid_parameters.emplace();
  std::vector<std::string> names;
  for (std::string& name : request.names) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  for (std::string& name : names) {
    auto parameter = co_await Read(ctx, name, request.with_decryption.value_or(false));
    if (parameter) response.parameters->push_back(std::move(*parameter));
    else if (parameter.error().code.starts_with("Parameter") || parameter.error().IsService("ResourceNotFoundException")) response.invalid_parameters->push_back(std::move(name));
    else co_return Fail(std::move(parameter).error());
  }
  co_return response;
}

Task<Result<GetParametersByPathResponse>> SsmApi::GetParametersByPath(Context& ctx, GetParametersByPathRequest request) {
  MF_CO_TRY_VOID(CheckPath(request.path));
  const std::vector<ParameterStringFilter> filters = request.parameter_filters.value_or(std::vector<ParameterStringFilter>());
  MF_CO_TRY_VOID(CheckFilters(filters, FilterUse::ByPath));
  std::string prefix = ParseReference(ctx, request.path).key.Text();
  if (!prefix.ends_with('/')) prefix += '/';
  const Depth depth = request.recursive.value_or(false) ? Depth::Recursive : Depth::OneLevel;
  const auto wanted = [&](const ParameterRow& row) { return LiesBelow(row, request.path, depth) && Matches(row, filters); };
  MF_CO_TRY(Parameters::Page page, parameters_->List(PageOf(std::move(prefix), request.next_token, request.max_results, kByPathUsual), wanted));
  GetParametersByPathResponse response{.parameters = std::vector<Parameter>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) {
    MF_CO_TRY(Parameter view, View(ctx, *row.value, row.value->newest, request.with_decryption.value_or(false)));
    response.parameters->push_back(std::move(view));
  }
  co_return response;
}

Task<Result<GetParameterHistoryResponse>> SsmApi::GetParameterHistory(Context& ctx, GetParameterHistoryRequest request) {
  MF_CO_TRY(const Parameters::Pointer parameter, Find(ctx, request.name));
  std::optional<int64_t> after = 0;  // the token: the number of the version that came last
  if (request.next_token) after = ParseNumber<int64_t>(resources::ReadMarker(*request.next_token).value_or(""));
  if (!after) co_return Fail(BadToken());
  const size_t limit = resources::PageLimit(request.max_results, kListUsual);
  std::vector<VersionRow> versions = parameters_->Versions(*parameter, *after, limit + 1);
  GetParameterHistoryResponse response{.parameters = std::vector<ParameterHistory>(), .next_token = {}};
  if (versions.size() > limit) {
    versions.pop_back();
    response.next_token = resources::WriteMarker(std::to_string(versions.back().version));
  }
  for (const VersionRow& version : versions) {
    MF_CO_TRY(Parameter view, View(ctx, *parameter, version, request.with_decryption.value_or(false)));
    response.parameters->push_back({.name = parameter->name, .type = parameter->type, .key_id = UnlessEmpty(version.key_id),
                                    .last_modified_date = view.last_modified_date, .last_modified_user = version.modified_by,
                                    .description = UnlessEmpty(version.description), .value = std::move(view.value),
                                    .allowed_pattern = UnlessEmpty(version.allowed_pattern), .version = version.version,
                                    .labels = parameter->LabelsOf(version.version), .tier = version.tier,
                                    .policies = PoliciesShown(version, version.version == parameter->newest.version ? parameter->acted_millis : 0), .data_type = version.data_type});
  }
  co_return response;
}

Task<Result<DescribeParametersResponse>> SsmApi::DescribeParameters(Context& ctx, DescribeParametersRequest request) {
  if (request.filters && request.parameter_filters) co_return Fail(Invalid("You can use either Filters or ParameterFilters in a single request."));
  const std::vector<ParameterStringFilter> filters = FiltersOf(request);
  MF_CO_TRY_VOID(CheckFilters(filters, FilterUse::Describe));
  DescribeParametersResponse response{.parameters = std::vector<ParameterMetadata>(), .next_token = {}};
  if (request.shared.value_or(false)) co_return response;  // nobody shares any
  const std::string prefix = ctx.principal.account_id + '/' + ctx.principal.region + '/';
  MF_CO_TRY(Parameters::Page page, parameters_->List(PageOf(prefix, request.next_token, request.max_results, kListUsual),
                                                     [&](const ParameterRow& row) { return Matches(row, filters); }));
  response.next_token = std::move(page.next_marker);
  for (const auto& row : page.rows) response.parameters->push_back(Describe(*row.value));
  co_return response;
}

}  // namespace mayfly::ssm
