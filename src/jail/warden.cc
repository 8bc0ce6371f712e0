#include "jail/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "jail/alarm_setter.h"
#include "jail/kernel_files.h"
#include "sandbox/jail_protocol.h"
#include "sandbox/packet.h"

namespace mayfly::jail {
namespace {

using std::chrono::microseconds;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr uint64_t kFastestBytesPerMicrosecond = 4096;  // what a function can touch: 4 GB/s
constexpr microseconds kShortestPause{2'000};
constexpr microseconds kLongestPause{100'000};
constexpr uint64_t kPageBytes = 4096;

// One cage.
class Ward {
 public:
  Ward(const WardenJob& job, sandbox::PacketDescriptors& descriptors)
      : memory_bytes_(job.memory_bytes),
        sum_bytes_(job.memory_bytes + job.tmp_bytes),
        tmp_(std::move(descriptors.fds[0])),
        usage_(std::move(descriptors.fds[1])),
        limit_(std::move(descriptors.fds[2])),
        event_control_(std::move(descriptors.fds[3])) {}

  bool can_have_alarm() const { return static_cast<bool>(event_control_); }
  // 0 or errno. The answer goes to AlarmIsSet; until then, or without one, it is looked at in intervals.
  int AskForAlarm(uint32_t cage, int setter) {
    alarm_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!alarm_) return errno;
    const int descriptors[kAlarmDescriptors] = {alarm_.get(), usage_.get(), event_control_.get()};
    return sandbox::SendPacket(setter, AlarmJob{cage, 0, memory_bytes_}, descriptors, MSG_DONTWAIT);
  }
  void AlarmIsSet() { has_alarm_ = true; }
  // Signalled when usage passes the function's memory.
  int alarm() const { return alarm_.get(); }
  void ClearAlarm() const {
    uint64_t count;
    (void)!read(alarm_.get(), &count, sizeof count);
  }

  TimePoint due{};  // the next look; the warden's

  // Looks, acts, and says when to look again; zero: when the alarm rings.
  microseconds Look() {
    const uint64_t usage = Usage();
    const uint64_t tmp = TmpBytes();
    const uint64_t own = usage > tmp ? usage - tmp : 0;
    if (own > memory_bytes_) {
      Squeeze(usage, tmp);
      return kShortestPause;
    }
    if (squeezed_) {
      WriteTo(limit_.get(), std::to_string(sum_bytes_));
      squeezed_ = false;
    }
    if (has_alarm_ && usage < memory_bytes_) return microseconds::zero();
    const auto pause = std::clamp(microseconds((memory_bytes_ - own) / kFastestBytesPerMicrosecond), kShortestPause, kLongestPause);
    // A cage that stands still (most are idle or frozen) is looked at ever more rarely.
    still_ = usage == last_usage_ ? std::min(still_ * 2, kLongestPause) : pause;
    last_usage_ = usage;
    return std::max(pause, still_);
  }

 private:
  uint64_t Usage() const {
    char text[32] = {};
    return pread(usage_.get(), text, sizeof text - 1, 0) > 0 ? strtoull(text, nullptr, 10) : 0;
  }

  uint64_t TmpBytes() const {
    struct statfs status{};
    if (fstatfs(tmp_.get(), &status) != 0) return 0;
    return static_cast<uint64_t>(status.f_blocks - status.f_bfree) * static_cast<uint64_t>(status.f_bsize);
  }

  // v2 kills when there is nothing to reclaim. v1 refuses a limit below what is in use: then growth ends here and now.
  void Squeeze(uint64_t usage, uint64_t tmp) {
    squeezed_ = true;
    if (WriteTo(limit_.get(), std::to_string(memory_bytes_ + tmp)) != EBUSY) return;
    for (uint64_t pages = 0; pages < 1024; pages = pages * 2 + 1) {
      const uint64_t limit = std::min(std::max(usage, Usage()) + pages * kPageBytes, sum_bytes_);
      if (WriteTo(limit_.get(), std::to_string(limit)) != EBUSY) return;
    }
  }

  uint64_t memory_bytes_;
  uint64_t sum_bytes_;
  UniqueFd tmp_;
  UniqueFd usage_;
  UniqueFd limit_;
  UniqueFd event_control_;
  UniqueFd alarm_;
  bool has_alarm_ = false;
  bool squeezed_ = false;
  uint64_t last_usage_ = 0;
  microseconds still_ = kShortestPause;
};

class Warden {
 public:
  explicit Warden(int socket) : socket_(socket), epoll_(epoll_create1(EPOLL_CLOEXEC)) { Watch(socket, kFromJail); }

  void Serve() {
    for (;;) {
      epoll_event events[64];
      const int count = epoll_wait(epoll_.get(), events, 64, PauseMilliseconds());
      for (int i = 0; i < count; ++i) {
        const uint64_t source = events[i].data.u64;
        if (source == kFromJail && !TakeJob()) return;
        if (source == kFromSetter) TakeAlarm();
        if (source < kFromJail) Ring(static_cast<uint32_t>(source));
      }
      LookWhereDue();
    }
  }

 private:
  // What an event's number means that is not a cage's.
  static constexpr uint64_t kFromJail = 1ull << 32;
  static constexpr uint64_t kFromSetter = kFromJail + 1;

  void Watch(int fd, uint64_t source) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = source;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  }

  bool TakeJob() {
    WardenJob job{};
    sandbox::PacketDescriptors descriptors;
    if (sandbox::ReceivePacket(socket_, job, descriptors) != 0) return false;
    Forget(job.cage);
    if (job.memory_bytes == 0 || descriptors.count < kWardenDescriptorsMax - 1) return true;
    const auto ward = wards_.emplace(job.cage, std::make_unique<Ward>(job, descriptors)).first;
    Look(job.cage, *ward->second);
    if (ward->second->can_have_alarm()) {
      if (!setter_) StartAlarmSetter();
      without_alarm_.push_back(job.cage);
      AskForNextAlarm();
    }
    return true;
  }

  void StartAlarmSetter() {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return;
    setter_.Reset(pair[0]);
    const UniqueFd theirs(pair[1]);
    if (fork() == 0) {
      constexpr int kSocket = 3;
      if (theirs.get() != kSocket && dup2(theirs.get(), kSocket) < 0) _exit(1);
      close_range(kSocket + 1, ~0u, 0);  // nothing of the jail or of a cage
      RunAlarmSetter(kSocket);
    }
    Watch(setter_.get(), kFromSetter);  // ends at once if there was no fork
  }

  // One at a time: the setter is slow, and cages that end before their turn need none.
  void AskForNextAlarm() {
    while (asked_ == 0 && !without_alarm_.empty()) {
      const uint32_t cage = without_alarm_.front();
      without_alarm_.pop_front();
      const auto ward = wards_.find(cage);
      if (ward != wards_.end() && ward->second->AskForAlarm(cage, setter_.get()) == 0) asked_ = cage;
    }
  }

  void TakeAlarm() {
    AlarmDone done{};
    sandbox::PacketDescriptors none;
    if (sandbox::ReceivePacket(setter_.get(), done, none, MSG_DONTWAIT) == EPIPE) {
      setter_.Reset();  // the next cage starts another; until then all are looked at in intervals
      asked_ = 0;
      return;
    }
    asked_ = 0;
    const auto ward = wards_.find(done.cage);
    if (ward != wards_.end() && done.error == 0) {
      ward->second->AlarmIsSet();
      Watch(ward->second->alarm(), done.cage);
      Look(done.cage, *ward->second);  // it may have passed its memory meanwhile
    }
    AskForNextAlarm();
  }

  void Forget(uint32_t cage) {
    const auto ward = wards_.find(cage);
    if (ward == wards_.end()) return;
    due_.erase({ward->second->due, cage});
    wards_.erase(ward);
  }

  void Ring(uint32_t cage) {
    const auto ward = wards_.find(cage);
    if (ward == wards_.end()) return;
    ward->second->ClearAlarm();
    Look(cage, *ward->second);
  }

  void Look(uint32_t cage, Ward& ward) {
    due_.erase({ward.due, cage});
    const microseconds pause = ward.Look();
    if (pause == microseconds::zero()) return;
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

  int PauseMilliseconds() const {
    if (due_.empty()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_.begin()->first - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<int64_t>(left.count(), 0));
  }

  int socket_;
  UniqueFd setter_;
  UniqueFd epoll_;
  uint32_t asked_ = 0;                  // the cage whose alarm is being set; 0: none
  std::deque<uint32_t> without_alarm_;  // cages whose turn comes; some may have ended
  std::map<uint32_t, std::unique_ptr<Ward>> wards_;
  std::set<std::pair<TimePoint, uint32_t>> due_;  // at most one per cage
};

}  // namespace

void RunWarden(int socket) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  prctl(PR_SET_NAME, "mayfly-warden", 0, 0, 0);
  close(sandbox::kJailControlDescriptor);
  Warden(socket).Serve();
  _exit(0);
}

}  // namespace mayfly::jail
