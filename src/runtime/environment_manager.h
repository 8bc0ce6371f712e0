// EnvironmentManager: all execution environments of this node: which are warm, which are in use, when idle ones go.
//
// One pool per function version and configuration (PoolKey): an update makes a new key, so that an environment of old code
// is never given for a new version. Warm environments are lent last-used-first. Idle ones end after `idle_timeout`, or when
// the node's bounds (number, memory) are reached and another function needs the room (whoever needs it waits for the Shutdown
// phase where there is one). New ones are started in turns (start_queue.h) and only where there is memory (memory_budget.h).
// Provisioned pools hold environments that were initialised ahead: those neither time out nor make room for others; who
// keeps their number is invoke::Provisioner. One strand.
#pragma once

#include <limits>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/random.h"
#include "base/strand.h"
#include "base/task_scope.h"
#include "runtime/environment.h"
#include "runtime/memory_budget.h"
#include "runtime/start_queue.h"

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

// Asked before an invocation makes a new environment.
class StartGate {
 public:
  virtual ~StartGate() = default;
  // Error: the invocation's; nothing is started.
  virtual Result<> MayStart() = 0;
};

struct ManagerOptions {
  Duration idle_timeout = std::chrono::minutes(10);
  // An idle environment is frozen after this long, not at once: a busy function then pays nothing for it (DESIGN §4).
  Duration freeze_after = std::chrono::milliseconds(100);
  // An environment's credentials end; it is not used for an invocation that begins when it is older than this.
  Duration age_max = std::chrono::hours(24 * 365);
  int environments_max = 1000;
  MemoryOptions memory;
  StartQueue::Options starts;
};

struct ManagerCounts {
  int live = 0;
  int idle = 0;  // on demand and provisioned
  uint64_t started = 0;
  uint64_t reused = 0;
};

// What the environments of one function take.
struct FunctionUse {
  int environments = 0;
  int idle = 0;
  int64_t memory_bytes = 0;  // measured; of those that are not yet, what is expected
};

class EnvironmentManager {
 public:
  EnvironmentManager(Loop& loop, EnvironmentFactory& factory, ManagerOptions options);
  ~EnvironmentManager();

  // Runs `invocation` in a warm environment, or in a new one when `gate` (if any) lets it; once more in another one where the first was
  // killed for its memory before it took the event. Errors: Faults "NoCage" and
  // "NoMemory" when the node is full (the caller throttles); the gate's; a Fault of the platform.
  Task<Result<InvokeOutcome>> Invoke(Context& ctx, const std::string& pool_key, std::shared_ptr<const EnvironmentSpec> spec,
                                     Invocation invocation, StartGate* gate = nullptr);
  // Waits for what RetireAll began: Shutdown phases, and invocations whose callers have their answer. At most until `until`.
  Task<> AwaitEnds(TimePoint until);
  // The version is gone or changed: idle environments end now, busy ones after their invocation.
  void Retire(const std::string& pool_key);
  // Ends all idle environments now, and all others when they come back.
  void RetireAll();
  ManagerCounts counts() const { return counts_; }
  int64_t used_memory_bytes() const { return memory_.used_bytes(); }
  // By the ARNs of the functions, without a qualifier. Those that have environments, and no others.
  const std::map<std::string, FunctionUse>& uses() const { return uses_; }

  // --- provisioned pools (provisioned_pools.cc) ---
  // Makes one more environment of a provisioned pool and runs its Init. Errors: as Invoke; Fault "InitFailed".
  Task<Result<>> Provision(Context& ctx, const std::string& pool_key, std::shared_ptr<const EnvironmentSpec> spec);
  // Whether Invoke on that pool would find one now.
  bool HasIdleProvisioned(const std::string& pool_key);
  // At most `count` are kept from now on: the oldest idle ones end now, then busy ones when they come back.
  void KeepProvisioned(const std::string& pool_key, int count);
  struct ProvisionedCounts {
    int ready = 0;  // initialised, idle or busy
    int busy = 0;
  };
  ProvisionedCounts CountProvisioned(const std::string& pool_key) const;
  // Whether an idle one will soon be too old to be used.
  bool HasOldProvisioned(const std::string& pool_key) const;
  // Ends the oldest idle one.
  void EndOldestProvisioned(const std::string& pool_key);
  // Called, soon after, when a provisioned pool has lost an environment: crash, timeout, age.
  void OnProvisionedLoss(std::function<void(const std::string& pool_key)> callback) { on_provisioned_loss_ = std::move(callback); }

