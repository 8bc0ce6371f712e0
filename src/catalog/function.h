// Function: one function version as the catalog keeps it. Immutable once made; a change makes a new one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"

namespace mayfly::catalog {

// Where a function lives: functions of one name in two accounts or regions are two functions.
struct FunctionName {
  std::string account_id;
  std::string region;
  std::string name;

  // arn:aws:lambda:REGION:ACCOUNT:function:NAME (the partition follows the region: cn-, us-gov-, …).
  std::string Arn() const;
  // Key of the catalog's tables: ACCOUNT/REGION/NAME.
  std::string Key() const { return account_id + '/' + region + '/' + name; }
};

// A layer version that a function uses: what the function needs to know of it, since the layer may be deleted meanwhile.
struct LayerUse {
  std::string arn;          // of the layer version
  int64_t code_bytes = 0;   // of the zip
  std::string code_sha256;  // hex; names the package in the code store
  std::string signing_profile_version_arn;
  std::string signing_job_arn;
};

// Where code lies that the function does not own a copy of (S3ObjectStorageMode REFERENCE).
struct S3Reference {
  std::string bucket;
  std::string key;
  std::string object_version;
};

// The container image that a function's code is.
struct FunctionImage {
  std::string uri;           // as the client names it
  std::string resolved_uri;  // by digest
  std::string digest;        // hex
  std::string tree;          // hex; names the unpacked image in the code store
  std::vector<std::string> entry_point;  // these four as the image says
  std::vector<std::string> command;
  std::vector<std::string> environment;  // NAME=value
  std::string working_directory;

  bool operator==(const FunctionImage&) const = default;
};

// ImageConfig: what the function says instead of its image; empty members say nothing.
struct ImageSettings {
  std::vector<std::string> entry_point;
  std::vector<std::string> command;
  std::string working_directory;
};

// A file system and where it is mounted.
struct FileSystemUse {
  std::string access_point_arn;
  std::string mount_path;  // /mnt/NAME
};

struct VpcConfig {
  std::vector<std::string> subnet_ids;
  std::vector<std::string> security_group_ids;
  bool ipv6_allowed_for_dual_stack = false;
};

struct LoggingConfig {
  std::string log_format = "Text";
  std::string application_log_level;
  std::string system_log_level;
  std::string log_group;
};

// Members as in the API's FunctionConfiguration, plus what only the service knows (code, tags).
struct Function {
  FunctionName name;
  std::string version = "$LATEST";
  std::string runtime;
  std::string role;
  std::string handler;
  std::string description;
  std::string package_type = "Zip";
  std::string architecture = "x86_64";
  int timeout_seconds = 3;
  int memory_mib = 128;
  int tmp_mib = 512;
  std::string code_sha256;  // hex; names the package in the code store
  int64_t code_bytes = 0;   // of the zip
  std::string signing_profile_version_arn;  // of the package, when it is signed
  std::string signing_job_arn;
  std::optional<S3Reference> s3_reference;
  std::string source_kms_key_arn;           // which key the client says the package is encrypted with
  std::optional<FunctionImage> image;       // PackageType Image; code_sha256 is its tree then
  std::optional<FunctionImage> next_image;  // what an update that is InProgress brings: until it is there, `image` serves
  std::optional<ImageSettings> image_settings;
  std::vector<FileSystemUse> file_systems;  // one at most
  std::vector<LayerUse> layers;  // in the order of the request: later ones cover earlier ones
  std::string layers_sha256;     // hex; names their merged tree in the code store; "" without layers
  std::vector<std::pair<std::string, std::string>> environment;
  bool has_environment = false;  // Environment was given, perhaps empty
  std::vector<std::pair<std::string, std::string>> tags;
  std::string kms_key_arn;
  std::string dead_letter_arn;
  std::string tracing_mode = "PassThrough";
  std::string snap_start_apply_on = "None";
  bool has_vpc_config = false;
  VpcConfig vpc;
  LoggingConfig logging;
  std::string state = "Active";
  std::string state_reason;
  std::string state_reason_code;
  std::string last_update_status = "Successful";
  std::string last_update_status_reason;
  std::string last_update_status_reason_code;
  std::string revision_id;      // changes with every change, also of state (AWS)
  std::string content_id;       // changes only when code or configuration do; a published version keeps that of its $LATEST
  std::string environment_key;  // QualifiedArn@content_id: environments of another key run other code
  std::string last_modified;    // FormatLambdaTime
  int64_t last_version = 0;     // of $LATEST: the number that was published last; numbers are never given again
  std::string published_sha256; // of a version: ContentSha256 of $LATEST when it was published

  void SetContentId(std::string id) {
    content_id = std::move(id);
    environment_key = QualifiedArn() + '@' + content_id;
  }
  bool is_latest() const { return version == "$LATEST"; }
  bool is_settled() const { return state != "Pending" && last_update_status != "InProgress"; }

  std::string QualifiedArn() const { return name.Arn() + ':' + version; }
  Sha256Digest CodeDigest() const;
  std::optional<Sha256Digest> LayersDigest() const;  // nullopt without layers
  // Of code and configuration, hex: equal for functions that a version need not be published twice for.
  std::string ContentSha256() const;
  // CodeSha256 as clients see it: base64 of a package, hex of an image's digest.
  std::string ShownCodeSha256() const;
  // An update's image takes the place of the one that served.
  void TakeNextImage();
  std::string LogGroup() const;
};

// What the log store calls the group (store/log_group_key.h).
std::string LogGroupKey(const FunctionName& name, std::string_view log_group);

// Rows of the catalog's tables: "functions" holds $LATEST by FunctionName::Key(), "versions" the published ones by VersionKey.
// What the key says is not in the text.
json::Value ToJson(const Function& function);
Result<> FromJson(std::string_view key, const json::Value& value, Function& function);
// FUNCTION-KEY/0000000012: in the order of numbers.
inline constexpr int kVersionDigits = 10;
// Whether a qualifier is the number of a version, rather than an alias or $LATEST.
bool IsVersionNumber(std::string_view qualifier);
std::string VersionKey(const FunctionName& name, int64_t version);
std::string RowKey(const Function& function);
// The name in a row's key, whatever follows it there. Error: Fault.
Result<FunctionName> NameFromKey(std::string_view key);

}  // namespace mayfly::catalog
