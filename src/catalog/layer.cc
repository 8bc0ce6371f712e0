#include "catalog/layer.h"

#include <fmt/format.h>

#include "base/text.h"
#include "catalog/function.h"
#include "identity/arn.h"
#include "resources/json_members.h"

namespace mayfly::catalog {

static void VisitMembers(resources::Is<Layer> auto& layer, auto&& visit) {
  visit("LastVersion", layer.last_version);
}

static void VisitMembers(resources::Is<LayerVersion> auto& version, auto&& visit) {
  visit("Description", version.description);
  visit("LicenseInfo", version.license_info);
  visit("CompatibleRuntimes", version.compatible_runtimes);
  visit("CompatibleArchitectures", version.compatible_architectures);
  visit("CodeSha256", version.code_sha256);
  visit("CodeSize", version.code_bytes);
  visit("CreatedDate", version.created_date);
  visit("SigningProfileVersionArn", version.signing_profile_version_arn);
  visit("SigningJobArn", version.signing_job_arn);
}

namespace {

// The part before the next `separator`, which is taken out of `rest`.
std::string_view TakePart(std::string_view& rest, char separator) {
  const size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

}  // namespace

std::string LayerName::Arn() const { return fmt::format("arn:{}:lambda:{}:{}:layer:{}", identity::PartitionOf(region), region, account_id, name); }

std::string LayerVersionName::Key() const { return fmt::format("{}/{:010}", layer.Key(), number); }

LayerName ParseLayerName(std::string_view text, std::string_view account_id, std::string_view region) {
  if (!text.starts_with("arn:")) return {std::string(account_id), std::string(region), std::string(text)};
  LayerName name;
  for (int part = 0; part < 3; ++part) TakePart(text, ':');  // arn:aws:lambda
  name.region = TakePart(text, ':');
  name.account_id = TakePart(text, ':');
  TakePart(text, ':');  // layer
  name.name = text;
  return name;
}

std::optional<LayerVersionName> ParseLayerVersionArn(std::string_view arn) {
  const size_t colon = arn.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto number = ParseNumber<int64_t>(arn.substr(colon + 1));
  if (!number) return std::nullopt;
  LayerVersionName version{ParseLayerName(arn.substr(0, colon), "", ""), *number};
  if (version.Arn() != arn) return std::nullopt;
  return version;
}

json::Value ToJson(const Layer& layer) { return resources::WriteMembers(layer); }

json::Value ToJson(const LayerVersion& version) { return resources::WriteMembers(version); }

Result<> FromJson(std::string_view key, const json::Value& value, Layer& layer) {
  layer.name.account_id = TakePart(key, '/');
  layer.name.region = TakePart(key, '/');
  layer.name.name = key;
  if (layer.name.name.empty()) return Fail(Error::Fault("not the key of a layer"));
  resources::ReadMembers(value, layer);
  return {};
}

Result<> FromJson(std::string_view key, const json::Value& value, LayerVersion& version) {
  version.name.layer.account_id = TakePart(key, '/');
  version.name.layer.region = TakePart(key, '/');
  version.name.layer.name = TakePart(key, '/');
  const auto number = ParseNumber<int64_t>(key);
  if (!number) return Fail(Error::Fault("the key of a layer version has no number"));
  version.name.number = *number;
  resources::ReadMembers(value, version);
  if (version.code_sha256.empty()) return Fail(Error::Fault("a stored layer version has no package"));
  return {};
}

}  // namespace mayfly::catalog
