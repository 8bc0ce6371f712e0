// Lifecycle rules of a bucket: checked, and what they mean for one version at a time. Pure functions, any thread.
// Source: Amazon S3 user guide, "Managing the lifecycle of objects", "Lifecycle configuration elements".
//
// An age counts in days from a version's making (of an older one: from when it ceased to be the newest), rounded up to the next midnight
// UTC. Transitions are kept and change nothing: there is one kind of storage.
#pragma once

#include "model/s3.h"
#include "services/s3/object_row.h"

namespace mayfly::s3 {

// Names for rules that have none. Errors: MalformedXML, InvalidArgument, InvalidRequest.
Result<> CheckAndCompleteRules(std::vector<LifecycleRule>& rules, Random& random);

// What there is to know of a version beside its row.
struct VersionPlace {
  bool is_latest = true;
  int newer_noncurrent = 0;   // older versions of the key that are newer than this one
  bool has_older = false;     // of the newest: there are others behind it
};

// Whether the rules let a version go now.
bool HasExpired(const std::vector<LifecycleRule>& rules, std::string_view key, const ObjectRow& row, const VersionPlace& place, WallTime now);
// The same of an upload that was begun then and never ended.
bool IsAbandoned(const std::vector<LifecycleRule>& rules, std::string_view key, WallTime initiated, WallTime now);
// When the newest version will go, and by which rule; nullopt: never.
struct Expiry {
  WallTime at{};
  std::string rule_id;
};
std::optional<Expiry> ExpiryOf(const std::vector<LifecycleRule>& rules, std::string_view key, const ObjectRow& row);
// The same as x-amz-expiration tells it: `expiry-date="…", rule-id="…"`. `lifecycle`: the bucket's setting, which may be "".
std::optional<std::string> ExpirationText(std::string_view lifecycle, std::string_view key, const ObjectRow& row);

}  // namespace mayfly::s3
