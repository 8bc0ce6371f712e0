// DecisionLog: which decisions there have been about whom: what a function, a user or a role has asked for, and whether its policies allow it.
// Of it the smallest policy is made that covers what a function really does (policy_writer.h).
//
// One record for each (principal, function, action, resource, verdict), with how often, when first and when last. A record that is new is
// written to the file at once (one line of JSON, appended), so that it survives the daemon's being killed; how often it came again is written
// when the daemon ends (Save).
// Objects of S3 are remembered by the first part of their keys. Bounds: kRecordsMax in all, kOfOneMax of one principal and function, beyond
// which nothing new is remembered (dropped() counts that); beyond kResourcesOfActionMax resources of one action, the rest counts as "*". On the daemon's strand; one write of some hundred bytes for what is new.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "identity/decision.h"

namespace mayfly::identity {

struct DecisionRecord {
  std::string principal;  // ARN; of a session: of the session
  std::string function_name;  // by whose credentials; "" otherwise
  std::string action;
  std::string resource;
  DecisionType type = DecisionType::Allow;
  PolicyKind by = PolicyKind::Identity;
  uint64_t count = 0;
  WallTime first_at{};
  WallTime last_at{};
};

class DecisionLog {
 public:
  static constexpr size_t kRecordsMax = 20'000;
  static constexpr size_t kOfOneMax = 1'000;
  static constexpr size_t kResourcesOfActionMax = 100;

  struct Noted {
    std::string_view principal, function_name, action, resource;
    Verdict verdict;
  };

  // Without Open nothing is written.
  DecisionLog() = default;
  // Reads what there is, and writes it anew. Error: Fault; what cannot be read of the file is left out.
  Result<> Open(std::string path);

  void Note(const Noted& noted, WallTime now);
  // In the order of principal, function, action, resource. `function_name` "": all.
  std::vector<DecisionRecord> Of(std::string_view account_id, std::string_view function_name) const;
  uint64_t dropped() const { return dropped_; }
  size_t size() const { return records_.size(); }
  Result<> Clear();
  // Writes the counts as they are now.
  Result<> Save() const;

 private:
  struct Tally {
    size_t records = 0;
    std::map<std::string, size_t, std::less<>> resources;  // by action
  };

  static std::string OwnerKey(std::string_view principal, std::string_view function_name);
  void Insert(std::string key, std::string_view owner, DecisionRecord record);
  void Append(const DecisionRecord& record);
  // Writes a new file, and appends to it from then on.
  Result<> Begin();

  std::string path_;
  UniqueFd file_;
  std::map<std::string, DecisionRecord, std::less<>> records_;
  std::map<std::string, Tally, std::less<>> tallies_;
  uint64_t dropped_ = 0;
};

}  // namespace mayfly::identity
