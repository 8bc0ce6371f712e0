// Provisioner: keeps as many initialised environments as provisioned concurrency asks for.
//
// One per daemon, on the strand of the tables. What is asked for stands in catalog::Tables and is durable; what is there is
// not: after a start all of it is made again. Follows its settings, their aliases and versions by itself.
//   IN_PROGRESS  environments are being made        READY   as many as asked for have been there
//   FAILED       one could not be made; it is tried again after `retry_after`, later after longer, and may get READY yet
// An environment that crashes, times out or grows old is replaced; READY stays READY meanwhile, with fewer available.
// When an alias moves to another version, the environments of the old one stay until those of the new one are there.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/strand.h"
#include "base/task_scope.h"
#include "catalog/function_catalog.h"
#include "invoke/environment_spec.h"
#include "runtime/environment_manager.h"

namespace mayfly::invoke {

using SpecPointer = std::shared_ptr<const runtime::EnvironmentSpec>;

struct ProvisionerOptions {
  // How environments of a version are to be. Error: none can be made.
  std::function<Task<Result<SpecPointer>>(catalog::FunctionPointer)> make_spec;
  Duration retry_after = std::chrono::seconds(30);
  Duration retry_after_max = std::chrono::minutes(10);
  Duration renew_check = std::chrono::minutes(1);
};

class Provisioner {
 public:
  Provisioner(Loop& loop, catalog::Tables& tables, catalog::FunctionCatalog& catalog, runtime::EnvironmentManager& environments,
              ProvisionerOptions options);
  ~Provisioner();

  // Begins with what the tables hold. From then on changes are followed.
  void Open();
  // Makes no more, and gives up what is being made. Environments that are there are ended by EnvironmentManager.
  void Stop();

  // Environments of one version, for one version or alias.
  struct Pool {
    std::string key;  // of EnvironmentManager's pool
    SpecPointer spec;
    int making = 0;             // environments that are on their way
    mutable int busy_peak = 0;  // since TakeUtilization
  };
  // A pool with an idle environment of that version, whichever qualifier it is for. Null: there is none.
  const Pool* FindIdle(const catalog::Function& function) const;
  // Whether anything is provisioned for that version: an invocation elsewhere has spilled over.
  bool Provisions(const catalog::Function& function) const { return !by_version_.empty() && by_version_.contains(function.environment_key); }

  struct State {
    int available = 0;
    int busy = 0;
    std::string_view status = "IN_PROGRESS";
    std::string status_reason;
  };
  State StateOf(const catalog::SettingOwner& owner) const;
  // An invocation is about to take an environment of that pool.
  void NoteUse(const Pool& pool);
  // The most of it that was in use at once since this was asked last, as a share of what was asked for.
  double TakeUtilization(const catalog::SettingOwner& owner);
  // Of all qualifiers of a version together.
  struct Use {
    int busy = 0;
    int available = 0;
  };
  Use UseOf(const catalog::Function& function) const;

 private:
  struct Entry;
  using PoolPointer = std::shared_ptr<Pool>;
  catalog::FunctionPointer VersionOf(const catalog::SettingOwner& owner) const;
  void Reconcile(const std::string& owner_key);
  void ReconcileFunction(const catalog::FunctionName& function);
  void Follow(Entry& entry, const catalog::Function& version);
  void Fill(Entry& entry);
  void Settle(Entry& entry);
  void Drop(const std::string& owner_key);
  void Retire(PoolPointer pool);
  void Suspend(Entry& entry, const Error& error);
  Entry* FindEntry(const std::string& owner_key, const PoolPointer& pool);
  Task<> MakeSpec(std::string owner_key, PoolPointer pool, catalog::FunctionPointer version);
  Task<> MakeOne(std::string owner_key, PoolPointer pool);
  Task<> Renew(std::string owner_key, PoolPointer pool);
  void RenewOld();

  Strand strand_;
  Loop* loop_;
  catalog::Tables* tables_;
  catalog::FunctionCatalog* catalog_;
  runtime::EnvironmentManager* environments_;
  ProvisionerOptions options_;
  bool open_ = false;
  std::map<std::string, Entry> entries_;                                 // by SettingOwner::Key()
  std::unordered_map<std::string, std::vector<PoolPointer>> by_version_; // by Function::environment_key
  std::unordered_map<std::string, std::string> owners_;                  // by pool key: the entry
  Loop::TimerId renew_timer_ = 0;
  std::unique_ptr<TaskScope> tasks_;
};

}  // namespace mayfly::invoke
