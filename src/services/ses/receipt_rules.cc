#include "services/ses/receipt_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/ses/mail.h"
#include "services/ses/ses_tables.h"
#include "wire/struct_text.h"

namespace mayfly::ses {
namespace {

constexpr size_t kHeaderNameMax = 50;
constexpr size_t kHeaderValueMax = 2'048;

int CountOf(const ReceiptAction& action) {
  return int{action.s3_action.has_value()} + int{action.bounce_action.has_value()} + int{action.workmail_action.has_value()} +
         int{action.lambda_action.has_value()} + int{action.stop_action.has_value()} + int{action.add_header_action.has_value()} +
         int{action.sns_action.has_value()} + int{action.connect_action.has_value()};
}

Result<> CheckAddedHeader(const AddHeaderAction& action) {
  const bool is_name = !action.header_name.empty() && action.header_name.size() <= kHeaderNameMax &&
                       std::ranges::all_of(action.header_name, [](char c) { return IsAlphanumeric(c) || c == '-'; });
  if (!is_name) return Fail(InvalidParameterValue(fmt::format("Invalid header name: {}", action.header_name)));
  if (action.header_value.size() > kHeaderValueMax || action.header_value.find_first_of("\r\n") != std::string::npos) {
    return Fail(InvalidParameterValue(fmt::format("Invalid header value: {}", action.header_value)));
  }
  return {};
}

Result<> CheckAction(const ReceiptAction& action) {
  if (CountOf(action) != 1) return Fail(InvalidParameterValue("Each receipt action must specify exactly one action."));
  if (action.workmail_action || action.connect_action) {
    return Fail(Error::Service("NotImplementedException", "Receipt actions of Amazon WorkMail and Amazon Connect are not implemented by Mayfly."));
  }
  if (action.s3_action && action.s3_action->kms_key_arn) {
    return Fail(Error::Service("NotImplementedException", "S3 actions that encrypt with a KMS key are not implemented by Mayfly yet."));
  }
  if (action.bounce_action && !IsMailAddress(AddressOf(action.bounce_action->sender))) {
    return Fail(InvalidParameterValue(fmt::format("Invalid bounce sender: {}", action.bounce_action->sender)));
  }
  return action.add_header_action ? CheckAddedHeader(*action.add_header_action) : Result<>();
}

struct Network {
  uint32_t address = 0;
  int bits = 32;
};

std::optional<uint32_t> ParseV4(std::string_view text) {
  const auto parts = Split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  uint32_t address = 0;
  for (const std::string_view part : parts) {
    const auto number = part.size() <= 3 ? ParseNumber<uint32_t>(part) : std::nullopt;
    if (!number || *number > 255) return std::nullopt;
    address = address << 8 | *number;
  }
  return address;
}

std::optional<Network> ParseNetwork(std::string_view cidr) {
  const size_t slash = cidr.find('/');
  const auto address = ParseV4(cidr.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Network{.address = *address};
  const auto bits = ParseNumber<uint32_t>(cidr.substr(slash + 1));
  if (!bits || *bits > 32) return std::nullopt;
  return Network{.address = *address, .bits = static_cast<int>(*bits)};
}

}  // namespace

std::string WriteRule(const ReceiptRule& rule) {
  const DescribeReceiptRuleResponse shown{.rule = rule};
  return wire::WriteStruct(*calls::kDescribeReceiptRule.operation().output, &shown);
}

std::optional<ReceiptRule> ReadRule(const std::string& settings) {
  auto value = json::Parse(settings);
  DescribeReceiptRuleResponse shown;
  if (!value || !wire::ReadStruct(*calls::kDescribeReceiptRule.operation().output, *value, &shown)) return std::nullopt;
  return std::move(shown.rule);
}

bool IsRuleName(std::string_view name) {
  if (name.empty() || name.size() > 64 || !IsAlphanumeric(name.front()) || !IsAlphanumeric(name.back())) return false;
  return std::ranges::all_of(name, [](char c) { return IsAlphanumeric(c) || c == '_' || c == '-' || c == '.'; });
}

Result<> CheckRule(const ReceiptRule& rule) {
  if (!IsRuleName(rule.name)) return Fail(InvalidParameterValue(fmt::format("Not a valid rule name: {}", rule.name)));
  if (rule.actions && rule.actions->size() > kActionsMax) return Fail(LimitExceeded(fmt::format("A rule can have at most {} actions.", kActionsMax)));
  if (rule.recipients && rule.recipients->size() > kRecipientsMax) {
    return Fail(LimitExceeded(fmt::format("A rule can have at most {} recipients.", kRecipientsMax)));
  }
  if (rule.actions) {
    for (const ReceiptAction& action : *rule.actions) MF_TRY_VOID(CheckAction(action));
  }
  return {};
}

bool IsAbout(const ReceiptRule& rule, std::string_view recipient) {
  if (!rule.recipients || rule.recipients->empty()) return true;
  const std::string address = LowerCase(recipient), unlabelled = WithoutLabel(address);
  const std::string_view domain = DomainOf(address);
  return std::ranges::any_of(*rule.recipients, [&](const std::string& of_rule) {
    const std::string wanted = LowerCase(of_rule);
    if (wanted.contains('@')) return wanted == address || wanted == unlabelled;
    return wanted.starts_with('.') ? domain.ends_with(wanted) : domain == wanted;
  });
}

bool IsCidr(std::string_view cidr) { return ParseNetwork(cidr).has_value(); }

bool IsInCidr(std::string_view address, std::string_view cidr) {
  const auto network = ParseNetwork(cidr);
  const auto parsed = ParseV4(address);
  if (!network || !parsed) return false;
  const uint32_t mask = network->bits == 0 ? 0 : ~uint32_t{0} << (32 - network->bits);
  return (*parsed & mask) == (network->address & mask);
}

}  // namespace mayfly::ses
