#include "catalog/function.h"

#include <cstring>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/text.h"
#include "identity/arn.h"
#include "resources/json_members.h"
#include "store/log_group_key.h"

namespace mayfly::catalog {

static void VisitMembers(resources::Is<LayerUse> auto& layer, auto&& visit) {
  visit("Arn", layer.arn);
  visit("CodeSize", layer.code_bytes);
  visit("CodeSha256", layer.code_sha256);
  visit("SigningProfileVersionArn", layer.signing_profile_version_arn);
  visit("SigningJobArn", layer.signing_job_arn);
}

static void VisitMembers(resources::Is<S3Reference> auto& reference, auto&& visit) {
  visit("Bucket", reference.bucket);
  visit("Key", reference.key);
  visit("ObjectVersion", reference.object_version);
}

static void VisitMembers(resources::Is<FunctionImage> auto& image, auto&& visit) {
  visit("Uri", image.uri);
  visit("ResolvedUri", image.resolved_uri);
  visit("Digest", image.digest);
  visit("Tree", image.tree);
  visit("EntryPoint", image.entry_point);
  visit("Command", image.command);
  visit("Environment", image.environment);
  visit("WorkingDirectory", image.working_directory);
}

static void VisitMembers(resources::Is<ImageSettings> auto& settings, auto&& visit) {
  visit("EntryPoint", settings.entry_point);
  visit("Command", settings.command);
  visit("WorkingDirectory", settings.working_directory);
}

static void VisitMembers(resources::Is<FileSystemUse> auto& file_system, auto&& visit) {
  visit("Arn", file_system.access_point_arn);
  visit("LocalMountPath", file_system.mount_path);
}

static void VisitMembers(resources::Is<Function> auto& f, auto&& visit) {
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
  visit("SigningProfileVersionArn", f.signing_profile_version_arn);
  visit("SigningJobArn", f.signing_job_arn);
  visit("S3Reference", f.s3_reference);
  visit("SourceKMSKeyArn", f.source_kms_key_arn);
  visit("Image", f.image);
  visit("NextImage", f.next_image);
  visit("ImageConfig", f.image_settings);
  visit("FileSystemConfigs", f.file_systems);
  visit("Layers", f.layers);
  visit("LayersSha256", f.layers_sha256);
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
  visit("ContentId", f.content_id);
  visit("LastModified", f.last_modified);
  visit("LastVersion", f.last_version);
  visit("PublishedSha256", f.published_sha256);
}

namespace {

Sha256Digest DigestOf(const std::string& sha256_hex) {
  Sha256Digest digest{};
  const auto bytes = HexDecode(sha256_hex);
  if (bytes && bytes->size() == digest.size()) std::memcpy(digest.data(), bytes->data(), digest.size());
  return digest;
}

}  // namespace

std::string FunctionName::Arn() const {
  return fmt::format("arn:{}:lambda:{}:{}:function:{}", identity::PartitionOf(region), region, account_id, name);
}

Sha256Digest Function::CodeDigest() const { return DigestOf(code_sha256); }

std::optional<Sha256Digest> Function::LayersDigest() const {
  if (layers_sha256.empty()) return std::nullopt;
  return DigestOf(layers_sha256);
}

std::string Function::ShownCodeSha256() const {
  if (next_image) return next_image->digest;
  return image ? image->digest : Base64Encode(HexDecode(code_sha256).value_or(""));
}

void Function::TakeNextImage() {
  if (!next_image) return;
  image = std::move(next_image);
  next_image.reset();
  code_sha256 = image->tree;
}

std::string Function::LogGroup() const { return logging.log_group.empty() ? "/aws/lambda/" + name.name : logging.log_group; }

std::string LogGroupKey(const FunctionName& name, std::string_view log_group) {
  return store::LogGroupKey(name.account_id, name.region, log_group);
}

json::Value ToJson(const Function& function) { return resources::WriteMembers(function); }

std::string Function::ContentSha256() const {
  Function content = *this;
  for (std::string* changing : {&content.state, &content.state_reason, &content.state_reason_code, &content.last_update_status,
                                &content.last_update_status_reason, &content.last_update_status_reason_code, &content.revision_id,
                                &content.content_id, &content.last_modified, &content.published_sha256}) {
    changing->clear();
  }
  content.TakeNextImage();
  content.tags.clear();
  content.last_version = 0;
  return Sha256Hex(json::Write(ToJson(content)));
}

Result<FunctionName> NameFromKey(std::string_view key) {
  const size_t region = key.find('/');
  const size_t name = region == std::string_view::npos ? region : key.find('/', region + 1);
  if (name == std::string_view::npos) return Fail(Error::Fault("not the key of a function"));
  return FunctionName{std::string(key.substr(0, region)), std::string(key.substr(region + 1, name - region - 1)),
                      std::string(key.substr(name + 1, key.find('/', name + 1) - name - 1))};
}

bool IsVersionNumber(std::string_view qualifier) { return qualifier.size() <= kVersionDigits && IsNumber(qualifier); }

std::string VersionKey(const FunctionName& name, int64_t version) { return fmt::format("{}/{:0{}}", name.Key(), version, kVersionDigits); }

std::string RowKey(const Function& function) {
  return function.is_latest() ? function.name.Key() : VersionKey(function.name, std::stoll(function.version));
}

Result<> FromJson(std::string_view key, const json::Value& value, Function& function) {
  MF_TRY(function.name, NameFromKey(key));
  if (const size_t version = function.name.Key().size(); key.size() > version) {
    const std::optional<int64_t> number = ParseNumber<int64_t>(key.substr(version + 1));
    if (!number) return Fail(Error::Fault("the key of a version has no number"));
    function.version = std::to_string(*number);
  }
  resources::ReadMembers(value, function);
  if (function.name.name.empty() || function.revision_id.empty()) return Fail(Error::Fault("a stored function has no name or revision"));
  function.environment_key = function.QualifiedArn() + '@' + function.content_id;
  return {};
}

}  // namespace mayfly::catalog
