#include "catalog/function.h"

#include <cstring>

#include <fmt/format.h>

#include "base/encoding.h"

namespace mayfly::catalog {
namespace {

// One place names every plain member, for both directions.
template <typename Self, typename Visitor>
void VisitMembers(Self& f, Visitor&& visit) {
  visit("AccountId", f.name.account_id);
  visit("Region", f.name.region);
  visit("FunctionName", f.name.name);
  visit("Version", f.version);
  visit("Runtime", f.runtime);
  visit("Role", f.role);
  visit("Handler", f.handler);
  visit("Description", f.description);
  visit("PackageType", f.package_type);
  visit("Architecture", f.architecture);
  visit("Timeout", f.timeout_seconds);
  visit("MemorySize", f.memory_mib);
  visit("EphemeralStorage", f.tmp_mib);
  visit("CodeSha256", f.code_sha256);
  visit("CodeSize", f.code_bytes);
  visit("Environment", f.environment);
  visit("HasEnvironment", f.has_environment);
  visit("Tags", f.tags);
  visit("KMSKeyArn", f.kms_key_arn);
  visit("DeadLetterArn", f.dead_letter_arn);
  visit("TracingMode", f.tracing_mode);
  visit("SnapStartApplyOn", f.snap_start_apply_on);
  visit("HasVpcConfig", f.has_vpc_config);
  visit("SubnetIds", f.vpc.subnet_ids);
  visit("SecurityGroupIds", f.vpc.security_group_ids);
  visit("Ipv6AllowedForDualStack", f.vpc.ipv6_allowed_for_dual_stack);
  visit("LogFormat", f.logging.log_format);
  visit("ApplicationLogLevel", f.logging.application_log_level);
  visit("SystemLogLevel", f.logging.system_log_level);
  visit("LogGroup", f.logging.log_group);
  visit("State", f.state);
  visit("StateReason", f.state_reason);
  visit("StateReasonCode", f.state_reason_code);
  visit("LastUpdateStatus", f.last_update_status);
  visit("LastUpdateStatusReason", f.last_update_status_reason);
  visit("LastUpdateStatusReasonCode", f.last_update_status_reason_code);
  visit("RevisionId", f.revision_id);
  visit("EnvironmentKey", f.environment_key);
  visit("LastModified", f.last_modified);
}

struct Writer {
  json::Value out{json::Object()};
  void operator()(const char* name, const std::string& value) { out.Set(name, value); }
  void operator()(const char* name, int value) { out.Set(name, value); }
  void operator()(const char* name, int64_t value) { out.Set(name, value); }
  void operator()(const char* name, bool value) { out.Set(name, value); }
  void operator()(const char* name, const std::vector<std::string>& values) {
    json::Array items(values.begin(), values.end());
    out.Set(name, std::move(items));
  }
  void operator()(const char* name, const std::vector<std::pair<std::string, std::string>>& pairs) {
    json::Object members;
    for (const auto& [key, value] : pairs) members.emplace_back(key, value);
    out.Set(name, std::move(members));
  }
};

// A member that is missing (written by an older daemon) keeps its default.
struct Reader {
  const json::Value& in;
  void operator()(const char* name, std::string& value) { value = in.StringOr(name, value); }
  void operator()(const char* name, int& value) { value = static_cast<int>(in.IntOr(name, value)); }
  void operator()(const char* name, int64_t& value) { value = in.IntOr(name, value); }
  void operator()(const char* name, bool& value) { value = in.BoolOr(name, value); }
  void operator()(const char* name, std::vector<std::string>& values) {
    const json::Value* found = in.Find(name);
    if (!found || !found->is_array()) return;
    for (const json::Value& item : found->array()) {
      if (item.is_string()) values.push_back(item.string());
    }
  }
  void operator()(const char* name, std::vector<std::pair<std::string, std::string>>& pairs) {
    const json::Value* found = in.Find(name);
    if (!found || !found->is_object()) return;
    for (const auto& [key, value] : found->object()) {
      if (value.is_string()) pairs.emplace_back(key, value.string());
    }
  }
};

std::string_view PartitionOf(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  if (region.starts_with("us-gov-")) return "aws-us-gov";
  if (region.starts_with("us-isob-")) return "aws-iso-b";
  if (region.starts_with("us-iso-")) return "aws-iso";
  if (region.starts_with("eusc-")) return "aws-eusc";
  return "aws";
}

}  // namespace

std::string FunctionName::Arn() const {
  return fmt::format("arn:{}:lambda:{}:{}:function:{}", PartitionOf(region), region, account_id, name);
}

Sha256Digest Function::CodeDigest() const {
  Sha256Digest digest{};
  const auto bytes = HexDecode(code_sha256);
  if (bytes && bytes->size() == digest.size()) std::memcpy(digest.data(), bytes->data(), digest.size());
  return digest;
}

std::string Function::CodeSha256Base64() const { return Base64Encode(HexDecode(code_sha256).value_or("")); }

std::string Function::LogGroup() const { return logging.log_group.empty() ? "/aws/lambda/" + name.name : logging.log_group; }

std::string LogGroupKey(const FunctionName& name, std::string_view log_group) {
  return fmt::format("{}/{}{}{}", name.account_id, name.region, log_group.starts_with('/') ? "" : "/", log_group);
}

json::Value ToJson(const Function& function) {
  Writer writer;
  VisitMembers(function, writer);
  return std::move(writer.out);
}

Result<Function> FunctionFromJson(const json::Value& value) {
  Function function;
  Reader reader{value};
  VisitMembers(function, reader);
  if (function.name.name.empty() || function.revision_id.empty()) return Fail(Error::Fault("a stored function has no name or revision"));
  return function;
}

}  // namespace mayfly::catalog
