// The jail's helper processes: they are started, told, and started again when they have died.
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "jail/event_sources.h"
#include "jail/jail.h"

namespace mayfly::jail {
namespace {

// More deaths within a minute than this are no accident: cages without limits are worse than none.
constexpr int kDeathsMax = 10;
constexpr std::chrono::seconds kDeathsWithin{60};

// Also those that the process got by a fork in the middle of the jail's work: what it holds of a cage would outlive the cage.
void CloseAllBut(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned next = 3;
  for (const int fd : kept) {
    const auto number = static_cast<unsigned>(fd);
    if (number > next) close_range(next, number - 1, 0);
    next = std::max(next, number + 1);
  }
  close_range(next, ~0u, 0);
}

}  // namespace

// 0 in the helper, which has `kept` and `theirs` open and nothing else. -1 and errno.
pid_t Jail::ForkHelper(Helper& helper, std::vector<int> kept, UniqueFd& theirs) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return -1;
  helper.socket.Reset(pair[0]);
  theirs.Reset(pair[1]);
  helper.pid = fork();
  if (helper.pid == 0) {
    kept.push_back(theirs.get());
    CloseAllBut(std::move(kept));
  }
  return helper.pid;
}

std::string Jail::StartJanitor() {
  UniqueFd theirs;
  const pid_t pid = ForkHelper(janitor_, cgroups_.descriptors(), theirs);
  if (pid == 0) RunJanitor(cgroups_, theirs.get());
  if (pid < 0) return strerror(errno);
  Watch(janitor_.socket.get(), kFromJanitor, 0);
  return "";
}

std::string Jail::StartWarden() {
  UniqueFd theirs;
  const pid_t pid = ForkHelper(warden_, {house_.proc.get()}, theirs);
  if (pid == 0) RunWarden(theirs.get(), {house_.proc.get(), cgroups_.name()});
  return pid < 0 ? strerror(errno) : "";
}

void Jail::HelperEnded(Helper& helper) {
  const bool janitor = &helper == &janitor_;
  const auto now = std::chrono::steady_clock::now();
  if (helper.deaths == 0 || now - helper.first_death > kDeathsWithin) {
    helper.deaths = 0;
    helper.first_death = now;
  }
  helper.pid = 0;
  helper.socket.Reset();
  fprintf(stderr, "mayfly-jail: its helper %s has died and is started again\n", janitor ? "for cgroups" : "for memory");
  const std::string failure = ++helper.deaths > kDeathsMax ? "dies again and again" : janitor ? StartJanitor() : StartWarden();
  if (!failure.empty()) {
    fprintf(stderr, "mayfly-jail: the helper cannot be started: %s\n", failure.c_str());
    daemon_gone_ = true;  // end, and take everything along
    return;
  }
  if (janitor) return AskJanitorForAll();
  for (const auto& [id, cage] : cages_) {
    if (cage->state == CageState::Assigned) TellWardenAgain(*cage);
  }
}

// While there is no janitor nothing is sent: the next one is asked for all that is open.
void Jail::AskJanitor(JanitorJobKind kind, uint32_t cage) {
  if (janitor_.socket) sandbox::SendPacket(janitor_.socket.get(), JanitorJob{kind, cage});
}

// Each job may have been done already: it is the same a second time.
void Jail::AskJanitorForAll() {
  for (const auto& [id, cage] : cages_) {
    const bool is_new = cage->state == CageState::MakingGroups || (cage->state == CageState::Dying && cage->make_sequence != 0 && cage->pid == 0);
    if (is_new) AskJanitor(JanitorJobKind::Create, id);
    else if (cage->state == CageState::Removing) AskJanitor(JanitorJobKind::Remove, id);
    else if (!cage->forked.empty() && cgroups_.has_core()) AskJanitor(JanitorJobKind::Attach, id);
  }
}

// `tmp` is the warden's alone to keep: who closes a mount last, when its cage has gone, waits for the kernel to empty it.
void Jail::TellWarden(Cage& cage, const UniqueFd& tmp, uint32_t flags) {
  cage.guarded = true;
  WardenJob job{cage.id, flags, cage.memory_bytes, cage.tmp_bytes};
  int descriptors[kWardenDescriptorsMax] = {tmp.get(), cage.group.memory_usage.get(), cage.group.memory_limit.get()};
  size_t count = 3;
  if (cage.group.socket_usage) {
    job.flags |= kWardSockets;
    descriptors[count++] = cage.group.socket_usage.get();
  }
  if (cage.group.events) {
    job.flags |= kWardFreezing;
    descriptors[count++] = cage.group.events.get();
  }
  if (warden_.socket) sandbox::SendPacket(warden_.socket.get(), job, std::span(descriptors, count));
}

// /tmp is a mount on a root that is read-only: the function has put nothing else there.
void Jail::TellWardenAgain(Cage& cage) {
  if (setns(cage.pidfd.get(), CLONE_NEWNS) != 0) return;  // it is about to end
  const UniqueFd tmp(open("/tmp", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (setns(house_.mount_namespace.get(), CLONE_NEWNS) != 0) {
    fprintf(stderr, "mayfly-jail: lost its mount namespace: %s\n", strerror(errno));
    _exit(1);  // as in AttachPackages
  }
  if (!tmp) return;
  TellWarden(cage, tmp, kWardTakenOver);
  for (const UniqueFd& status : cage.statuses) TellWardenOfProcess(cage, status.get());
}

void Jail::TellWardenOfProcess(const Cage& cage, int status) {
  if (warden_.socket) sandbox::SendPacket(warden_.socket.get(), WardenJob{cage.id, kWardProcess, cage.memory_bytes, 0}, std::span(&status, 1));
}

void Jail::ForgetAtWarden(Cage& cage) {
  if (std::exchange(cage.guarded, false) && warden_.socket) sandbox::SendPacket(warden_.socket.get(), WardenJob{cage.id, 0, 0, 0});
}

}  // namespace mayfly::jail
