// Feeds texts ("ARN\0other") to what takes ARNs, addresses, dates and patterns apart.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "identity/arn.h"
#include "identity/policy_pattern.h"
#include "identity/policy_values.h"

using namespace mayfly;
using namespace mayfly::identity;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t middle = text.find('\0');
  const std::string_view first = text.substr(0, middle);
  const std::string_view second = middle == std::string_view::npos ? std::string_view() : text.substr(middle + 1);
  if (const auto arn = ParseArn(first)) {
    const std::string again = "arn:" + std::string(arn->partition) + ':' + std::string(arn->service) + ':' + std::string(arn->region) + ':' +
                              std::string(arn->account_id) + ':' + std::string(arn->resource);
    MF_ASSERT(again == first);
  }
  MF_ASSERT(IsArnOrSessionOf(first, first));
  (void)IsArnOrSessionOf(first, second);
  if (const auto range = AddressRange::Parse(first)) {
    if (first.find('/') == std::string_view::npos) MF_ASSERT(range->Contains(first));
    (void)range->Contains(second);
  }
  (void)ParsePolicyDate(first);
  (void)ParsePolicyNumber(first);
  if (const auto literal = PolicyPattern::Parse(first, Variables::Literal)) {
    MF_ASSERT(literal->Equals(first, {}, LetterCase::Matters));
    // A question mark stands for a character, and what is no UTF-8 has none. Policies are always UTF-8.
    if (IsValidUtf8(first)) MF_ASSERT(literal->IsLike(first, {}, LetterCase::Matters));
    (void)literal->IsLikeArn(second, {}, PolicyPattern::PartialArn::MatchesText);
  }
  if (const auto pattern = PolicyPattern::Parse(first, Variables::Resolved)) {
    ConditionKeys keys;
    keys.Add("aws:username", second);
    (void)pattern->IsLike(second, keys, LetterCase::Ignored);
    (void)pattern->IsLikeArn(second, keys, PolicyPattern::PartialArn::MatchesNothing);
  }
  return 0;
}
