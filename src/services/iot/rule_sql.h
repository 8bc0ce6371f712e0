// RuleSql: the SQL of a topic rule, compiled: SELECT … FROM 'filter' WHERE …
//
// The part of AWS IoT SQL that is here: `*`, expressions with AS, SELECT VALUE, nested members (a.b, a[0]), numbers, 'texts', TRUE, FALSE, NULL,
// UNDEFINED, + - * / %, = <> != < <= > >=, AND OR NOT, IN, CASE, and the functions of sql_functions.h. Not here: SELECT in an
// expression, functions that ask other services.
// A value; any thread. Bounds: kSqlBytesMax, kSqlDepthMax expressions in each other. Source: AWS IoT developer guide, "AWS IoT SQL reference".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace mayfly::iot {

inline constexpr size_t kSqlBytesMax = 64 * 1024;
inline constexpr int kSqlDepthMax = 50;

struct Expression {
  enum class Kind : unsigned char {
    Literal,    // value
    Undefined,
    Payload,    // *
    Name,       // a member of the payload
    Member,     // name of parts[0]
    Element,    // parts[1] of parts[0]
    Negated,    // -parts[0]
    Not,
    Operation,  // parts[0] name parts[1]
    In,         // parts[0] in the others
    Case,       // WHEN parts[0] THEN parts[1] WHEN … [ELSE the last]
    Call,       // name(parts…)
  };
  Kind kind = Kind::Undefined;
  std::string name;
  json::Value value;
  std::vector<Expression> parts;
};

// What an expression is asked about.
struct RuleMessage {
  std::string topic;    // as the rule sees it
  std::string payload;  // any bytes
  int64_t millis = 0;
  std::string account_id;
  std::string principal;  // who has published
  std::string trace_id;
  int qos = 0;
};

class RuleSql {
 public:
  // Error: SqlParseException with what is wrong, and where.
  static Result<RuleSql> Compile(std::string_view sql);
  // The text of a template in an action's field: "a/${topic(2)}". Error: likewise.
  static Result<std::string> FillTemplate(std::string_view text, const RuleMessage& message);

  // "": the rule is for basic ingest alone.
  const std::string& topic_filter() const { return filter_; }
  // Whether WHERE lets the message through.
  bool Wants(const RuleMessage& message) const;
  // What SELECT makes of it; of `SELECT *` the payload itself, whatever it is.
  std::string Select(const RuleMessage& message) const;

 private:
  struct Selected {
    Expression expression;
    std::string name;  // in the result
  };
  friend class SqlParser;

  std::vector<Selected> selected_;
  bool is_value_ = false;  // SELECT VALUE
  std::string filter_;
  std::optional<Expression> where_;
};

// What an expression is for a message; nullopt: Undefined. `document`: of the payload, null where that is no JSON.
std::optional<json::Value> Evaluate(const Expression& expression, const RuleMessage& message, const json::Value* document);

// `text` from `at` on as an expression; `at` stands behind it then. Error: SqlParseException.
Result<Expression> ParseExpression(std::string_view text, size_t& at);

}  // namespace mayfly::iot
