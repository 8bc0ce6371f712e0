// FakeCage: a cage without a kernel, for simulation. Tests say what its processes do.
#pragma once

#include <functional>
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
  Duration start_delay = std::chrono::milliseconds(1);
  Duration kill_delay = std::chrono::milliseconds(1);
};

class FakeCage;

// One process of a fake cage. `program` runs as its body; when it returns, the process exits with what it returned.
using FakeProgram = std::function<Task<ProcessExit>(FakeCage&, Context&)>;

class FakeCage final : public Cage {
 public:
  FakeCage(Loop& loop, FakeWorld& world, FakeProgram program, uint32_t id)
      : loop_(&loop), world_(&world), program_(std::move(program)), id_(id), process_(std::make_unique<TaskScope>(loop)) {
    ++world.live_cages;
  }
  ~FakeCage() override {
    EndProcess();
    --world_->live_cages;
  }

  uint32_t id() const override { return id_; }
  UniqueFd TakeListener() override { return UniqueFd(); }
  UniqueFd TakeEndpointListener() override { return UniqueFd(); }
  Task<Result<>> Assign(Context& ctx, const CageSpec&) override {
    if (fail_assign) co_return Fail(Error::Fault("assign failed by the test"));
    ++assigned;
    co_return Result<>();
  }
  Task<Result<StartedProcess>> Start(Context& ctx, StartMode, const ProcessSpec& process) override {
    MF_ASSERT(pid_ == 0);  // one runtime at a time
    last_process = process;
    if (!start_error.empty()) {
      Error error = Error::Fault("exec failed by the test");
      error.code = start_error;
      co_return Fail(std::move(error));
    }
    MF_CO_TRY_VOID(co_await Sleep(ctx, world_->start_delay));
    pid_ = world_->next_pid++;
    ++world_->live_processes;
    ++world_->started_processes;
    process_->Spawn(RunProgram(pid_));
    co_return StartedProcess{.pid = pid_};
  }
  Task<Result<>> KillAll(Context& ctx) override {
    MF_CO_TRY_VOID(co_await Sleep(ctx, world_->kill_delay));
    EndProcess();
    process_ = std::make_unique<TaskScope>(*loop_);
    co_return Result<>();
  }
  void Terminate(int) override {}
  void OnExit(std::function<void(const ProcessExit&)> callback) override { on_exit_ = std::move(callback); }
  int64_t PeakMemoryBytes() override { return 10 << 20; }
  int64_t OomKills() override { return oom_kills; }
  void SetCpuQuota(double cpus) override { cpu_quota = cpus; }
  void Freeze() override {}
  void Thaw() override {}

  // Ends the process at once. Not from inside its program.
  void StopNow() {
    if (pid_ != 0) --world_->live_processes;
    pid_ = 0;
    process_.reset();
  }
  // The whole cage dies, as when its pid 1 is killed.
  void Die() {
    EndProcess();
    if (on_exit_) on_exit_({.signal = 9, .cage_died = true});
  }

  int assigned = 0;
  bool fail_assign = false;
  std::string start_error;
  int64_t oom_kills = 0;
  double cpu_quota = 0;
  ProcessSpec last_process;

 private:
  Task<> RunProgram(int pid) {
    Context ctx(*loop_);
    ProcessExit exit = co_await program_(*this, ctx);
    exit.pid = pid;
    if (pid_ != pid) co_return;
    pid_ = 0;
    --world_->live_processes;
    if (on_exit_) on_exit_(exit);
  }
  void EndProcess() {
    if (pid_ != 0) --world_->live_processes;
    pid_ = 0;
    if (process_) {
      // The program may be what is running now: its frame goes after it has returned to the loop.
      loop_->Post([process = std::shared_ptr<TaskScope>(std::move(process_))]() mutable { process.reset(); });
    }
  }

  Loop* loop_;
  FakeWorld* world_;
  FakeProgram program_;
  uint32_t id_;
  int pid_ = 0;
  std::function<void(const ProcessExit&)> on_exit_;
  std::unique_ptr<TaskScope> process_;
};

}  // namespace mayfly::sandbox
