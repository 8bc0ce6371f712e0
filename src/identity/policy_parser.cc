// Policy::Parse.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/policy.h"

namespace mayfly::identity {
namespace {

constexpr size_t kStatementsMax = 1000;

Error Malformed(std::string_view sentence) { return Error::Service("MalformedPolicyDocument", std::string(sentence)); }

Error SyntaxError(std::string_view what) { return Malformed(fmt::format("Syntax errors in policy. {}", what)); }

// Members that are known, each at most once: where two parsers could read two things, there must be one.
Result<> CheckMembers(const json::Object& object, std::initializer_list<std::string_view> known) {
  std::set<std::string_view> seen;
  for (const auto& [name, value] : object) {
    if (std::ranges::find(known, name) == known.end()) return Fail(SyntaxError(fmt::format("There is no element \"{}\".", name)));
    if (!seen.insert(name).second) return Fail(SyntaxError(fmt::format("The element \"{}\" stands there twice.", name)));
  }
  return {};
}

Result<> CheckAction(std::string_view action) {
  if (action == "*") return {};
  const size_t colon = action.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return Fail(Malformed(fmt::format("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (action \"{}\")", action)));
  }
  if (action.find(':', colon + 1) != std::string_view::npos) {
    return Fail(Malformed(fmt::format("Actions/Condition can contain only one colon. (action \"{}\")", action)));
  }
  const auto is_name = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
      return IsAlphanumeric(c) || c == '-' || c == '_' || c == '*' || c == '?';
    });
  };
  if (!is_name(action.substr(0, colon)) || !is_name(action.substr(colon + 1))) return Fail(SyntaxError(fmt::format("\"{}\" is no action.", action)));
  return {};
}

Result<> CheckResource(std::string_view resource) {
  if (resource == "*" || resource.starts_with("arn:") || resource.starts_with("*") || resource.starts_with("${")) return {};
  return Fail(Malformed(fmt::format("Resource {} must be in ARN format or \"*\".", resource)));
}

}  // namespace

class PolicyParser {
 public:
  explicit PolicyParser(Policy::Kind kind) { policy_->kind_ = kind; }

  Result<PolicyPointer> Parse(std::string_view text) {
    if (text.size() > kPolicyBytesMax) {
      return Fail(Malformed(fmt::format("The final policy size ({}) is bigger than the limit ({}).", text.size(), kPolicyBytesMax)));
    }
    auto document = json::Parse(text);
    if (!document || !document->is_object()) return Fail(Malformed("This policy contains invalid Json"));
    MF_TRY_VOID(CheckMembers(document->object(), {"Version", "Id", "Statement"}));
    MF_TRY_VOID(ParseVersion(document->Find("Version")));
    if (const json::Value* id = document->Find("Id"); id && !id->is_string()) return Fail(SyntaxError("Id must be a text."));
    const json::Value* statements = document->Find("Statement");
    if (!statements) return Fail(Malformed("Missing required field Statement"));
    MF_TRY_VOID(ParseStatements(*statements));
    return std::move(policy_);
  }

 private:
  Result<> ParseVersion(const json::Value* version) {
    if (!version) return {};
    if (version->is_string() && version->string() == "2012-10-17") variables_ = Variables::Resolved;
    else if (!version->is_string() || version->string() != "2008-10-17") return Fail(Malformed("The policy must contain a valid version string"));
    return {};
  }

  Result<> ParseStatements(const json::Value& value) {
    if (!value.is_array()) return ParseStatement(value);
    if (value.array().empty() || value.array().size() > kStatementsMax) return Fail(SyntaxError("Statement must hold 1 to 1000 statements."));
    for (const json::Value& statement : value.array()) {
      ++number_;
      auto parsed = ParseStatement(statement);
      if (parsed) continue;
      Error error = std::move(parsed).error();
      if (value.array().size() > 1) error.message += fmt::format(" (statement {})", number_);
      return Fail(std::move(error));
    }
    return {};
  }

  Result<> ParseStatement(const json::Value& value) {
    if (!value.is_object()) return Fail(SyntaxError("A statement must be an object."));
    MF_TRY_VOID(CheckMembers(value.object(), {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}));
    Policy::Statement statement;
    MF_TRY_VOID(ParseSid(value, statement));
    MF_TRY_VOID(ParseEffect(value, statement));
    MF_TRY_VOID(ParsePrincipals(value, statement));
    MF_TRY(statement.actions, ParseSelection(value, {"Action", "NotAction"}, "Policy statement must contain actions."));
    for (const PolicyPattern& action : statement.actions.patterns) MF_TRY_VOID(CheckAction(action.text()));
    MF_TRY(statement.resources, ParseSelection(value, {"Resource", "NotResource"}, "Policy statement must contain resources."));
    for (const PolicyPattern& resource : statement.resources.patterns) MF_TRY_VOID(CheckResource(resource.text()));
    MF_TRY_VOID(ParseConditions(value, statement));
    policy_->depends_on_request_ = policy_->depends_on_request_ || Policy::Depends(statement);
    policy_->statements_.push_back(std::move(statement));
    return {};
  }

