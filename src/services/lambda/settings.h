// Settings that CreateFunction and UpdateFunctionConfiguration share: what may be asked for, and how it is kept.
#pragma once

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

// Put what the request names into `function`; what it leaves out stays. Errors: AWS's, and NotImplementedException for
// settings that later parts of Mayfly build.
Result<> ApplySettings(const CreateFunctionRequest& request, const RuntimeRules& rules, catalog::Function& function);
Result<> ApplySettings(const UpdateFunctionConfigurationRequest& request, const RuntimeRules& rules, catalog::Function& function);

Error NotImplemented(std::string_view what);
Error InvalidParameterValue(std::string message);
Error Conflict(std::string message);
Error StaleRevision();  // 412
// PublishTo is for functions of capacity providers only.
Result<> CheckPublishTo(const std::optional<std::string>& publish_to);

}  // namespace mayfly::lambda
