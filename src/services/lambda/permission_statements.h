// Statements of the policies that AddPermission and AddLayerVersionPermission write, and documents made of them.
// Source: answers recorded from AWS (reference §1.8), AWS Lambda API reference. Private to this folder; pure functions.
#pragma once

#include "base/json.h"
#include "model/lambda.h"

namespace mayfly::lambda {

// {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"} in AWS's order. Error: InvalidParameterValueException.
Result<json::Value> MakeStatement(const AddPermissionRequest& request, std::string_view resource_arn);
Result<json::Value> MakeStatement(const AddLayerVersionPermissionRequest& request, std::string_view resource_arn);

// A policy's text with one statement more; `document` is "" when there is no policy yet.
// Errors: ResourceConflictException (that Sid is there), PolicyLengthExceededException.
Result<std::string> WithStatement(std::string_view document, json::Value statement);
// A policy's text without the statement; "" when it was the last. Error: ResourceNotFoundException.
Result<std::string> WithoutStatement(std::string_view document, std::string_view sid);

}  // namespace mayfly::lambda
