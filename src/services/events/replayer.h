// Replayer: puts the events of archives onto their bus again, for the rules that a replay names.
//
// One per daemon, on the strand of the tables. A replay goes on after a restart where it was; what it was at then may come twice. Each step reads
// some events, owes what they lead to, and notes how far it is.
#pragma once

#include "base/task_scope.h"
#include "services/events/archives.h"
#include "services/events/publisher.h"

namespace mayfly::events {

class Replayer {
 public:
  // All outlive it.
  Replayer(Loop& calendar, ArchiveTables& tables, ArchivedEvents& events, Publisher& publisher)
      : calendar_(&calendar), tables_(&tables), events_(&events), publisher_(&publisher), tasks_(calendar) {}
  void Start();
  Task<> Stop();
  // A replay that has been made.
  void Run(const std::string& key) { tasks_.Spawn(Work(key)); }

 private:
  Task<> Work(std::string key);
  // The next events. False: there are none left.
  Task<Result<bool>> Step(Context& ctx, const std::string& key, const ReplayRow& replay);
  Task<> End(Context& ctx, const std::string& key, std::string state, std::string reason);

  Loop* calendar_;
  ArchiveTables* tables_;
  ArchivedEvents* events_;
  Publisher* publisher_;
  TaskScope tasks_;
};

}  // namespace mayfly::events
