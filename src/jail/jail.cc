#include "jail/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail/event_sources.h"
#include "sandbox/router_protocol.h"

namespace mayfly::jail {
namespace {

constexpr int kControl = sandbox::kJailControlDescriptor;
constexpr int kEventsPerTurn = 64;
constexpr int kSocketBufferBytes = 1 << 20;

// Interrupts are the daemon's to handle: the jail lives until the daemon has gone, whatever a terminal or a service
// manager sends to the whole group.
sigset_t HandledSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&signals, number);
  return signals;
}

}  // namespace

Jail::Jail(const Options& options, House& house, CgroupTree& cgroups, std::vector<sock_filter> filter)
    : options_(options), house_(house), machine_(house.proc.get()), cgroups_(cgroups), filter_(std::move(filter)) {
  filter_program_ = {static_cast<unsigned short>(filter_.size()), filter_.data()};
  for (uint32_t slot = options.cages_max; slot > 0; --slot) free_slots_.push_back(slot - 1);
}

std::string Jail::Start() {
  const sigset_t signals = HandledSignals();
  sigprocmask(SIG_SETMASK, &signals, nullptr);
  epoll_.Reset(epoll_create1(EPOLL_CLOEXEC));
  signals_.Reset(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!epoll_ || !signals_) return strerror(errno);
  if (std::string failure = StartJanitor(); !failure.empty()) return failure;
  if (std::string failure = StartWarden(); !failure.empty()) return failure;
  boot_places_.Reserve();
  if (fcntl(kControl, F_SETFD, FD_CLOEXEC) != 0) return "descriptor 3 is no socket to the daemon";
  if (options_.has_network && fcntl(sandbox::kRouterNamespaceDescriptor, F_SETFD, FD_CLOEXEC) != 0) return "descriptor 4 is no network namespace";
  setsockopt(kControl, SOL_SOCKET, SO_SNDBUF, &kSocketBufferBytes, sizeof kSocketBufferBytes);
  Watch(kControl, kFromDaemon, 0);
  Watch(signals_.get(), kFromSignals, 0);
  Report hello{};
  hello.kind = sandbox::JailReportKind::Hello;
  if (cgroups_.limits_are_v2()) hello.features |= sandbox::kCgroupV2Limits;
  if (cgroups_.has_core()) hello.features |= sandbox::kCgroup2Core;
  Send(hello);
  return "";
}

void Jail::Run() {
  while (!daemon_gone_) {
    epoll_event events[kEventsPerTurn];
    const int count = epoll_wait(epoll_.get(), events, kEventsPerTurn, -1);
    for (int i = 0; i < count && !daemon_gone_; ++i) {
      const auto id = static_cast<uint32_t>(events[i].data.u64);
      switch (events[i].data.u64 >> 32) {
        case kFromDaemon: OnDaemon(); break;
        case kFromSignals: OnSignals(); break;
        case kFromJanitor: OnJanitor(); break;
        case kFromInit: OnInit(id); break;
        case kFromZygote: OnZygote(id); break;
      }
    }
  }
  Shutdown();
}

void Jail::Shutdown() {
  cgroups_.KillAll();
  for (auto& [id, cage] : cages_) Kill(*cage);
  for (const auto& [id, zygote] : zygotes_) kill(zygote.pid, SIGKILL);
  for (const Helper* helper : {&janitor_, &warden_}) {
    if (helper->pid > 0) kill(helper->pid, SIGKILL);  // not left to clean up: that is done here
  }
  constexpr int kWaitMilliseconds = 5000;
  for (int waited = 0; waited < kWaitMilliseconds; ++waited) {
    pid_t pid;
    while ((pid = waitpid(-1, nullptr, WNOHANG | __WALL)) > 0) {
    }
    if (pid < 0) break;  // no child is left
    usleep(1000);
  }
  if (cgroups_.RemoveTree() != 0) fprintf(stderr, "mayfly-jail: some cgroups are left; the next start removes them\n");
}

void Jail::Watch(int fd, uint32_t kind, uint32_t id) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = static_cast<uint64_t>(kind) << 32 | id;
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Jail::Send(const Report& report, std::span<const int> descriptors) {
  Report sent = report;
  sent.version = sandbox::kJailProtocolVersion;
  if (sandbox::SendPacket(kControl, sent, descriptors) != 0) daemon_gone_ = true;
}

void Jail::Answer(uint32_t sequence, uint32_t cage, int error) {
  Report report{};
  report.kind = sandbox::JailReportKind::Answer;
  report.sequence = sequence;
  report.cage = cage;
  report.error = error;
  Send(report);
}

void Jail::AnswerWith(uint32_t sequence, uint32_t cage, sandbox::CageDescriptor what, int descriptor) {
  Report report{};
  report.kind = sandbox::JailReportKind::Answer;
  report.sequence = sequence;
  report.cage = cage;
  report.descriptors = what;
  Send(report, std::span(&descriptor, 1));
}

Cage* Jail::Find(uint32_t id) {
  const auto found = cages_.find(id);
  return found == cages_.end() ? nullptr : found->second.get();
}

// Through cgroup2 the kill also reaches frozen processes and those that just fork; without it the death of pid 1 takes all.
void Jail::Kill(Cage& cage) {
  WriteTo(cage.group.kill.get(), "1");
  if (cage.pid > 0) kill(cage.pid, SIGKILL);
}

int Jail::SendToInit(Cage& cage, sandbox::InitCommandKind kind, uint32_t process, std::span<const int> descriptors) {
  return sandbox::SendPacket(cage.socket.get(), sandbox::InitCommand{kind, process}, descriptors, MSG_DONTWAIT);
}

UniqueFd Jail::FilterFile() const {
  UniqueFd file(memfd_create("mayfly-seccomp", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const size_t bytes = filter_.size() * sizeof(sock_filter);
  if (!file || write(file.get(), filter_.data(), bytes) != static_cast<ssize_t>(bytes)) return {};
  fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  return file;
}

}  // namespace mayfly::jail
