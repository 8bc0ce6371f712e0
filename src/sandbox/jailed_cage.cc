#include "sandbox/jailed_cage.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "base/log.h"

namespace mayfly::sandbox {
namespace {

// Kernel files are read and written whole, from their start.
std::string ReadKernelFile(int fd) {
  char buffer[512];
  const ssize_t size = fd < 0 ? -1 : ::pread(fd, buffer, sizeof buffer, 0);
  return size > 0 ? std::string(buffer, static_cast<size_t>(size)) : std::string();
}

void WriteKernelFile(int fd, std::string_view text) {
  if (fd >= 0 && ::pwrite(fd, text.data(), text.size(), 0) < 0 && errno != ENODEV) {
    log::Debug("write a cgroup file: {}", std::strerror(errno));
  }
}

int64_t NumberAfter(std::string_view text, std::string_view name) {
  size_t at = text.find(name);
  if (at == std::string_view::npos) return 0;
  at += name.size();
  while (at < text.size() && text[at] == ' ') ++at;
  int64_t value = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), value);
  return value;
}

void AppendNumber(std::string& out, uint32_t value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); }

// The configuration that pid 1 or a zygote's child reads inside the cage (jail_protocol.h, ProcessConfiguration).
Result<UniqueFd> MakeConfiguration(const ProcessSpec& process) {
  std::string bytes;
  AppendNumber(bytes, static_cast<uint32_t>(process.arguments.size()));
  AppendNumber(bytes, static_cast<uint32_t>(process.environment.size()));
  for (const auto* strings : {&process.arguments, &process.environment}) {
    for (const std::string& text : *strings) bytes.append(text.c_str(), text.size() + 1);
  }
  bytes.append(process.working_directory.c_str(), process.working_directory.size() + 1);
  if (bytes.size() > kConfigBytesMax) return Fail(Error::Fault("the process configuration is larger than a cage takes"));
  UniqueFd memory(::memfd_create("configuration", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) return Fail(Error::FromErrno("make a process configuration", errno));
  if (::write(memory.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    return Fail(Error::FromErrno("write a process configuration", errno));
  }
  ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  return memory;
}

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fail(Error::FromErrno("make a pipe", errno));
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

JailedCage::JailedCage(JailedCagePool& pool, const JailReport& report, std::vector<UniqueFd> descriptors, uint32_t features)
    : pool_(&pool), id_(report.cage), network_address_(report.address), limits_are_v2_(features & kCgroupV2Limits) {
  struct Place {
    CageDescriptor bit;
    UniqueFd* where;
  };
  const Place places[] = {{kListener, &listener_},   {kMemoryPeak, &memory_peak_}, {kOomCounter, &oom_counter_},
                          {kCpuQuota, &cpu_quota_}, {kCpuUsage, &cpu_usage_},     {kFreeze, &freeze_},            {kEndpoint, &endpoint_},
                          {kTraces, &traces_},      {kMemoryUsage, &memory_usage_}, {kMemoryStat, &memory_stat_}};
  size_t next = 0;
  for (const Place& place : places) {
    if ((report.descriptors & place.bit) && next < descriptors.size()) *place.where = std::move(descriptors[next++]);
  }
}

JailedCage::~JailedCage() {
  for (const Sha256Digest& tree : trees_) pool_->trees_.GiveBack(tree);
  pool_->Forget(id_, !dead_);
}

bool JailedCage::TakeTrees(const CageSpec& spec) {
  std::vector<Sha256Digest> wanted = {spec.code};
  if (spec.layers) wanted.push_back(*spec.layers);
  if (spec.root_index != 0) wanted.push_back(Sha256Digest{static_cast<uint8_t>(spec.root_index)});  // no digest looks like that
  bool all = true;
  for (const Sha256Digest& tree : wanted) {
    if (pool_->trees_.Take(tree, spec.account_id)) trees_.push_back(tree);
    else all = false;
  }
  return all;
}

Task<Result<>> JailedCage::Assign(Context& ctx, const CageSpec& spec) {
  MF_ASSERT(spec.memory_bytes > 0 && spec.root_index >= 0);
  JailRequest request{.operation = JailOperation::Assign, .cage = id_};
  request.root_index = static_cast<uint32_t>(spec.root_index);
  request.memory_bytes = static_cast<uint64_t>(spec.memory_bytes);
  memory_bytes_ = spec.memory_bytes;
  request.tmp_bytes = static_cast<uint64_t>(spec.tmp_bytes);
  request.processes_max = static_cast<uint32_t>(spec.processes_max);
  request.processors = static_cast<uint32_t>(spec.processors);
  std::copy(spec.code.begin(), spec.code.end(), request.code);
  if (spec.is_image) request.flags |= kImageRoot;
  if (!TakeTrees(spec)) request.flags |= kOwnTrees;
  if (spec.file_system) {
    request.flags |= kHasFileSystem;
    request.file_system = static_cast<uint32_t>(spec.file_system->index);
    if (spec.file_system->name.size() >= sizeof request.mount_name) co_return Fail(Error::Fault("the name of a mount is too long"));
    std::copy(spec.file_system->name.begin(), spec.file_system->name.end(), request.mount_name);
  }
  if (spec.layers) {
    request.flags |= kHasLayers;
    std::copy(spec.layers->begin(), spec.layers->end(), request.layers);
  }
  auto assigned = co_await pool_->jail_.Call(request);
  if (!assigned) co_return Fail(std::move(assigned).error().Wrap("assign a cage"));
  co_return Result<>();
}

// The process's status file, where there is one.
Task<Result<UniqueFd>> JailedCage::StartIn(JailOperation operation, StartMode mode, uint32_t process, std::vector<int> descriptors) {
  MF_ASSERT(process > 0 && (descriptors.size() == 3 || descriptors.size() == 4));
  MF_ASSERT((operation == JailOperation::Fork) == (mode.zygote_index != 0));
  JailRequest request{.operation = operation, .cage = id_, .process = process, .zygote_index = static_cast<uint32_t>(mode.zygote_index),
                      .zygote_group = mode.zygote_group};
  if (descriptors.size() > 3) request.flags = kWithLogPipe;
  auto started = co_await pool_->jail_.Call(request, std::move(descriptors));
  if (!started) co_return Fail(std::move(started).error());
  if (started->report.descriptors != kProcessStatus || started->descriptors.size() != 1) co_return UniqueFd();
  co_return std::move(started->descriptors[0]);
}

Task<Result<StartedProcess>> JailedCage::Start(Context& ctx, StartMode mode, const ProcessSpec& process) {
  Thaw();
  MF_CO_TRY(UniqueFd configuration, MakeConfiguration(process));
  MF_CO_TRY(Pipe output, MakePipe());
  MF_CO_TRY(Pipe errors, MakePipe());
  Pipe logs;
  std::vector<int> descriptors = {configuration.get(), output.write_end.get(), errors.write_end.get()};
  const uint32_t number = ++last_process_;
  bool started = false;
  if (mode.zygote_index != 0 && pool_->UseZygote(mode)) {
    auto forked = co_await StartIn(JailOperation::Fork, mode, number, descriptors);
    started = forked.has_value();
    if (started) Watch(number, std::move(*forked));
    if (!started) log::Debug("cage {}: zygote {}: {}", id_, mode.zygote_index, forked.error().ToString());
  }
  if (!started) {
    if (process.wants_log_pipe) {
      MF_CO_TRY(logs, MakePipe());
      descriptors.push_back(logs.write_end.get());
    }
    auto executed = co_await StartIn(JailOperation::Exec, {}, number, std::move(descriptors));
    if (!executed) {
      Error error = std::move(executed).error();
      error.message = fmt::format("{}: {}", process.arguments.empty() ? "" : process.arguments[0], error.message);
      co_return Fail(std::move(error));
    }
    Watch(number, std::move(*executed));
  }
  co_return StartedProcess{static_cast<int>(number), std::move(output.read_end), std::move(errors.read_end), std::move(logs.read_end)};
}

Task<Result<>> JailedCage::KillAll(Context& ctx) {
  Thaw();
  auto killed = co_await pool_->jail_.Call({.operation = JailOperation::KillAll, .cage = id_});
  if (!killed) co_return Fail(std::move(killed).error().Wrap("kill what runs in a cage"));
  co_return Result<>();
}

void JailedCage::Terminate(int pid) {
  MF_ASSERT(pid > 0);  // not the last one: one that has ended, or never was, is nothing to the jail
  pool_->jail_.Tell({.operation = JailOperation::Terminate, .cage = id_, .process = static_cast<uint32_t>(pid)});
}

void JailedCage::Kill(int pid) {
  MF_ASSERT(pid > 0);  // not the last one: one that has ended, or never was, is nothing to the jail
  pool_->jail_.Tell({.operation = JailOperation::Terminate, .cage = id_, .process = static_cast<uint32_t>(pid), .flags = kWithKill});
}

Task<Result<UniqueFd>> JailedCage::MakeSocket(Context& ctx) {
  auto made = co_await pool_->jail_.Call({.operation = JailOperation::MakeSocket, .cage = id_});
  if (!made) co_return Fail(std::move(made).error().Wrap("make a socket in a cage"));
  if (made->report.descriptors != kSocket || made->descriptors.size() != 1) co_return Fail(Error::Fault("the jail sent no socket"));
  co_return std::move(made->descriptors[0]);
}

void JailedCage::Watch(uint32_t number, UniqueFd status) {
  if (status) running_.push_back({number, std::move(status)});
  shared_bytes_ = charged_seen_ = -1;
}

JailedCage::Resident JailedCage::ResidentOfProcesses() const {
  Resident resident;
  for (const Running& process : running_) {
    char text[2048];
    const ssize_t size = ::pread(process.status.get(), text, sizeof text, 0);
    const std::string_view status(text, size > 0 ? static_cast<size_t>(size) : 0);
    resident.peak_bytes += NumberAfter(status, "VmHWM:\t") << 10;
    resident.now_bytes += NumberAfter(status, "VmRSS:\t") << 10;
  }
  return resident;
}

// What lies in files, read or written: the cache of those that the cage was the first to read, and /tmp.
int64_t JailedCage::FileBytes() const { return NumberAfter("\n" + ReadKernelFile(memory_stat_.get()), limits_are_v2_ ? "\nfile " : "\ncache "); }

int64_t JailedCage::PeakChargedBytes() { return NumberAfter(ReadKernelFile(memory_peak_.get()), ""); }

// The kernel tells the most that was charged (with /tmp, and with files that were read), and the most that each process had
// resident. A peak of charges that has not moved means that nothing has: then that is all that is read.
MemoryUse JailedCage::PeakMemory() {
  constexpr int64_t kNoise = 64 << 10;
  constexpr int64_t kWorthLooking = 4 << 20;  // the kernel sums up the figures of all cgroups when those of one are asked for: milliseconds
  const int64_t charged = PeakChargedBytes();
  if (charged_seen_ >= 0 && charged - charged_seen_ <= kNoise) return use_;
  charged_seen_ = charged;
  const Resident resident = ResidentOfProcesses();
  if (shared_bytes_ < 0) {
    int64_t now = NumberAfter(ReadKernelFile(memory_usage_.get()), "");
    if (now > kWorthLooking && now > resident.now_bytes / 2) now = std::max<int64_t>(now - FileBytes(), 0);
    shared_bytes_ = std::max<int64_t>(resident.now_bytes - now, 0);
  }
  // Children, and what has ended since, are in the charges alone.
  int64_t own = charged;
  use_.resident_bytes = std::max(use_.resident_bytes, resident.peak_bytes);
  if (own + shared_bytes_ > use_.resident_bytes + kWorthLooking) own = std::max<int64_t>(own - FileBytes(), 0);
  use_.resident_bytes = std::min(std::max(use_.resident_bytes, own + shared_bytes_), memory_bytes_);
  use_.private_bytes = std::min(std::max(use_.private_bytes, own), use_.resident_bytes);
  return use_;
}

int64_t JailedCage::OomKills() { return NumberAfter(ReadKernelFile(oom_counter_.get()), "oom_kill "); }

Duration JailedCage::CpuTime() {
  const std::string text = ReadKernelFile(cpu_usage_.get());
  return limits_are_v2_ ? Duration(std::chrono::microseconds(NumberAfter(text, "usage_usec"))) : Duration(std::chrono::nanoseconds(NumberAfter(text, "")));
}

void JailedCage::SetCpuQuota(double cpus) {
  MF_ASSERT(cpus >= 0);
  constexpr int64_t kPeriodMicros = 100'000;
  // The kernel takes no quota below one millisecond.
  const int64_t quota = std::max<int64_t>(static_cast<int64_t>(cpus * kPeriodMicros), 1000);
  std::string text;
  if (limits_are_v2_) {
    text = cpus <= 0 ? fmt::format("max {}", kPeriodMicros) : fmt::format("{} {}", quota, kPeriodMicros);
  } else {
    text = cpus <= 0 ? "-1" : std::to_string(quota);
  }
  WriteKernelFile(cpu_quota_.get(), text);
}

void JailedCage::Freeze() {
  if (!std::exchange(frozen_, true)) WriteKernelFile(freeze_.get(), "1");
}

void JailedCage::Thaw() {
  if (std::exchange(frozen_, false)) WriteKernelFile(freeze_.get(), "0");
}

void JailedCage::HandleReport(const JailReport& report) {
  if (report.kind == JailReportKind::CageDied) return HandleDeath();
  std::erase_if(running_, [&report](const Running& process) { return process.number == report.process; });
  if (report.kind != JailReportKind::ProcessExited || !on_exit_) return;
  on_exit_({.pid = static_cast<int>(report.process), .exit_code = report.exit_code, .signal = report.signal});
}

void JailedCage::HandleDeath() {
  dead_ = true;
  if (on_exit_) on_exit_({.signal = 9, .cage_died = true});
}

}  // namespace mayfly::sandbox
