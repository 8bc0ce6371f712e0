#include "services/s3/post_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "services/s3/s3_errors.h"
#include "wire/json_codec.h"

namespace mayfly::s3 {
namespace {

// Fields that no condition has to cover.
constexpr std::array<std::string_view, 5> kFree = {"x-amz-signature", "file", "policy", "awsaccesskeyid", "signature"};

Error Invalid(std::string_view what) { return Error::Service("InvalidPolicyDocument", std::string("Invalid Policy: ").append(what)); }
Error NotAllowed(std::string_view why) { return Error::Service("AccessDenied", std::string("Invalid according to Policy: ").append(why)); }

Result<PostPolicy::Condition> Member(const json::Value& object) {
  if (object.object().size() != 1 || !object.object().front().second.is_string()) return Fail(Invalid("Invalid Simple-Condition"));
  const auto& [name, value] = object.object().front();
  return PostPolicy::Condition{.kind = PostPolicy::Condition::Kind::Equal, .field = LowerCase(name), .value = value.string(),
                               .text = fmt::format("[\"eq\", \"${}\", {}]", name, json::Quote(value.string()))};
}

Result<> TakeRange(const json::Array& items, PostPolicy& policy) {
  const auto number = [](const json::Value& item) {
    return item.is_string() ? ParseNumber<int64_t>(item.string()) : ParseNumber<int64_t>(json::Write(item));
  };
  const auto low = number(items[1]), high = number(items[2]);
  if (!low || !high || *low < 0 || *high < *low) return Fail(Invalid("Invalid content-length-range"));
  policy.bytes_min = std::max(policy.bytes_min, *low);
  policy.bytes_max = std::min(policy.bytes_max, *high);
  return {};
}

Result<> TakeCondition(const json::Value& item, PostPolicy& policy) {
  if (item.is_object()) {
    MF_TRY(auto condition, Member(item));
    policy.conditions.push_back(std::move(condition));
    return {};
  }
  if (!item.is_array() || item.array().size() != 3 || !item.array()[0].is_string()) return Fail(Invalid("Invalid Condition"));
  const json::Array& items = item.array();
  const std::string kind = LowerCase(items[0].string());
  if (kind == "content-length-range") return TakeRange(items, policy);
  const bool is_known = kind == "eq" || kind == "starts-with";
  if (!is_known || !items[1].is_string() || !items[2].is_string() || !items[1].string().starts_with('$')) return Fail(Invalid("Invalid Condition"));
  policy.conditions.push_back({.kind = kind == "eq" ? PostPolicy::Condition::Kind::Equal : PostPolicy::Condition::Kind::StartsWith,
                               .field = LowerCase(items[1].string().substr(1)), .value = items[2].string(), .text = json::Write(item)});
  return {};
}

// Of a Content-Type each of several has to begin so.
bool Fulfils(const PostPolicy::Condition& condition, std::string_view value) {
  if (condition.kind == PostPolicy::Condition::Kind::Equal) return value == condition.value;
  if (condition.field != "content-type") return value.starts_with(condition.value);
  return std::ranges::all_of(Split(value, ','), [&](std::string_view one) { return Trim(one).starts_with(condition.value); });
}

}  // namespace

Result<PostPolicy> PostPolicy::Parse(std::string_view text) {
  const auto document = json::Parse(text);
  if (!document || !document->is_object()) return Fail(Invalid("Invalid JSON."));
  PostPolicy policy;
  const auto expiration = wire::ParseIso8601(document->StringOr("expiration", ""));
  const json::Value* conditions = document->Find("conditions");
  if (!expiration) return Fail(Invalid("Policy missing expiration."));
  if (!conditions || !conditions->is_array()) return Fail(Invalid("Policy missing conditions."));
  policy.expiration = *expiration;
  for (const json::Value& item : conditions->array()) MF_TRY_VOID(TakeCondition(item, policy));
  return policy;
}

Result<> PostPolicy::Check(const std::vector<std::pair<std::string, std::string>>& fields, WallTime now) const {
  if (expiration <= now) return Fail(NotAllowed("Policy expired."));
  const auto value_of = [&](std::string_view name) -> std::string_view {
    const auto found = std::ranges::find(fields, name, [](const auto& field) { return std::string_view(field.first); });
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
  };
  for (const Condition& condition : conditions) {
    if (!Fulfils(condition, value_of(condition.field))) return Fail(NotAllowed(fmt::format("Policy Condition failed: {}", condition.text)));
  }
  for (const auto& [name, value] : fields) {
    if (name.starts_with("x-ignore-") || name == "bucket" || std::ranges::find(kFree, name) != kFree.end()) continue;
    const bool is_covered = std::ranges::find(conditions, name, &Condition::field) != conditions.end();
    if (!is_covered) return Fail(NotAllowed("Extra input fields: " + name));
  }
  return {};
}

Result<> PostPolicy::CheckSize(int64_t bytes) const {
  if (bytes >= bytes_min && bytes <= bytes_max) return {};
  const bool is_small = bytes < bytes_min;
  Error error = is_small ? Error::Service("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
                         : Error::Service("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
  error = WithElement(std::move(error), "ProposedSize", std::to_string(bytes));
  return Fail(WithElement(std::move(error), is_small ? "MinSizeAllowed" : "MaxSizeAllowed", std::to_string(is_small ? bytes_min : bytes_max)));
}

}  // namespace mayfly::s3
