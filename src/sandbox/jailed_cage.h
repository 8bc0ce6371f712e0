// JailedCage: a real cage, held by mayfly-jail.
#pragma once

#include "sandbox/jail_client.h"

namespace mayfly::sandbox {

// Made by JailedCagePool, which outlives it (Stop() of the pool leaves cages that are in use alone).
class JailedCage final : public Cage {
 public:
  JailedCage(JailedCagePool& pool, const JailReport& report, std::vector<UniqueFd> descriptors, uint32_t features);
  ~JailedCage() override;

  uint32_t id() const override { return id_; }
  uint32_t network_address() const override { return network_address_; }
  UniqueFd TakeListener() override { return std::move(listener_); }
  UniqueFd TakeEndpointListener() override { return std::move(endpoint_); }
  UniqueFd TakeTraceSocket() override { return std::move(traces_); }
  Task<Result<>> Assign(Context& ctx, const CageSpec& spec) override;
  Task<Result<StartedProcess>> Start(Context& ctx, StartMode mode, const ProcessSpec& process) override;
  Task<Result<>> KillAll(Context& ctx) override;
  void Terminate(int pid) override;
  void Kill(int pid) override;
  Task<Result<UniqueFd>> MakeSocket(Context& ctx) override;
  void OnExit(std::function<void(const ProcessExit&)> callback) override { on_exit_ = std::move(callback); }
  MemoryUse PeakMemory() override;
  int64_t PeakChargedBytes() override;
  int64_t OomKills() override;
  Duration CpuTime() override;
  void SetCpuQuota(double cpus) override;
  void Freeze() override;
  void Thaw() override;

  void HandleReport(const JailReport& report);
  void HandleDeath();

 private:
  // A process of Start that runs.
  struct Running {
    uint32_t number;
    UniqueFd status;  // /proc/PID/status
  };
  struct Resident {
    int64_t now_bytes = 0;
    int64_t peak_bytes = 0;
  };
  void Watch(uint32_t number, UniqueFd status);
  Resident ResidentOfProcesses() const;
  int64_t FileBytes() const;
  // false: cages of another account have one of the trees as it is.
  bool TakeTrees(const CageSpec& spec);
  Task<Result<UniqueFd>> StartIn(JailOperation operation, StartMode mode, uint32_t process, std::vector<int> descriptors);

  JailedCagePool* pool_;
  uint32_t id_;
  uint32_t network_address_;
  bool limits_are_v2_;
  bool dead_ = false;
  bool frozen_ = false;
  uint32_t last_process_ = 0;
  int64_t memory_bytes_ = 0;
  UniqueFd listener_;
  UniqueFd endpoint_;
  UniqueFd traces_;
  UniqueFd memory_peak_;
  UniqueFd memory_usage_;
  UniqueFd memory_stat_;
  std::vector<Running> running_;
  std::vector<Sha256Digest> trees_;  // that it has as they are
  int64_t charged_seen_ = -1;   // the peak of charges when use_ was found
  int64_t shared_bytes_ = -1;   // what the processes have resident beyond what is charged; -1: not known yet
  MemoryUse use_;
  UniqueFd oom_counter_;
  UniqueFd cpu_quota_;
  UniqueFd cpu_usage_;
  UniqueFd freeze_;
  std::function<void(const ProcessExit&)> on_exit_;
};

}  // namespace mayfly::sandbox
