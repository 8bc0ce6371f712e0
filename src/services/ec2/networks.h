// Networks: the networks of all accounts and regions. The operations of the API all come here.
//
// One per daemon, on the strand of its tables. Changes of an account in a region take turns and are whole, so that what they rest on
// (a subnet's VPC, a free address, a limit) stays so until they are durable.
// The default VPC of an account in a region is made by the first operation there, so that a start costs nothing.
// Limits: those of AWS (limits.h); of waiting changes, resources::RowWaits.
#pragma once

#include <functional>

#include "base/context.h"
#include "base/task.h"
#include "services/ec2/region_state.h"

namespace mayfly::ec2 {

class Networks {
 public:
  // All outlive it. `clock`: that clients see.
  Networks(store::Store& store, Random& random, const Clock& clock);

  // Reads the rows. Error: a fault of the store.
  Task<Result<>> Open(Context& ctx) { return resource_tables_.Open(ctx); }

  // The caller's region, to read. Error: a fault of the store.
  Task<Result<RegionState>> Enter(Context& ctx);
  // What `change` makes of the caller's region; it may be called again, of what the region is then. Errors: its own; RequestLimitExceeded.
  using Change = std::function<Result<>(RegionState& region)>;
  Task<Result<>> Edit(Context& ctx, Change change);
  Task<Result<>> Edit(Context& ctx, vpc::Scope scope, Change change);

  // Called after each change, which ends when that has ended. Once.
  using Follower = std::function<Task<>(Context& ctx, vpc::Scope scope)>;
  void OnChange(Follower follower) { follower_ = std::move(follower); }

  // As it is; not made if it has not been entered yet.
  RegionState Look(vpc::Scope scope) { return RegionState(tables_, std::move(scope), *random_, *clock_); }
  Tables& tables() { return tables_; }

 private:
  resources::ResourceTables resource_tables_;
  Tables tables_;
  Random* random_;
  const Clock* clock_;
  Follower follower_;
};

vpc::Scope ScopeOf(const Context& ctx);

}  // namespace mayfly::ec2
