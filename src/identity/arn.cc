#include "identity/arn.h"

#include "base/text.h"

namespace mayfly::identity {
namespace {

constexpr std::string_view kRolePrefix = "role/";

}  // namespace

std::optional<Arn> ParseArn(std::string_view text) {
  Arn arn;
  std::string_view scheme;
  for (std::string_view* part : {&scheme, &arn.partition, &arn.service, &arn.region, &arn.account_id}) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    *part = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  arn.resource = text;
  if (scheme != "arn" || arn.partition.empty() || arn.service.empty() || arn.resource.empty()) return std::nullopt;
  return arn;
}

std::string_view PartitionOf(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  if (region.starts_with("us-gov-")) return "aws-us-gov";
  if (region.starts_with("us-isob-")) return "aws-iso-b";
  if (region.starts_with("us-iso-")) return "aws-iso";
  if (region.starts_with("eusc-")) return "aws-eusc";
  return "aws";
}

bool IsAccountId(std::string_view text) { return text.size() == 12 && IsNumber(text); }

bool IsArnOrSessionOf(std::string_view arn, std::string_view named) {
  if (arn == named) return true;
  const auto session = ParseArn(arn);
  const auto role = ParseArn(named);
  if (!session || !role || session->service != "sts" || role->service != "iam") return false;
  if (session->partition != role->partition || session->account_id != role->account_id) return false;
  if (!session->resource.starts_with(kAssumedRolePrefix) || !role->resource.starts_with(kRolePrefix)) return false;
  const std::string_view of_session = session->resource.substr(kAssumedRolePrefix.size());
  const size_t slash = of_session.find('/');
  return slash != std::string_view::npos && of_session.substr(0, slash) == role->resource.substr(role->resource.rfind('/') + 1);
}

}  // namespace mayfly::identity
