// Publisher: brings events to the targets of the rules that they match, and scheduled rules to theirs.
//
// What an event leads to is decided when it comes, and owed from the moment on in which Publish has succeeded: one commit for all that is
// owed, then the lanes of deliveries have it. One per daemon, on the strand of the tables.
#pragma once

#include <utility>
#include <vector>

#include "base/random.h"
#include "delivery/durable_lanes.h"
#include "services/events/archives.h"
#include "services/events/envelope.h"
#include "services/events/rule_input.h"
#include "services/events/rule_patterns.h"

namespace mayfly::events {

class Publisher {
 public:
  // All outlive it.
  Publisher(const Clock& clock, EventTables& tables, const RulePatterns& patterns, Archives& archives, delivery::DurableLanes& lanes, Random& random)
      : clock_(&clock), tables_(&tables), patterns_(&patterns), archives_(&archives), lanes_(&lanes), random_(&random) {}

  struct ToBus {
    BusName bus;
    Event event;
  };
  // Success: all that the events lead to is durable, and so are they in the archives that want them. Error: a fault of the store; nothing is owed
  // (an archive may have them).
  Task<Result<>> Publish(Context& ctx, std::vector<ToBus> events);
  // Events of an archive once more, which no archive takes again.
  struct Replaying {
    BusName bus;
    std::string replay;                  // the name that the events have
    std::vector<std::string> rule_arns;  // none: all of the bus
  };
  Task<Result<>> PublishReplayed(Context& ctx, const Replaying& replaying, std::vector<Event> events);
  // A scheduled rule's own event, which only its targets get. Error: as Publish.
  Task<Result<>> PublishScheduled(Context& ctx, const RuleRow& rule, WallTime due);

 private:
  void Owe(const RuleRow& rule, const Event& event, const json::Value& envelope, std::vector<delivery::LaneItem>& items);

  const Clock* clock_;
  EventTables* tables_;
  const RulePatterns* patterns_;
  Archives* archives_;
  delivery::DurableLanes* lanes_;
  Random* random_;
};

}  // namespace mayfly::events
