// FilterPattern: CloudWatch Logs' language for choosing log events, in FilterLogEvents, subscriptions and metric filters.
//
//   terms      ERROR -debug "exact phrase" ?either ?or %regex%       case-sensitive; terms are looked for anywhere in the text
//   JSON       { $.status >= 500 && ($.path = "/api*" || $.user IS NULL) }
//   delimited  [ip, user, ..., status = 4*, bytes > 1000]
//
// Made once, used for any number of messages, on any thread. Source: "Filter pattern syntax" of the user guide.
// Limits: 1,024 characters (the model's), two regular expressions, 64 conditions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mayfly::logs {

class FilterPattern {
 public:
  // What was taken out of a message: "$.status" or "$user", and its value.
  using Extracted = std::vector<std::pair<std::string, std::string>>;

  virtual ~FilterPattern() = default;
  virtual bool Matches(std::string_view message) const = 0;
  // Of a message that matches. Nothing for terms.
  virtual Extracted Extract(std::string_view message) const = 0;
  // Bytes that every message which matches has somewhere; "" when nothing can be said.
  virtual std::string Literal() const { return {}; }

  // Error: InvalidParameterException.
  static Result<std::shared_ptr<const FilterPattern>> Parse(std::string_view pattern);
};

}  // namespace mayfly::logs
