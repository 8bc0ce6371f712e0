#include "jail/janitor.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <deque>

#include "sandbox/packet.h"

namespace mayfly::jail {
namespace {

constexpr int kRetryMilliseconds = 20;
constexpr int kFinalAttemptsMax = 10;  // each of a second
constexpr int kRemovalAttemptsMax = 500;  // ten seconds: then the folder is left to the next start's sweep

struct Removal {
  uint32_t cage;
  int attempts;
};

class Janitor {
 public:
  Janitor(CgroupTree& cgroups, int socket) : cgroups_(cgroups), socket_(socket) {}

  // Takes jobs even while answers cannot be sent, so that jail and janitor never wait for each other.
  void Serve() {
    for (;;) {
      pollfd source{socket_, static_cast<short>(answers_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
      const int ready = poll(&source, 1, removals_.empty() ? -1 : kRetryMilliseconds);
      if (ready > 0 && (source.revents & POLLOUT) != 0) SendAnswers();
      if (ready > 0 && (source.revents & (POLLIN | POLLHUP)) != 0 && !TakeJob()) return;
      if (ready == 0) RetryRemovals();
    }
  }

 private:
  bool TakeJob() {
    JanitorJob job{};
    sandbox::PacketDescriptors none;
    if (sandbox::ReceivePacket(socket_, job, none) != 0) return false;
    switch (job.kind) {
      case JanitorJobKind::Create: Answer(job, cgroups_.Create(job.cage)); break;
      case JanitorJobKind::Attach: cgroups_.AttachListed(job.cage); break;
      case JanitorJobKind::Remove: Remove({job.cage, 0}); break;
    }
    return true;
  }

  void Answer(const JanitorJob& job, int error) {
    answers_.push_back({job.kind, job.cage, error});
    SendAnswers();
  }

  void SendAnswers() {
    while (!answers_.empty() && sandbox::SendPacket(socket_, answers_.front(), {}, MSG_DONTWAIT) == 0) answers_.pop_front();
  }

  void Remove(Removal removal) {
    const int error = cgroups_.Remove(removal.cage);
    if (error == EBUSY && ++removal.attempts < kRemovalAttemptsMax) {
      removals_.push_back(removal);
      return;
    }
    if (error != 0) fprintf(stderr, "mayfly-jail: cannot remove the cgroup of cage %u: %s\n", removal.cage, strerror(error));
    Answer({JanitorJobKind::Remove, removal.cage}, error);
  }

  void RetryRemovals() {
    for (size_t count = removals_.size(); count > 0; --count) {
      const Removal removal = removals_.front();
      removals_.pop_front();
      Remove(removal);
    }
  }

  CgroupTree& cgroups_;
  int socket_;
  std::deque<Removal> removals_;
  std::deque<JanitorDone> answers_;  // at most two per cage
};

}  // namespace

void RunJanitor(CgroupTree& cgroups, int socket) {
  prctl(PR_SET_NAME, "mayfly-janitor", 0, 0, 0);
  Janitor(cgroups, socket).Serve();
  // The jail has been killed (one that ends by itself kills us first): its cages die with it, their folders would stay.
  cgroups.KillAll();
  for (int attempt = 0; attempt < kFinalAttemptsMax && cgroups.RemoveTree() != 0; ++attempt) {
  }
  _exit(0);
}

}  // namespace mayfly::jail
