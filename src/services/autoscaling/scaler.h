// Scaler: acts on scalable targets: keeps capacity between the bounds, carries out scheduled actions, follows policies.
//
// Looks at everything once in each `period` (AWS's alarms have one minute). Target tracking, as AWS's alarms do it:
//   out   utilisation above the target in `out_periods` looks in a row: capacity grows in proportion, at once as far as needed
//   in    utilisation below nine tenths of it in `in_periods` looks: capacity shrinks in proportion
// each not again within its cooldown (0 unless the policy says so); never beyond the bounds. Of several policies the largest
// wish counts, and all must agree to scale in. What was due while the daemon did not run is made up for, once.
// One per daemon, on the strand of the tables. Activities are kept in memory, the last `activities_max` of them.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "base/random.h"
#include "base/task_scope.h"
#include "services/autoscaling/scaling.h"

namespace mayfly::autoscaling {

// What scales. Implemented where provisioned concurrency is.
class Capacity {
 public:
  virtual ~Capacity() = default;
  // 0: nothing is provisioned.
  virtual int Find(const TargetName& target) = 0;
  // Error: as PutProvisionedConcurrencyConfig.
  virtual Task<Result<>> Set(Context& ctx, const TargetName& target, int executions) = 0;
  // The most of it that was in use at once, as a share, since it was asked last.
  virtual double TakeUtilization(const TargetName& target) = 0;
};

struct ScalerOptions {
  Duration period = std::chrono::minutes(1);
  int out_periods = 3;
  int in_periods = 15;
  size_t activities_max = 1000;
};

struct Activity {
  std::string id;
  TargetName target;
  std::string description;
  std::string cause;
  WallTime start{};
  WallTime end{};
  std::string status;  // Successful, Failed
  std::string message;
};

class Scaler {
 public:
  Scaler(Loop& loop, ScalingTables& tables, Capacity& capacity, Random& random, ScalerOptions options);
  // Begins to look. Stop waits for what is under way.
  void Start();
  Task<> Stop();
  // One look at one target, for its bounds have changed.
  void LookSoon(const TargetName& target);
  const std::deque<Activity>& activities() const { return activities_; }  // the newest first

 private:
  // What a policy has seen.
  struct Watch {
    int above = 0;
    int below = 0;
    std::optional<TimePoint> out_at;
    std::optional<TimePoint> in_at;
  };
  enum class Policies : unsigned char { Follow, Leave };

  Task<> Run();
  Task<> LookAtAll();
  Task<> Look(TargetName name, Policies policies);
  Task<> RunActions(const TargetName& name);
  Task<> Carry(Action action, WallTime due);
  std::optional<int> Wish(const ScalingTarget& target, int present);
  Task<> SetCapacity(TargetName name, int present, int wanted, std::string cause);

  Loop* loop_;
  ScalingTables* tables_;
  Capacity* capacity_;
  Random* random_;
  ScalerOptions options_;
  std::map<std::string, Watch> watches_;  // by Policy::Key()
  std::deque<Activity> activities_;
  std::string cause_;  // of the last wish
  TaskScope tasks_;
};

}  // namespace mayfly::autoscaling
