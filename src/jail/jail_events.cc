// What happens by itself: reports of pid 1s and zygotes, exits, and the janitor's answers.
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail/cage_process.h"
#include "jail/event_sources.h"
#include "jail/jail.h"
#include "sandbox/router_protocol.h"

namespace mayfly::jail {

using sandbox::InitCommandKind;
using sandbox::InitReport;
using sandbox::InitReportKind;
using sandbox::JailReportKind;

namespace {

constexpr int kReportsPerTurn = 8;  // of one cage: a compromised one cannot keep the loop to itself

// Like fork, with a pidfd; inside the cgroup2 folder from the first moment when there is one. `shared`: CLONE_FILES or 0.
int CloneIntoCage(int cgroup, uint64_t shared, int& pidfd) {
  clone_args arguments{};
  arguments.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_PIDFD | shared;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(cgroup);
  }
  return static_cast<int>(syscall(SYS_clone3, &arguments, sizeof arguments));
}

}  // namespace

void Jail::OnJanitor() {
  JanitorDone done{};
  Descriptors none;
  const int error = janitor_.socket ? sandbox::ReceivePacket(janitor_.socket.get(), done, none, MSG_DONTWAIT) : EPIPE;
  if (error == EPIPE) return janitor_.socket.Reset();  // its exit follows as a signal
  Cage* cage = error == 0 ? Find(done.cage) : nullptr;
  if (cage == nullptr) return;
  if (done.kind == JanitorJobKind::Remove) return Forget(done.cage);
  if (cage->state == CageState::Dying || done.error != 0) {  // destroyed meanwhile, or the folders cannot be made
    Answer(cage->make_sequence, 0, done.error != 0 ? done.error : ECANCELED);
    cage->make_sequence = 0;
    return CageEnded(*cage);
  }
  BootCage(*cage);
}

void Jail::BootCage(Cage& cage) {
  int pair[2] = {-1, -1};
  int error = cgroups_.OpenCage(cage.id, cage.group, cage.ports);
  if (error == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) error = errno;
  cage.socket.Reset(pair[0]);
  UniqueFd theirs(pair[1]);
  if (error == 0) cage.boot_place = boot_places_.Take(theirs);
  const bool placed = cage.boot_place >= 0;
  const uint32_t first_user_id = options_.user_id_base + cage.slot * sandbox::kUserIdsPerCage;
  const Owners::Maps* owners = error == 0 ? owners_.Find(house_, cage.slot, first_user_id) : nullptr;
  int pidfd = -1;
  if (error == 0) error = sites_.Enter(house_, cage.slot, owners);
  if (error == 0) {
    if ((cage.pid = CloneIntoCage(cage.group.core.get(), placed ? CLONE_FILES : 0, pidfd)) < 0) error = errno;
    if (cage.pid != 0) ReturnToHouse(house_);
  }
  if (error == 0 && cage.pid == 0) {
    if (placed && boot_places_.LeaveTheRest() != 0) _exit(1);  // what it closes would be closed in the jail
    // The child must see the end of its socket when the jail dies, and the daemon the end of the jail: neither while a copy is open here.
    if (!placed) cage.socket.Reset();
    close(sandbox::kJailControlDescriptor);
    const CageLink link{options_.has_network ? sandbox::kRouterNamespaceDescriptor : -1, cage.address_index, options_.network_has_ipv6};
    RunCageProcess({cage.id, cage.slot, first_user_id, cage.want_endpoint, link,
                    placed ? cage.boot_place : theirs.get(), &house_, &machine_, &cgroups_, &filter_program_});
  }
  if (error != 0) {
    cage.pid = 0;
    Answer(cage.make_sequence, 0, error);
    cage.make_sequence = 0;
    return CageEnded(cage);
  }
  cage.pidfd.Reset(pidfd);
  cage.state = CageState::Booting;
  cage_of_init_[cage.pid] = cage.id;
  Watch(cage.socket.get(), kFromInit, cage.id);
}

