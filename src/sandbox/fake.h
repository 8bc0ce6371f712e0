// FakeCage: a cage without a kernel, for simulation. Tests say what its processes do.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/event.h"
#include "base/task_scope.h"
#include "sandbox/sandbox.h"

namespace mayfly::sandbox {

// What tests see of all fake cages: counts that must be right at the end.
struct FakeWorld {
  int live_cages = 0;
  int live_processes = 0;
  int cages_max = 1'000'000;
  int started_processes = 0;
  int next_pid = 100;
  int64_t charged_bytes = 10 << 20;  // to each cage, with its /tmp
  Duration start_delay = std::chrono::milliseconds(1);
  Duration kill_delay = std::chrono::milliseconds(1);
};

class FakeCage;

// One process of a fake cage. `program` runs as its body; when it returns, the process exits with what it returned.
using FakeProgram = std::function<Task<ProcessExit>(FakeCage&, Context&, const ProcessSpec&)>;

class FakeCage final : public Cage {
 public:
  FakeCage(Loop& loop, FakeWorld& world, FakeProgram program, uint32_t id)
      : loop_(&loop), world_(&world), program_(std::move(program)), id_(id) {
    ++world.live_cages;
  }
  ~FakeCage() override {
    EndProcesses();
    --world_->live_cages;
  }

  uint32_t id() const override { return id_; }
  UniqueFd TakeListener() override { return UniqueFd(); }
  UniqueFd TakeEndpointListener() override { return UniqueFd(); }
  UniqueFd TakeTraceSocket() override { return UniqueFd(); }
  Task<Result<>> Assign(Context& ctx, const CageSpec&) override {
    if (fail_assign) co_return Fail(Error::Fault("assign failed by the test"));
    ++assigned;
    co_return Result<>();
  }
  Task<Result<StartedProcess>> Start(Context& ctx, StartMode, const ProcessSpec& process) override {
    last_process = process;
    if (start_error_of) start_error = start_error_of(process);
    if (!start_error.empty()) {
      Error error = Error::Fault("exec failed by the test");
      error.code = start_error;
      co_return Fail(std::move(error));
    }
    MF_CO_TRY_VOID(co_await Sleep(ctx, world_->start_delay));
    const int pid = world_->next_pid++;
    ++world_->live_processes;
    ++world_->started_processes;
    auto scope = std::make_unique<TaskScope>(*loop_);
    TaskScope* raw = scope.get();
    processes_[pid] = std::move(scope);
    raw->Spawn(RunProgram(pid, process));
    co_return StartedProcess{.pid = pid};
  }
  Task<Result<>> KillAll(Context& ctx) override {
    MF_CO_TRY_VOID(co_await Sleep(ctx, world_->kill_delay));
    EndProcesses();
    co_return Result<>();
  }
  // What SIGTERM does is up to the test; without a word from it, the process ends.
  void Terminate(int pid) override {
    if (!on_terminate || on_terminate(pid)) EndLater(pid, 15);
  }
  void Kill(int pid) override { EndLater(pid, 9); }
  Task<Result<UniqueFd>> MakeSocket(Context& ctx) override { co_return Fail(Error::Fault("a fake cage has no network")); }
  void OnExit(std::function<void(const ProcessExit&)> callback) override { on_exit_ = std::move(callback); }
  MemoryUse PeakMemory() override { return {.resident_bytes = 30 << 20, .private_bytes = 10 << 20}; }
  int64_t PeakChargedBytes() override { return world_->charged_bytes; }
  int64_t OomKills() override { return oom_kills; }
  Duration CpuTime() override { return {}; }
  void SetCpuQuota(double cpus) override { cpu_quota = cpus; }
  void Freeze() override {}
  void Thaw() override {}

  // Ends all processes at once. Not from inside a program.
  void StopNow() {
    world_->live_processes -= static_cast<int>(processes_.size());
    processes_.clear();
  }
  // The whole cage dies, as when its pid 1 is killed.
  void Die() {
    EndProcesses();
    if (on_exit_) on_exit_({.signal = 9, .cage_died = true});
  }
  size_t processes() const { return processes_.size(); }

  int assigned = 0;
  bool fail_assign = false;
  std::string start_error;
  std::function<std::string(const ProcessSpec&)> start_error_of;
  std::function<bool(int pid)> on_terminate;
  int64_t oom_kills = 0;
  double cpu_quota = 0;
  ProcessSpec last_process;

 private:
  Task<> RunProgram(int pid, ProcessSpec process) {
    Context ctx(*loop_);
    ProcessExit exit = co_await program_(*this, ctx, process);
    exit.pid = pid;
    if (Forget(pid) && on_exit_) on_exit_(exit);
  }
  void EndLater(int pid, int signal) {
    loop_->Post([this, pid, signal, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired() && Forget(pid) && on_exit_) on_exit_({.pid = pid, .signal = signal});
    });
  }
  // The program may be what is running now: its frame goes after it has returned to the loop. false: it has ended before.
  bool Forget(int pid) {
    const auto found = processes_.find(pid);
    if (found == processes_.end()) return false;
    loop_->Post([scope = std::shared_ptr<TaskScope>(std::move(found->second))]() mutable { scope.reset(); });
    processes_.erase(found);
    --world_->live_processes;
    return true;
  }
  void EndProcesses() {
    while (!processes_.empty()) Forget(processes_.begin()->first);
  }

  Loop* loop_;
  FakeWorld* world_;
  FakeProgram program_;
  uint32_t id_;
  std::function<void(const ProcessExit&)> on_exit_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::map<int, std::unique_ptr<TaskScope>> processes_;
};

}  // namespace mayfly::sandbox