  Result<> ParseSid(const json::Value& value, Policy::Statement& statement) {
    const json::Value* sid = value.Find("Sid");
    if (!sid) return {};
    if (!sid->is_string()) return Fail(SyntaxError("Sid must be a text."));
    statement.sid = sid->string();
    if (!statement.sid.empty() && !sids_.insert(statement.sid).second) return Fail(Malformed("Statement IDs (SID) in a single policy must be unique."));
    return {};
  }

  static Result<> ParseEffect(const json::Value& value, Policy::Statement& statement) {
    const json::Value* effect = value.Find("Effect");
    if (!effect) return Fail(Malformed("Missing required field Effect"));
    if (*effect == json::Value("Allow")) statement.effect = Policy::Effect::Allow;
    else if (*effect != json::Value("Deny")) return Fail(SyntaxError("Effect must be Allow or Deny."));
    return {};
  }

  Result<> ParsePrincipals(const json::Value& value, Policy::Statement& statement) const {
    const json::Value* principal = value.Find("Principal");
    const json::Value* not_principal = value.Find("NotPrincipal");
    if (policy_->kind_ == Policy::Kind::Identity) {
      if (principal || not_principal) return Fail(Malformed("Policy document should not specify a principal."));
      return {};
    }
    if (!principal && !not_principal) return Fail(Malformed("Missing required field Principal"));
    if (principal && not_principal) return Fail(SyntaxError("A statement has either Principal or NotPrincipal."));
    const json::Value& given = principal ? *principal : *not_principal;
    if (given.is_object()) MF_TRY_VOID(CheckMembers(given.object(), {"AWS", "Service", "Federated", "CanonicalUser"}));
    MF_TRY(statement.principals, PrincipalSet::Parse(given, principal ? PrincipalSet::Form::Principal : PrincipalSet::Form::NotPrincipal));
    return {};
  }

  struct SelectionNames {
    std::string_view is;
    std::string_view is_not;
  };
  Result<Policy::Selection> ParseSelection(const json::Value& value, SelectionNames names, std::string_view missing) const {
    const json::Value* is = value.Find(names.is);
    const json::Value* is_not = value.Find(names.is_not);
    if (!is && !is_not) return Fail(Malformed(missing));
    if (is && is_not) return Fail(SyntaxError(fmt::format("A statement has either {} or {}.", names.is, names.is_not)));
    Policy::Selection selection;
    selection.is_not = is_not != nullptr;
    // No variables in actions.
    const Variables variables = names.is == "Action" ? Variables::Literal : variables_;
    const auto add = [&](const json::Value& text) -> Result<> {
      if (!text.is_string()) return Fail(SyntaxError(fmt::format("{} must be a text or a list of texts.", selection.is_not ? names.is_not : names.is)));
      MF_TRY(PolicyPattern pattern, PolicyPattern::Parse(text.string(), variables));
      selection.patterns.push_back(std::move(pattern));
      return {};
    };
    const json::Value& given = is ? *is : *is_not;
    if (!given.is_array()) {
      MF_TRY_VOID(add(given));
      return selection;
    }
    for (const json::Value& text : given.array()) MF_TRY_VOID(add(text));
    if (selection.patterns.empty()) return Fail(Malformed(missing));
    return selection;
  }

  Result<> ParseConditions(const json::Value& value, Policy::Statement& statement) const {
    const json::Value* conditions = value.Find("Condition");
    if (!conditions) return {};
    if (!conditions->is_object()) return Fail(SyntaxError("Condition must be an object of operators."));
    std::set<std::string_view> operators;
    for (const auto& [name, keys] : conditions->object()) {
      if (!operators.insert(name).second) return Fail(SyntaxError(fmt::format("The condition operator \"{}\" stands there twice.", name)));
      if (!keys.is_object()) return Fail(SyntaxError(fmt::format("The condition operator \"{}\" must hold condition keys with their values.", name)));
      std::set<std::string_view> seen;
      for (const auto& [key, values] : keys.object()) {
        if (!seen.insert(key).second) return Fail(SyntaxError(fmt::format("The condition key \"{}\" stands there twice.", key)));
        MF_TRY(PolicyCondition condition, PolicyCondition::Parse(name, key, values, variables_));
        statement.conditions.push_back(std::move(condition));
      }
    }
    return {};
  }

  std::shared_ptr<Policy> policy_ = std::make_shared<Policy>();
  Variables variables_ = Variables::Literal;
  std::set<std::string> sids_;
  int number_ = 0;
};

Result<PolicyPointer> Policy::Parse(std::string_view document, Kind kind) { return PolicyParser(kind).Parse(document); }

}  // namespace mayfly::identity
