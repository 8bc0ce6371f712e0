// PushWatcher: sees pushes to the bare repositories of the operator's folder, and owes what their triggers tell.
//
// A push is a difference between the references in a repository's files and those that its triggers know (KnownRefsRow). The files are looked
// at every kLookEvery, of repositories with triggers. First what is owed is durable, then what is known: a crash between the two tells of a
// push twice, and of none never; a push while the daemon did not run is told of by its next start. Several pushes between two looks are one.
// A repository that is not there (any more) tells nothing: its references have not been deleted.
// One per daemon, on its strand; files are read on a pool. Nothing runs without a folder.
#pragma once

#include "base/blocking_pool.h"
#include "base/task_scope.h"
#include "delivery/delivery_worker.h"
#include "services/codecommit/triggers.h"

namespace mayfly::codecommit {

inline constexpr std::chrono::seconds kLookEvery{1};

struct WatcherParts {
  Loop* loop;
  BlockingPool* files;
  RepositoryTables* tables;
  delivery::DurableLanes* lanes;
  Random* random;
  const Clock* calendar;
};

class PushWatcher final : public delivery::Sender {
 public:
  // What the parts name outlives it. `folder`: "" = none.
  PushWatcher(WatcherParts parts, std::string folder) : parts_(parts), folder_(std::move(folder)), tasks_(*parts.loop) {}

  void Start();
  Task<> Stop();
  // The references in the repository's files; none when there is no bare repository.
  Task<GitRefs> Read(RepositoryName name);
  // From now on the triggers are told of what differs from this. Error: the repository is missing; a fault of the store.
  Task<Result<>> Know(Context& ctx, const RepositoryName& name, const Refs& refs);

  void OnGivenUp(const delivery::OwedDelivery& owed) override {}

 private:
  Task<> LookForEver();
  Task<Result<>> Look(Context& ctx, const RepositoryRow& repository);
  // nullopt: there is no bare repository, or it cannot be read.
  Task<std::optional<GitRefs>> ReadIfThere(RepositoryName name);

  WatcherParts parts_;
  std::string folder_;
  TaskScope tasks_;
};

}  // namespace mayfly::codecommit
