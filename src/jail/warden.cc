#include "jail/warden.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "jail/kernel_files.h"
#include "jail/lock_watch.h"
#include "sandbox/packet.h"

namespace mayfly::jail {
namespace {

using std::chrono::microseconds;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr uint64_t kFastestBytesPerMicrosecond = 4096;  // what a function can touch: 4 GB/s
constexpr microseconds kShortestPause{2'000};
constexpr microseconds kLongestPause{100'000};
constexpr microseconds kUntilThawed{0};
constexpr std::chrono::seconds kPauseOfWords{60};  // between two lines of the log
constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kSharedLikelyMost = 96 << 20;  // of others' pages, what a runtime has resident at most

uint64_t ReadNumber(int fd) {
  char text[32] = {};
  return fd >= 0 && pread(fd, text, sizeof text - 1, 0) > 0 ? strtoull(text, nullptr, 10) : 0;
}

// One cage.
class Ward {
 public:
  Ward(const WardenJob& job, sandbox::PacketDescriptors& descriptors)
      : memory_bytes_(job.memory_bytes),
        sum_bytes_(job.memory_bytes + job.tmp_bytes),
        tmp_(std::move(descriptors.fds[0])),
        usage_(std::move(descriptors.fds[1])),
        limit_(std::move(descriptors.fds[2])),
        squeezed_((job.flags & kWardTakenOver) != 0) {
    int next = 3;
    if ((job.flags & kWardSockets) != 0) sockets_ = std::move(descriptors.fds[next++]);
    if ((job.flags & kWardFreezing) != 0) events_ = std::move(descriptors.fds[next]);
  }

  void Add(UniqueFd status) {
    if (statuses_.size() >= kProcessesWatchedMax) statuses_.erase(statuses_.begin());
    statuses_.push_back(std::move(status));
    shared_bytes_ = 0;  // of a new runtime: found when it matters
  }
  // Signalled (EPOLLPRI) when the cage is frozen or thawed; -1: nobody tells.
  int events() const { return events_.get(); }

  TimePoint due{};  // the next look; the warden's

  // Looks, acts, and says when to look again.
  microseconds Look() {
    const uint64_t usage = ReadNumber(usage_.get());
    const uint64_t sockets = ReadNumber(sockets_.get());
    const uint64_t tmp = TmpBytes();
    const uint64_t own = usage + sockets > tmp ? usage + sockets - tmp : 0;
    // Reading how much is resident takes some 20 µs per process: only where it may decide.
    if (own + kSharedLikelyMost > memory_bytes_ || own + shared_bytes_ > memory_bytes_) shared_bytes_ = std::max(shared_bytes_, SharedBytes(own));
    const uint64_t allowed = memory_bytes_ - std::min(shared_bytes_, memory_bytes_ / 4 * 3);
    if (own > allowed) {
      Squeeze(usage, allowed + tmp > sockets ? allowed + tmp - sockets : 0);
      return kShortestPause;
    }
    if (squeezed_) {
      WriteTo(limit_.get(), std::to_string(sum_bytes_));
      squeezed_ = false;
    }
    if (IsFrozen()) return kUntilThawed;
    return std::clamp(microseconds((allowed - own) / kFastestBytesPerMicrosecond), kShortestPause, kLongestPause);
  }

 private:
  // Read each time: that also asks for the next event.
  bool IsFrozen() const {
    char text[128] = {};
    if (!events_ || pread(events_.get(), text, sizeof text - 1, 0) <= 0) return false;
    return strstr(text, "frozen 1") != nullptr;
  }

  // What the processes have resident beyond what is charged to the cage.
  uint64_t SharedBytes(uint64_t own) {
    uint64_t resident = 0;
    std::erase_if(statuses_, [&resident](const UniqueFd& status) {
      char text[2048] = {};
      if (pread(status.get(), text, sizeof text - 1, 0) <= 0) return true;  // has ended
      const char* line = strstr(text, "VmRSS:");
      if (line != nullptr) resident += strtoull(line + strlen("VmRSS:"), nullptr, 10) << 10;
      return false;
    });
    return resident > own ? resident - own : 0;
  }

  uint64_t TmpBytes() const {
    struct statfs status{};
    if (fstatfs(tmp_.get(), &status) != 0) return 0;
    return static_cast<uint64_t>(status.f_blocks - status.f_bfree) * static_cast<uint64_t>(status.f_bsize);
  }

  // v2 kills when there is nothing to reclaim. v1 refuses a limit below what is in use: then growth ends here and now.
  void Squeeze(uint64_t usage, uint64_t wanted) {
    squeezed_ = true;
    if (WriteTo(limit_.get(), std::to_string(wanted)) != EBUSY) return;
    for (uint64_t pages = 0; pages < 1024; pages = pages * 2 + 1) {
      const uint64_t limit = std::min(std::max(usage, ReadNumber(usage_.get())) + pages * kPageBytes, sum_bytes_);
      if (WriteTo(limit_.get(), std::to_string(limit)) != EBUSY) return;
    }
  }

  uint64_t memory_bytes_;
  uint64_t sum_bytes_;
  uint64_t shared_bytes_ = 0;  // the most that was seen of the processes that run
  std::vector<UniqueFd> statuses_;
  UniqueFd tmp_;
  UniqueFd usage_;
  UniqueFd limit_;
  UniqueFd sockets_;
  UniqueFd events_;
  bool squeezed_;
};

class Warden {
 public:
  Warden(int socket, WardenView view) : socket_(socket), locks_(view.proc, std::move(view.tree)), epoll_(epoll_create1(EPOLL_CLOEXEC)) { Watch(socket, EPOLLIN, kFromJail); }

  void Serve() {
    for (;;) {
      epoll_event events[64];
      const int count = epoll_wait(epoll_.get(), events, 64, PauseMilliseconds());
      for (int i = 0; i < count; ++i) {
        const uint64_t source = events[i].data.u64;
        if (source == kFromJail && !TakeJob()) return;
        if (source < kFromJail) LookNow(static_cast<uint32_t>(source));
      }
      LookWhereDue();
      if (!due_.empty()) LookAtLocks();  // who is frozen makes none
    }
  }

 private:
  static constexpr uint64_t kFromJail = 1ull << 32;  // numbers of events below are cages

  void Watch(int fd, uint32_t what, uint64_t source) {
    epoll_event event{};
    event.events = what;
    event.data.u64 = source;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  }

  bool TakeJob() {
    WardenJob job{};
    sandbox::PacketDescriptors descriptors;
    const int error = sandbox::ReceivePacket(socket_, job, descriptors);
    if (error != 0) return error == EBADMSG;
    if ((job.flags & kWardProcess) != 0) {
      const auto known = wards_.find(job.cage);
      if (known != wards_.end() && descriptors.count == 1) known->second->Add(std::move(descriptors.fds[0]));
      return true;
    }
    Forget(job.cage);
    const int wanted = 3 + ((job.flags & kWardSockets) != 0 ? 1 : 0) + ((job.flags & kWardFreezing) != 0 ? 1 : 0);
    if (job.memory_bytes == 0 || descriptors.count != wanted) return true;
    const auto ward = wards_.emplace(job.cage, std::make_unique<Ward>(job, descriptors)).first;
    if (ward->second->events() >= 0) Watch(ward->second->events(), EPOLLPRI | EPOLLET, job.cage);
    Look(job.cage, *ward->second);
    return true;
  }

  void Forget(uint32_t cage) {
    const auto ward = wards_.find(cage);
    if (ward == wards_.end()) return;
    due_.erase({ward->second->due, cage});
    wards_.erase(ward);
  }

  void LookNow(uint32_t cage) {
    const auto ward = wards_.find(cage);
    if (ward != wards_.end()) Look(cage, *ward->second);
  }

  void Look(uint32_t cage, Ward& ward) {
    due_.erase({ward.due, cage});
    const microseconds pause = ward.Look();
    if (pause == kUntilThawed) return;
    ward.due = std::chrono::steady_clock::now() + pause;
    due_.insert({ward.due, cage});
  }

  void LookWhereDue() {
    const TimePoint now = std::chrono::steady_clock::now();
    while (!due_.empty() && due_.begin()->first <= now) {
      const uint32_t cage = due_.begin()->second;
      Look(cage, *wards_.at(cage));
    }
  }

  // What its processes hold goes with them, and the function learns that they were killed.
  void LookAtLocks() {
    const TimePoint now = std::chrono::steady_clock::now();
    for (const LockHolders& holders : locks_.Look(now)) {
      for (const int pid : holders.pids) KillIn(holders.cage, pid);
      if (now - last_word_ < kPauseOfWords) continue;
      last_word_ = now;
      fprintf(stderr, "mayfly-jail: cage %u held %u locks of files or more (%u are allowed): the processes that held them are killed\n", holders.cage,
              holders.locks, kLocksMax);
    }
  }

  void KillIn(uint32_t cage, int pid) const {
    const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (process && locks_.IsIn(cage, pid)) syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
  }

  int PauseMilliseconds() const {
    if (due_.empty()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_.begin()->first - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<int64_t>(left.count(), 0));
  }

  int socket_;
  LockWatch locks_;
  TimePoint last_word_{};
  UniqueFd epoll_;
  std::map<uint32_t, std::unique_ptr<Ward>> wards_;
  std::set<std::pair<TimePoint, uint32_t>> due_;  // at most one per cage
};

}  // namespace

void RunWarden(int socket, WardenView view) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  prctl(PR_SET_NAME, "mayfly-warden", 0, 0, 0);
  Warden(socket, std::move(view)).Serve();
  _exit(0);
}

}  // namespace mayfly::jail
