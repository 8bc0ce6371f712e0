// CodeSigningConfig: who may have signed what is deployed, and what happens when they have not; and which function has which.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "catalog/function.h"

namespace mayfly::catalog {

struct CodeSigningConfig {
  std::string account_id;
  std::string region;
  std::string id;  // csc-[a-z0-9]{17}
  std::string description;
  std::vector<std::string> allowed_publishers;  // ARNs of signing profiles' versions
  std::string policy = "Warn";                  // UntrustedArtifactOnDeployment: Warn | Enforce
  std::string last_modified;                    // FormatLambdaTime
  std::vector<std::pair<std::string, std::string>> tags;

  std::string Arn() const;
};

// Key of the table "code_signing_configs": ACCOUNT/REGION/ID.
std::string CodeSigningConfigKey(const CodeSigningConfig& config);
// The same from an ARN that has passed the model's pattern.
std::string CodeSigningConfigKeyOf(std::string_view arn);
json::Value ToJson(const CodeSigningConfig& config);
Result<> FromJson(std::string_view key, const json::Value& value, CodeSigningConfig& config);

// The configuration of one function. Key of the table "function_code_signing": FunctionName::Key().
struct FunctionCodeSigning {
  FunctionName function;
  std::string config_arn;
};
json::Value ToJson(const FunctionCodeSigning& signing);
Result<> FromJson(std::string_view key, const json::Value& value, FunctionCodeSigning& signing);

}  // namespace mayfly::catalog
