// FunctionUrl: the HTTP address of a function's $LATEST or of one of its aliases, and how it answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "catalog/function.h"

namespace mayfly::catalog {

// Cross-origin settings, with the members that were given.
struct Cors {
  std::optional<bool> allow_credentials;
  std::optional<std::vector<std::string>> allow_headers;
  std::optional<std::vector<std::string>> allow_methods;
  std::optional<std::vector<std::string>> allow_origins;  // "*", "https://*", "http://*", or whole origins
  std::optional<std::vector<std::string>> expose_headers;
  std::optional<int> max_age_seconds;

  bool operator==(const Cors&) const = default;
};

struct FunctionUrl {
  FunctionName function;
  std::string qualifier;    // "$LATEST", or an alias
  std::string url_id;       // 32 lower-case letters and digits; never changes, never given again
  std::string auth_type;    // "NONE" | "AWS_IAM"
  std::string invoke_mode;  // "BUFFERED" | "RESPONSE_STREAM"; "" when nobody said: buffered
  std::optional<Cors> cors;
  std::string created_at;  // FormatIso8601
  std::string last_modified_at;

  bool is_latest() const { return qualifier == "$LATEST"; }
  // With the alias, when it is one's.
  std::string FunctionArn() const { return is_latest() ? function.Arn() : function.Arn() + ':' + qualifier; }
};

// Key of the table "function_urls": FUNCTION-KEY/QUALIFIER. What the key says is not in the text.
std::string FunctionUrlKey(const FunctionName& function, std::string_view qualifier);
json::Value ToJson(const FunctionUrl& url);
Result<> FromJson(std::string_view key, const json::Value& value, FunctionUrl& url);

}  // namespace mayfly::catalog
