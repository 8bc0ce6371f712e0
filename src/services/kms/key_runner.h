// KeyRunner: what happens to keys at times of the calendar: they get new material, and they are deleted.
//
// What was due while the daemon did not run happens at its start. One per daemon, on the strand of the tables.
#pragma once

#include "base/due_times.h"
#include "base/task_scope.h"
#include "services/kms/key_vault.h"

namespace mayfly::kms {

class KeyRunner {
 public:
  // All outlive it.
  KeyRunner(Loop& calendar, KeyTables& tables, KeyVault& vault);

  void Start();
  Task<> Stop();

 private:
  void Follow(const std::string& key, const KeyRow* row);
  Task<> Run(std::string key);
  Task<Result<>> Delete(Context& ctx, std::string key);
  Task<Result<>> Rotate(Context& ctx, std::string key);

  Loop* calendar_;
  KeyTables* tables_;
  KeyVault* vault_;
  bool is_running_ = false;
  DueTimes due_;
  TaskScope tasks_;
};

}  // namespace mayfly::kms