void Jail::OnInit(uint32_t id) {
  for (int i = 0; i < kReportsPerTurn; ++i) {
    Cage* cage = Find(id);
    if (cage == nullptr || !cage->socket) return;
    InitReport report{};
    Descriptors descriptors;
    const int error = sandbox::ReceivePacket(cage->socket.get(), report, descriptors, MSG_DONTWAIT);
    if (error == EAGAIN) return;
    if (error == EPIPE) {  // its exit follows as a signal
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, cage->socket.get(), nullptr);
      return;
    }
    if (error == 0) OnInitReport(*cage, report, descriptors);
  }
}

void Jail::OnInitReport(Cage& cage, const InitReport& report, Descriptors& descriptors) {
  const bool booting = cage.state == CageState::Booting;
  boot_places_.GiveBack(std::exchange(cage.boot_place, -1));  // what speaks has a table of its own
  switch (report.kind) {
    case InitReportKind::WantsMaps:
      if (!booting || cage.listener || descriptors.count != (cage.want_endpoint ? 3 : 1)) return;
      cage.listener = std::move(descriptors.fds[0]);
      cage.endpoint = std::move(descriptors.fds[1]);
      cage.traces = std::move(descriptors.fds[2]);
      return WriteIdMaps(cage);
    case InitReportKind::Failed:
      if (!booting) return;
      fprintf(stderr, "mayfly-jail: cage %u: cannot %s: %s\n", cage.id, CageStepName(report.process), strerror(report.error));
      Answer(cage.make_sequence, 0, report.error > 0 ? report.error : EIO);
      cage.make_sequence = 0;
      return Destroy(cage);
    case InitReportKind::Ready:
      if (booting && cage.listener) ReportMade(cage);
      return;
    case InitReportKind::ExecDone:
      if (cage.exec_sequence == 0 || cage.exec_process != report.process) return;
      if (report.error != 0) return Answer(std::exchange(cage.exec_sequence, 0), cage.id, report.error);
      return AnswerStarted(cage, std::exchange(cage.exec_sequence, 0), NewestChildOf(cage.pid));
    case InitReportKind::Exited:
      return ReportExit(cage.id, report.process, report.signal > 0 ? report.signal & 0x7f : (report.exit_code & 0xff) << 8);
    case InitReportKind::AllKilled:
      if (cage.kill_sequence != 0) Answer(std::exchange(cage.kill_sequence, 0), cage.id, 0);
      return;
  }
}

void Jail::WriteIdMaps(Cage& cage) {
  char map[64];
  const uint32_t first = options_.user_id_base + cage.slot * sandbox::kUserIdsPerCage;
  snprintf(map, sizeof map, "0 %u %u\n", first, sandbox::kUserIdsPerCage);
  const std::string folder = std::to_string(cage.pid);
  int error = WriteAt(house_.proc.get(), folder + "/uid_map", map);
  if (error == 0) error = WriteAt(house_.proc.get(), folder + "/gid_map", map);
  if (error == 0) error = SendToInit(cage, InitCommandKind::Continue, 0);
  if (error == 0) return;
  fprintf(stderr, "mayfly-jail: cage %u: cannot write id maps: %s\n", cage.id, strerror(error));
  Answer(std::exchange(cage.make_sequence, 0), 0, error);
  Destroy(cage);
}

