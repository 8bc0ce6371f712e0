// A parameter as it is stored: its newest version with tags and labels, and each older version.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "resources/json_members.h"
#include "services/ssm/parameter_name.h"

namespace mayfly::ssm {

inline constexpr std::string_view kSecure = "SecureString";

struct VersionRow {
  int64_t version = 0;
  std::string value;  // of a SecureString: what KMS made of it (before there were keys: secret_box.h), in base64
  std::string description;
  std::string allowed_pattern;
  std::string key_id;   // of a SecureString, as the client said it
  std::string key_arn;  // the key of KMS that it is encrypted with; "": none, it lies in the box
  std::string tier = "Standard";
  std::string data_type = "text";
  std::string policies;  // a JSON array (parameter_policies.h); "": none
  int64_t modified_millis = 0;
  std::string modified_by;  // an ARN
};

struct ParameterRow {
  ParameterKey key;  // not part of the row: it is the row's key
  std::string name;  // as it was made: "/app/db", "db"
  std::string type;
  VersionRow newest;
  resources::StringPairs tags;
  resources::StringPairs labels;  // label, number of its version
  int64_t acted_millis = 0;       // policies of the newest version that were due until then have acted

  bool is_secure() const { return type == kSecure; }
  // 0: no version has that label.
  int64_t VersionLabelled(std::string_view label) const;
  std::vector<std::string> LabelsOf(int64_t version) const;
};

// "ACCOUNT/REGION/PATH#/0000000003": no name has such a sign.
std::string VersionKey(const ParameterKey& parameter, int64_t version);
std::string VersionKeyPrefix(const ParameterKey& parameter);

json::Value ToJson(const VersionRow& version);
Result<> FromJson(std::string_view key, const json::Value& value, VersionRow& version);
json::Value ToJson(const ParameterRow& parameter);
Result<> FromJson(std::string_view key, const json::Value& value, ParameterRow& parameter);

}  // namespace mayfly::ssm