 private:
  struct Pool;
  struct Idle;
  // Counts an environment, and the memory that it uses or is expected to use, while it lives: also when the task that has it
  // is destroyed.
  class Charge {
   public:
    Charge(EnvironmentManager& manager, const std::string& function_arn, int64_t expected_bytes);
    Charge(Charge&& other) noexcept
        : manager_(std::exchange(other.manager_, nullptr)), use_(other.use_), bytes_(other.bytes_), measured_(other.measured_) {}
    Charge& operator=(Charge&&) = delete;
    ~Charge();
    void Measure(int64_t bytes);
    int64_t bytes() const { return bytes_; }
    bool measured() const { return measured_; }
    // It went idle (1), or is used again or ended (-1).
    void CountIdle(int change);

   private:
    EnvironmentManager* manager_;
    std::map<std::string, FunctionUse>::iterator use_;
    int64_t bytes_;
    bool measured_ = false;
  };
  // An environment with what is known of it.
  struct Lent {
    Charge charge;
    std::unique_ptr<EnvironmentHandle> handle;
    TimePoint measured_at{};
    ExecutionEnvironment& environment() const { return handle->environment(); }
  };
  std::shared_ptr<Pool> FindOrMakePool(const std::string& pool_key);
  Task<Result<InvokeOutcome>> RunIn(Context& ctx, const std::shared_ptr<Pool>& pool, Lent lent, Invocation& invocation, bool& is_served);
  Task<Result<Lent>> Borrow(Context& ctx, Pool& pool, std::shared_ptr<const EnvironmentSpec> spec, StartGate* gate);
  Task<Result<Lent>> MakeNew(Context& ctx, Pool& pool, std::shared_ptr<const EnvironmentSpec> spec);
  Task<Result<>> MakeRoom(Context& ctx, int64_t bytes);
  bool IsUsable(const Lent& lent) const;
  Lent TakeIdle(std::list<Idle>::iterator position);
  void GiveBack(const std::shared_ptr<Pool>& pool, Lent lent);
  void Measure(Pool& pool, Lent& lent);
  int64_t ExpectedBytes(const Pool& pool, const EnvironmentSpec& spec) const;
  Task<> SettleAndGiveBack(std::shared_ptr<Pool> pool, Lent lent);
  void End(Lent lent);
  Task<> ShutDown(Lent lent);
  void Forget(Lent lent);
  void Lose(Pool& pool);
  bool EvictOldest();
  void Sweep();
  void FreezeIdle();
  void Freeze(std::list<Idle>& idle);
  void CheckMemory();
  void EvictForMemory();
  void SetTimers();

  Strand strand_;
  Loop* loop_;
  EnvironmentFactory* factory_;
  ManagerOptions options_;
  ManagerCounts counts_;
  std::map<std::string, FunctionUse> uses_;
  MemoryBudget memory_;
  StartQueue starts_;
  std::unordered_map<std::string, std::shared_ptr<Pool>> pools_;
  std::list<Idle> idle_;              // on demand; oldest first, over all pools
  std::list<Idle> provisioned_idle_;  // likewise
  Loop::TimerId sweep_timer_ = 0;
  Loop::TimerId freeze_timer_ = 0;
  Loop::TimerId memory_timer_ = 0;
  int ending_ = 0;  // in their Shutdown phase; they count as live
  Event ended_;     // one of them is gone
  std::function<void(const std::string&)> on_provisioned_loss_;
  TaskScope tasks_;
};

struct EnvironmentManager::Idle {
  Lent lent;
  Pool* pool;
  TimePoint since;
  bool frozen = false;
};

struct EnvironmentManager::Pool {
  std::string key;
  bool retired = false;
  std::vector<std::list<Idle>::iterator> idle;  // the last one was used last
  int64_t bytes_usual = 0;                      // what its environments were last seen to use; 0: not known
  bool provisioned = false;
  int ready = 0;                                // provisioned: initialised, idle or busy
  int keep = std::numeric_limits<int>::max();   // provisioned
};

}  // namespace mayfly::runtime
