// Triggers of repositories: what they may say, which of them a push concerns, and what they are told. Pure functions.
// Source: AWS CodeCommit user guide, "Manage triggers for a repository"; AWS Lambda developer guide, "CodeCommit".
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "delivery/owed_delivery.h"
#include "model/codecommit.h"
#include "services/codecommit/repositories.h"

namespace mayfly::codecommit {

// The sender of what triggers tell. It stands in stored deliveries.
inline constexpr std::string_view kTriggerSender = "codecommit-trigger";

// One reference that a push has changed.
struct RefChange {
  std::string ref;
  std::string commit;  // of a deleted one: where it stood
  enum class Kind : unsigned char { Created, Updated, Deleted };
  Kind kind = Kind::Updated;
};
std::vector<RefChange> ChangesBetween(const Refs& before, const Refs& after);

// Errors: AWS's, e.g. InvalidRepositoryTriggerDestinationArnException.
Result<> CheckTriggers(const RepositoryName& repository, const std::vector<RepositoryTrigger>& triggers);
std::string WriteTriggers(const std::vector<RepositoryTrigger>& triggers);
std::vector<RepositoryTrigger> ReadTriggers(const std::string& text);

// Those of the changes that a trigger wants: by its events and branches.
std::vector<RefChange> WantedBy(const RepositoryTrigger& trigger, const std::vector<RefChange>& changes);

struct TriggerEvent {
  const RepositoryRow& repository;
  const RepositoryTrigger& trigger;
  std::vector<RefChange> changes;
  WallTime time{};
  std::string_view name;  // "ReferenceChanges", "TriggerEventTest"
};
// To the trigger's function or topic. `id`: unique.
delivery::Delivery MakeTriggerDelivery(const TriggerEvent& event, std::string id);

}  // namespace mayfly::codecommit
