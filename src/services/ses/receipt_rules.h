// Receipt rules: as they are kept, what they may say, and which recipients they are about. Pure functions.
// Source: SES developer guide, "Creating receipt rules"; API reference, ReceiptRule, ReceiptAction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ses.h"

namespace mayfly::ses {

// All that was said of a rule, as JSON, and back. nullopt: it is damaged.
std::string WriteRule(const ReceiptRule& rule);
std::optional<ReceiptRule> ReadRule(const std::string& settings);

// Letters, digits, '_', '-' and '.', a letter or digit at both ends, at most 64.
bool IsRuleName(std::string_view name);
// Errors: InvalidParameterValue; NotImplementedException for actions of WorkMail and Connect.
Result<> CheckRule(const ReceiptRule& rule);

// Whether the rule is about a recipient. A recipient of a rule is an address (with any label: user+label@…), a domain, or ".domain": those
// below it. A rule without recipients is about all.
bool IsAbout(const ReceiptRule& rule, std::string_view recipient);

// Whether an IPv4 address is in "10.0.0.0/8", or is that address.
bool IsInCidr(std::string_view address, std::string_view cidr);
bool IsCidr(std::string_view cidr);

}  // namespace mayfly::ses
