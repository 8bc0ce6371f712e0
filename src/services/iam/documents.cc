#include "services/iam/documents.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "services/iam/iam_errors.h"

namespace mayfly::iam {
namespace {

Result<identity::PolicyPointer> Parsed(std::string_view document, identity::Policy::Kind kind) {
  auto policy = identity::Policy::Parse(document, kind);
  if (!policy) return Fail(MalformedDocument(std::move(policy).error().message));
  return policy;
}

bool IsOfSts(const json::Value& action) {
  return action.is_string() && StartsWithIgnoringCase(action.string(), "sts:");
}

// A statement as the policy engine takes it: about anything.
Result<> AddResource(json::Value& statement) {
  if (!statement.is_object()) return {};
  for (const std::string_view name : {"Resource", "NotResource"}) {
    if (statement.Find(name)) return Fail(MalformedDocument("Has prohibited field " + std::string(name)));
  }
  for (const std::string_view name : {"Action", "NotAction"}) {
    const json::Value* actions = statement.Find(name);
    if (!actions) continue;
    const bool are_of_sts = actions->is_array() ? std::ranges::all_of(actions->array(), IsOfSts) : IsOfSts(*actions);
    if (!are_of_sts) return Fail(MalformedDocument("AssumeRole policy may only specify STS AssumeRole actions."));
  }
  statement.Set("Resource", "*");
  return {};
}

}  // namespace

Result<identity::PolicyPointer> ParsePermissions(std::string_view document) { return Parsed(document, identity::Policy::Kind::Identity); }

Result<identity::PolicyPointer> ParseTrust(std::string_view document) {
  auto value = json::Parse(document);
  if (!value || !value->is_object()) return Fail(MalformedDocument("This policy contains invalid Json"));
  if (json::Value* statements = value->Find("Statement")) {
    if (statements->is_array()) {
      for (json::Value& statement : statements->array()) MF_TRY_VOID(AddResource(statement));
    } else {
      MF_TRY_VOID(AddResource(*statements));
    }
  }
  return Parsed(json::Write(*value), identity::Policy::Kind::Resource);
}

size_t SizeOf(std::string_view document) {
  return static_cast<size_t>(std::ranges::count_if(document, [](char c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; }));
}

std::string Encoded(std::string_view document) { return PercentEncode(document); }

}  // namespace mayfly::iam
