// SecretKeeper: what happens to secrets at times of the calendar: they rotate, and they go.
//
// A rotation is written down before the function is called (RotationPlan::running_version): the four steps are called again from the first
// after a crash, which rotation functions are made for. A function that fails ends it; its AWSPENDING stays, and the next rotation takes it
// up. What was due while the daemon did not run happens at its start. One per daemon, on the strand of the tables.
#pragma once

#include <set>

#include "base/due_times.h"
#include "base/task_scope.h"
#include "services/secretsmanager/rotation_function.h"
#include "services/secretsmanager/secrets.h"

namespace mayfly::secretsmanager {

class SecretKeeper {
 public:
  // All outlive it. `loop`: of the invocations.
  SecretKeeper(Loop& calendar, Loop& loop, Secrets& secrets, const RotationFunction& function);

  void Start();
  Task<> Stop();
  // Goes on with the rotation that stands in the row. Called when it has been written.
  void Rotate(const std::string& key) { tasks_.Spawn(Run(key)); }

  // Writes down that the secret begins to rotate, to the version `version_id`, which gets AWSPENDING.
  static void Begin(SecretRow& secret, const std::string& version_id, int64_t now_millis);

 private:
  void Follow(const std::string& key, const SecretRow* row);
  Task<> WhenDue(std::string key);
  Task<> Run(std::string key);
  Task<Result<>> CallSteps(Context& ctx, const std::string& key);
  Task<Result<>> End(Context& ctx, const std::string& key, bool succeeded);

  Loop* calendar_;
  Loop* loop_;
  Secrets* secrets_;
  const RotationFunction* function_;
  bool is_running_ = false;
  std::set<std::string> rotating_;  // secrets whose functions are being called
  DueTimes due_;
  TaskScope tasks_;
};

}  // namespace mayfly::secretsmanager
