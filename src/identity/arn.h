// Amazon Resource Names, taken apart. Pure functions.
#pragma once

#include <optional>
#include <string_view>

namespace mayfly::identity {

// arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE. The resource may hold colons; region and account may be empty.
// Views into the text that was parsed.
struct Arn {
  std::string_view partition;
  std::string_view service;
  std::string_view region;
  std::string_view account_id;
  std::string_view resource;
};

// How the resource of a session begins that STS has made of a role: assumed-role/ROLE/SESSION.
inline constexpr std::string_view kAssumedRolePrefix = "assumed-role/";

// nullopt when the text has not the six parts, or no partition, service or resource.
std::optional<Arn> ParseArn(std::string_view text);

// The partition of `region`: aws, aws-cn, aws-us-gov …
std::string_view PartitionOf(std::string_view region);

// Twelve digits.
bool IsAccountId(std::string_view text);

// Whether `arn` is `named` itself, or a session of the role that `named` is: arn:aws:iam::A:role/path/R is meant by
// arn:aws:sts::A:assumed-role/R/SESSION.
bool IsArnOrSessionOf(std::string_view arn, std::string_view named);

}  // namespace mayfly::identity
