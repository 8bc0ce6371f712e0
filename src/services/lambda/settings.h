// Settings that CreateFunction and UpdateFunctionConfiguration share: what may be asked for, and how it is kept.
#pragma once

#include "catalog/file_systems.h"
#include "catalog/function.h"
#include "catalog/runtimes.h"
#include "model/lambda.h"

namespace mayfly::lambda {

// By what a runtime is judged.
struct RuntimeRules {
  const catalog::RuntimeTable* table;
  catalog::RuntimeUse use;
  WallTime now;
};

// What settings are checked against.
struct SettingRules {
  RuntimeRules runtimes;
  const catalog::FileSystemTable* file_systems;
};

// Put what the request names into `function`; what it leaves out stays. Errors: AWS's, and NotImplementedException for
// settings that later parts of Mayfly build.
Result<> ApplySettings(const CreateFunctionRequest& request, const SettingRules& rules, catalog::Function& function);
Result<> ApplySettings(const UpdateFunctionConfigurationRequest& request, const SettingRules& rules, catalog::Function& function);

Error NotImplemented(std::string_view what);
Error InvalidParameterValue(std::string message);
Error Conflict(std::string message);
Error NotFound(std::string message);
Error NoSuchResource();  // NotFound, without saying what
Error StaleRevision();   // 412
// "sqs" of arn:aws:sqs:…; "" of what is no ARN (kafka://topic).
std::string_view ServiceOfArn(std::string_view text);
// PublishTo is for functions of capacity providers only.
Result<> CheckPublishTo(const std::optional<std::string>& publish_to);

}  // namespace mayfly::lambda
