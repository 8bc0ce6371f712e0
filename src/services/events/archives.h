// Archives: which archives keep an event that comes to a bus, and until when.
//
// One per daemon, on the strand of the tables. Follows the rows of archives; their events go with them, or when their retention is over by the
// daemon's calendar, or the bounds of ArchivedEvents are passed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/due_times.h"
#include "base/task_scope.h"
#include "patterns/event_pattern.h"
#include "services/events/archive_tables.h"
#include "services/events/archived_events.h"
#include "services/events/envelope.h"

namespace mayfly::events {

class Archives {
 public:
  // All outlive it.
  Archives(Loop& calendar, ArchiveTables& tables, ArchivedEvents& events);
  // Reads the archives that there are. Called once, when the tables are open.
  Task<Result<>> Open(Context& ctx);
  void Start();
  Task<> Stop();

  bool KeepsOf(const BusName& bus) const { return of_bus_.contains(bus.Key()); }
  // What archives want of an event; to be appended.
  void Choose(const BusName& bus, const Event& event, const json::Value& envelope, std::vector<ArchivedEvents::New>& chosen) const;
  // Durable when it returns.
  Task<Result<>> Keep(Context& ctx, std::vector<ArchivedEvents::New> chosen);
  ArchivedEvents& events() { return *events_; }

 private:
  struct Keeper {
    std::string archive;  // key
    std::optional<patterns::EventPattern> pattern;  // nullopt: everything
  };

  void Follow(const std::string& key, const ArchiveRow* old_row, const ArchiveRow* row);
  void PlanSweep(const std::string& archive, int64_t oldest_millis);
  Task<> Sweep(std::string archive);
  Task<> Drop(std::string archive);

  Loop* calendar_;
  ArchiveTables* tables_;
  ArchivedEvents* events_;
  std::map<std::string, std::vector<Keeper>> of_bus_;  // by BusName::Key()
  DueTimes sweeps_;
  TaskScope tasks_;
};

}  // namespace mayfly::events