void Jail::ReportMade(Cage& cage) {
  Report report{};
  report.kind = JailReportKind::Answer;
  report.sequence = std::exchange(cage.make_sequence, 0);
  report.cage = cage.id;
  if (options_.has_network) report.address = sandbox::CageAddressOf(cage.address_index);
  int descriptors[sandbox::kReportDescriptorsMax];
  size_t count = 0;
  auto add = [&](const UniqueFd& fd, uint32_t bit) {
    if (!fd) return;
    report.descriptors |= bit;
    descriptors[count++] = fd.get();
  };
  add(cage.listener, sandbox::kListener);
  add(cage.ports.memory_peak, sandbox::kMemoryPeak);
  add(cage.ports.oom_counter, sandbox::kOomCounter);
  add(cage.ports.cpu_quota, sandbox::kCpuQuota);
  add(cage.ports.cpu_usage, sandbox::kCpuUsage);
  add(cage.ports.freeze, sandbox::kFreeze);
  add(cage.endpoint, sandbox::kEndpoint);
  add(cage.traces, sandbox::kTraces);
  add(cage.ports.memory_usage, sandbox::kMemoryUsage);
  add(cage.ports.memory_stat, sandbox::kMemoryStat);
  cage.state = CageState::Ready;
  Send(report, std::span(descriptors, count));
  cage.ports = {};
  cage.listener.Reset();
  cage.endpoint.Reset();
  cage.traces.Reset();
}

// How much memory a process has resident is in a file of the kernel's: one for the daemon, which reports it, one for the warden, which
// holds it to a limit. A process that is not found is not counted: what is charged to its cage still is.
void Jail::AnswerStarted(Cage& cage, uint32_t sequence, int pid) {
  UniqueFd status;
  if (pid > 0) status = OpenAt(house_.proc.get(), std::to_string(pid) + "/status", O_RDONLY);
  if (!status) return Answer(sequence, cage.id, 0);
  AnswerWith(sequence, cage.id, sandbox::kProcessStatus, status.get());
  if (cage.statuses.size() >= kProcessesWatchedMax) cage.statuses.erase(cage.statuses.begin());
  TellWardenOfProcess(cage, status.get());
  cage.statuses.push_back(std::move(status));
}

// As this machine numbers it; 0: none. The kernel lists children in the order of their birth.
int Jail::NewestChildOf(int pid) const {
  const std::string number = std::to_string(pid);
  std::string children = ReadAt(house_.proc.get(), number + "/task/" + number + "/children");
  while (children.ends_with(' ')) children.pop_back();
  const size_t space = children.rfind(' ');
  return atoi(children.c_str() + (space == std::string::npos ? 0 : space + 1));
}

void Jail::OnZygote(uint32_t id) {
  const auto found = zygotes_.find(id);
  if (found == zygotes_.end()) return;
  Zygote& zygote = found->second;
  for (;;) {
    sandbox::ZygoteReport report{};
    Descriptors none;
    const int error = zygote.socket ? sandbox::ReceivePacket(zygote.socket.get(), report, none, MSG_DONTWAIT) : EPIPE;
    if (error == EAGAIN) return;
    if (error == EPIPE) {
      if (zygote.socket) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, zygote.socket.get(), nullptr);
      return;
    }
    if (error != 0) continue;
    if (report.kind == sandbox::ZygoteReportKind::Forked) OnForked(id, report);
    if (report.kind == sandbox::ZygoteReportKind::Ready && !zygote.ready) {
      zygote.ready = true;
      Report event{};
      event.kind = JailReportKind::ZygoteReady;
      event.zygote_index = zygote.index;
      event.zygote_group = zygote.group;
      Send(event);
    }
  }
}

void Jail::OnForked(uint32_t zygote, const sandbox::ZygoteReport& report) {
  const auto found = forks_.find(report.token);
  if (found == forks_.end() || found->second.zygote != zygote) return;
  const PendingFork fork = found->second;
  forks_.erase(found);
  Cage* cage = Find(fork.cage);
  if (report.error != 0 || report.pid <= 1) {
    Answer(fork.sequence, fork.cage, report.error != 0 ? report.error : EIO);
  } else {
    if (cage != nullptr) cage->forked[fork.process] = report.pid;
    process_of_child_[report.pid] = {fork.cage, fork.process};
    if (cgroups_.has_core()) AskJanitor(JanitorJobKind::Attach, fork.cage);
    else cgroups_.AttachProcess(fork.cage, report.pid);
    if (cage != nullptr) AnswerStarted(*cage, fork.sequence, report.pid);
    else Answer(fork.sequence, fork.cage, 0);
    const auto early = early_exits_.find(report.pid);
    if (early != early_exits_.end()) {
      const int status = early->second;
      early_exits_.erase(early);
      OnExit(report.pid, status);
    }
  }
  if (forks_.empty()) early_exits_.clear();
}

