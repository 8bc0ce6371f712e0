// EnvironmentManager: all execution environments of this node: which are warm, which are in use, when idle ones go.
//
// One pool per function version and configuration (PoolKey): an update makes a new key, so that an environment of old code
// is never given for a new version. Warm environments are lent last-used-first. Idle ones end after `idle_timeout`, or when
// the node's bound on environments is reached and another function needs the room (whoever needs it waits for the Shutdown phase
// where there is one). One strand.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/random.h"
#include "base/task_scope.h"
#include "runtime/environment.h"

namespace mayfly::runtime {

// An environment with whatever serves its Runtime API.
class EnvironmentHandle {
 public:
  virtual ~EnvironmentHandle() = default;
  virtual ExecutionEnvironment& environment() = 0;
};

class EnvironmentFactory {
 public:
  virtual ~EnvironmentFactory() = default;
  // A new environment, not yet initialised. Error: Fault "NoCage" when the node can hold no more.
  virtual Task<Result<std::unique_ptr<EnvironmentHandle>>> Make(Context& ctx, std::shared_ptr<const EnvironmentSpec> spec) = 0;
};

struct ManagerOptions {
  Duration idle_timeout = std::chrono::minutes(10);
  // An idle environment is frozen after this long, not at once: a busy function then pays nothing for it (DESIGN §4).
  Duration freeze_after = std::chrono::milliseconds(100);
  // An environment's credentials end; it is not used for an invocation that begins when it is older than this.
  Duration age_max = std::chrono::hours(24 * 365);
  int environments_max = 1000;
};

struct ManagerCounts {
  int live = 0;
  int idle = 0;
  uint64_t started = 0;
  uint64_t reused = 0;
};

class EnvironmentManager {
 public:
  EnvironmentManager(Loop& loop, EnvironmentFactory& factory, ManagerOptions options);
  ~EnvironmentManager();

  // Runs `invocation` in a warm environment, or in a new one. Errors: Fault "NoCage" when the node is full (the caller
  // throttles); a Fault of the platform.
  Task<Result<InvokeOutcome>> Invoke(Context& ctx, const std::string& pool_key, std::shared_ptr<const EnvironmentSpec> spec,
                                     Invocation invocation);
  // Waits for what RetireAll began: Shutdown phases, and invocations whose callers have their answer. At most until `until`.
  Task<> AwaitEnds(TimePoint until);
  // The version is gone or changed: idle environments end now, busy ones after their invocation.
  void Retire(const std::string& pool_key);
  // Ends all idle environments now, and all others when they come back.
  void RetireAll();
  ManagerCounts counts() const { return counts_; }

 private:
  struct Pool;
  struct Idle;
  Task<Result<std::unique_ptr<EnvironmentHandle>>> Borrow(Context& ctx, Pool& pool, std::shared_ptr<const EnvironmentSpec> spec);
  void GiveBack(const std::shared_ptr<Pool>& pool, std::unique_ptr<EnvironmentHandle> handle);
  Task<> SettleAndGiveBack(std::shared_ptr<Pool> pool, std::unique_ptr<EnvironmentHandle> handle);
  void End(std::unique_ptr<EnvironmentHandle> handle);
  Task<> ShutDown(std::unique_ptr<EnvironmentHandle> handle);
  void Forget(std::unique_ptr<EnvironmentHandle> handle);
  bool EvictOldest();
  void Sweep();
  void FreezeIdle();

  Loop* loop_;
  EnvironmentFactory* factory_;
  ManagerOptions options_;
  ManagerCounts counts_;
  std::unordered_map<std::string, std::shared_ptr<Pool>> pools_;
  std::list<Idle> idle_;  // oldest first, over all pools
  Loop::TimerId sweep_timer_ = 0;
  Loop::TimerId freeze_timer_ = 0;
  int ending_ = 0;  // in their Shutdown phase; they count as live
  Event ended_;     // one of them is gone
  TaskScope tasks_;
};

}  // namespace mayfly::runtime
