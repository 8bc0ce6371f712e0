// The daemon's side of mayfly-jail: starting it, asking it for cages, hearing of what dies.
//
// SpawnJail runs before the daemon drops its privileges; everything else on the loop's strand. When the jail dies, all cages
// are reported dead, requests fail with a Fault, and the daemon can only end: the jail is a part of it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/event.h"
#include "base/fd.h"
#include "base/real_loop.h"
#include "base/strand.h"
#include "base/task_scope.h"
#include "net/polled_descriptor.h"
#include "sandbox/jail_protocol.h"
#include "sandbox/sandbox.h"
#include "sandbox/tree_owners.h"

namespace mayfly::sandbox {

struct JailRoot {
  int index = 0;
  std::string host_directory;
};
struct JailZygote {
  int index = 0;
  int root_index = 0;
  std::string interpreter;  // as seen inside a cage
};

// The directory of a file system, and as whom functions work in it.
struct JailFileSystem {
  int index = 0;
  std::string host_directory;
  uint32_t user_id = 0;
  uint32_t group_id = 0;
  bool read_only = false;
};

struct JailCommand {
  std::string jail_path;
  std::string init_path;
  std::string runtime_directory;
  std::string code_directory;
  std::string instance;
  int cages_max = 1024;
  int64_t memory_bytes_max = 0;  // of all cages together, /tmp included; 0: no bound
  int router_namespace = -1;      // descriptor of the router's network namespace, borrowed; -1: cages have no network
  bool network_has_ipv6 = false;
  std::string search_domains;     // of names that functions look up
  std::vector<JailRoot> roots;
  std::vector<JailZygote> zygotes;
  std::vector<JailFileSystem> file_systems;
};

struct JailProcess {
  pid_t pid = 0;
  UniqueFd control;
  std::vector<int> zygotes;  // indexes that exist
};

// Starts mayfly-jail in a session of its own, so that a terminal's Ctrl-C reaches only the daemon. Error: with a hint.
Result<JailProcess> SpawnJail(const JailCommand& command);

// Requests and answers over the control socket. When the jail is behind and the socket is full, callers wait in their tasks:
// the number of cages bounds them.
class JailClient {
 public:
  JailClient(RealLoop& loop, UniqueFd control);

  struct Answer {
    JailReport report{};
    std::vector<UniqueFd> descriptors;
  };
  // Called for reports that answer no request.
  void OnEvent(std::function<void(const JailReport&)> callback) { on_event_ = std::move(callback); }
  // Called once, when the jail has gone.
  void OnGone(std::function<void()> callback) { on_gone_ = std::move(callback); }
  // Waits for the jail's greeting. Error: it died before it (its own words are in the log).
  Task<Result<uint32_t>> AwaitHello(Context& ctx);
  // Error: Fault with the errno's name as code. Not cancelled by ctx: what has been asked for happens.
  Task<Result<Answer>> Call(JailRequest request, std::vector<int> descriptors = {});
  // A request whose answer nobody waits for.
  void Tell(JailRequest request);
  bool gone() const { return gone_; }
  Task<> Stop();

 private:
  struct Pending {
    explicit Pending(Loop& loop) : done(loop) {}
    OneShot<Answer> done;
  };
  struct RoomWait;
  Task<> ReadReports();
  void Take(const JailReport& report, std::vector<UniqueFd> descriptors);
  Task<Result<>> Send(const JailRequest& request, const std::vector<int>& descriptors);
  void BecomeGone();

  Strand strand_;
  RealLoop* loop_;
  PolledDescriptor socket_;
  uint32_t last_sequence_ = 0;
  std::unordered_map<uint32_t, std::shared_ptr<Pending>> pending_;
  std::function<void(const JailReport&)> on_event_;
  std::function<void()> on_gone_;
  OneShot<uint32_t> hello_;
  bool gone_ = false;
  bool awaiting_room_ = false;  // one task waits for the socket, the others for it
  Event room_;
  TaskScope tasks_;
};

struct PoolOptions {
  int spare_cages = 4;
  int cages_max = 1024;
  int zygotes_max = 32;  // of groups, all interpreters together
};

// A group's zygote that nothing was started with for this long is ended; one that was used this short a time ago is not ended for another's
// sake: what starts meanwhile, beyond zygotes_max, boots its own interpreter.
inline constexpr Duration kZygoteIdleMax = std::chrono::minutes(10);
inline constexpr Duration kZygoteKeptMin = std::chrono::seconds(30);

class JailedCage;

// Keeps `spare_cages` ready, refilled in the background; waits for one that is being made when there is none.
class JailedCagePool final : public CagePool {
 public:
  // Waits until the jail serves.
  static Task<Result<std::unique_ptr<JailedCagePool>>> Open(Context& ctx, RealLoop& loop, JailProcess process, PoolOptions options);
  ~JailedCagePool() override;

  Task<Result<std::unique_ptr<Cage>>> Acquire(Context& ctx) override;
  int live_cages() const override { return live_; }
  // Boots the interpreter that functions of a runtime are forked from, if it does not run yet. Not an error: 0, no such, or too many groups'.
  void PrepareZygote(StartMode zygote);
  // Called once if the jail dies before Stop(): nothing can run any more.
  void OnJailDeath(std::function<void()> callback) { on_jail_death_ = std::move(callback); }
  // No further cages; spare ones are destroyed.
  Task<> Stop();

 private:
  friend class JailedCage;
  struct ZygoteState {
    TimePoint used_at{};
    bool wanted = false;
    Duration restart_after = std::chrono::seconds(1);  // doubled by each death, at most a minute
  };
  JailedCagePool(RealLoop& loop, JailProcess process, PoolOptions options);
  // Before a start: false when that zygote is not there (yet).
  bool UseZygote(StartMode mode);
  bool MakeRoomForZygote();
  void StopZygote(std::map<StartMode, ZygoteState>::iterator zygote);
  void EndIdleZygotes();
  void OnZygoteDeath(StartMode mode);
  void Refill();
  void RefillLater();
  Task<> MakeOne();
  void OnEvent(const JailReport& report);
  void OnGone();
  void Forget(uint32_t cage, bool destroy);

  Strand strand_;
  RealLoop* loop_;
  PoolOptions options_;
  std::set<int> zygote_indexes_;               // that exist
  std::map<StartMode, ZygoteState> zygotes_;  // that are wanted; of groups at most zygotes_max
  JailClient jail_;
  uint32_t features_ = 0;
  std::function<void()> on_jail_death_;
  bool stopping_ = false;
  int live_ = 0;    // cages that exist, spare ones included
  int making_ = 0;  // being made
  std::deque<std::unique_ptr<JailedCage>> spare_;
  Error last_failure_;
  Loop::TimerId refill_timer_ = 0;
  Loop::TimerId zygote_timer_ = 0;
  Event changed_;
  std::unordered_map<uint32_t, JailedCage*> cages_;
  TreeOwners trees_;
  TaskScope tasks_;
};

}  // namespace mayfly::sandbox
