// Code signing as deployments meet it: by whom the code of a function must be signed, and putting a function under a configuration.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/tables.h"

namespace mayfly::lambda {

using CodeSigningConfigPointer = resources::ResourceTable<catalog::CodeSigningConfig>::Pointer;

// What a deployment must be signed by. Where there is no rule, nobody asks for signatures.
struct SigningRule {
  std::vector<std::string> allowed_publishers;
  bool enforce = false;
  std::string function;  // as the request names it, for messages
};

// The rule of a configuration for the function that a request calls `named`.
SigningRule RuleOf(const catalog::CodeSigningConfig& config, std::string_view named);
// The rule for an existing function; of no configuration, or one that was deleted, nothing.
std::optional<SigningRule> SigningRuleOf(const catalog::Tables& tables, const catalog::FunctionName& function, std::string_view named);

// A configuration of the caller's account and region, and its key; null when there is none.
struct OwnSigningConfig {
  std::string key;
  CodeSigningConfigPointer config;
};
OwnSigningConfig FindOwnSigningConfig(const Context& ctx, const catalog::Tables& tables, const std::string& arn);

// The configuration that a function is to come under. Error: CodeSigningConfigNotFoundException.
Result<CodeSigningConfigPointer> FindSigningConfigFor(const Context& ctx, const catalog::Tables& tables, const std::string& arn);

// Puts a function under a configuration, so that it cannot be deleted meanwhile. Error: ResourceConflictException.
Result<> StageCodeSigning(resources::Change& change, catalog::Tables& tables, const catalog::FunctionName& function,
                          const CodeSigningConfigPointer& config);

}  // namespace mayfly::lambda