void Jail::OnSignals() {
  signalfd_siginfo information[16];
  while (read(signals_.get(), information, sizeof information) > 0) {
  }
  // Forks that are told already come first, so that every child that ended is known by name.
  for (const auto& [id, zygote] : zygotes_) OnZygote(id);
  int status = 0;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) OnExit(pid, status);
}

void Jail::OnExit(int pid, int status) {
  for (Helper* helper : {&janitor_, &warden_}) {
    if (pid == helper->pid) return HelperEnded(*helper);
  }
  if (const auto init = cage_of_init_.find(pid); init != cage_of_init_.end()) {
    Cage* cage = Find(init->second);
    cage_of_init_.erase(init);
    if (cage != nullptr) {
      OnInit(cage->id);  // what it said before it died
      cage->pid = 0;
      CageEnded(*cage);
    }
    return;
  }
  if (const auto child = process_of_child_.find(pid); child != process_of_child_.end()) {
    const auto [id, process] = child->second;
    process_of_child_.erase(child);
    if (Cage* cage = Find(id)) cage->forked.erase(process);
    return ReportExit(id, process, status);
  }
  for (const auto& [id, zygote] : zygotes_) {
    if (zygote.pid == pid) return ZygoteEnded(id);
  }
  if (!forks_.empty()) early_exits_[pid] = status;
}

void Jail::ReportExit(uint32_t cage, uint32_t process, int status) {
  Report report{};
  report.kind = JailReportKind::ProcessExited;
  report.cage = cage;
  report.process = process;
  if (WIFSIGNALED(status)) report.signal = WTERMSIG(status);
  else report.exit_code = WEXITSTATUS(status);
  Send(report);
}

// Its pid 1 is reaped (or never was): nothing runs in it any more.
void Jail::CageEnded(Cage& cage) {
  for (uint32_t* waiting : {&cage.make_sequence, &cage.exec_sequence, &cage.kill_sequence}) {
    if (*waiting != 0) Answer(std::exchange(*waiting, 0), cage.id, ESRCH);
  }
  if (cage.state == CageState::Ready || cage.state == CageState::Assigned) {
    Report report{};
    report.kind = JailReportKind::CageDied;
    report.cage = cage.id;
    Send(report);
  }
  cage.state = CageState::Removing;
  ForgetAtWarden(cage);
  cage.statuses.clear();
  boot_places_.GiveBack(std::exchange(cage.boot_place, -1));
  cage.socket.Reset();
  cage.pidfd.Reset();
  cage.group = {};
  cage.ports = {};
  cage.listener.Reset();
  cage.endpoint.Reset();
  cage.traces.Reset();
  AskJanitor(JanitorJobKind::Remove, cage.id);
}

void Jail::Forget(uint32_t id) {
  free_slots_.push_back(cages_[id]->slot);
  if (options_.has_network) addresses_.GiveBack(cages_[id]->address_index);
  cages_.erase(id);
}

void Jail::ZygoteEnded(uint32_t id) {
  const Zygote zygote = std::move(zygotes_.extract(id).mapped());
  for (auto fork = forks_.begin(); fork != forks_.end();) {
    if (fork->second.zygote != id) {
      ++fork;
      continue;
    }
    Answer(fork->second.sequence, fork->second.cage, ENOENT);
    fork = forks_.erase(fork);
  }
  if (zygote.ending) return;
  Report report{};
  report.kind = JailReportKind::ZygoteDied;
  report.zygote_index = zygote.index;
  report.zygote_group = zygote.group;
  Send(report);
}

}  // namespace mayfly::jail
