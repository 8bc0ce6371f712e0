// The jail: makes, fills, empties and destroys cages on the daemon's request (sandbox/jail_protocol.h).
//
// One thread, one epoll loop, nothing in it waits: slow work happens in children (cage_process.h, janitor.h). The daemon is
// believed as far as a request is well-formed; what comes out of a cage is believed in nothing. Sending to the daemon blocks
// when its socket is full: a daemon that does not read stops the jail, and one that dies ends it. Run() returns when the
// daemon has gone and every cage, cgroup and mount of this jail with it.
#pragma once

#include <linux/filter.h>

#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "jail/boot_places.h"
#include "jail/cage_network.h"
#include "jail/cgroups.h"
#include "jail/house.h"
#include "jail/janitor.h"
#include "jail/jail_options.h"
#include "jail/machine_view.h"
#include "jail/owners.h"
#include "jail/sites.h"
#include "jail/warden.h"
#include "sandbox/init_protocol.h"
#include "sandbox/jail_protocol.h"
#include "sandbox/packet.h"
#include "sandbox/zygote_protocol.h"

namespace mayfly::jail {

enum class CageState {
  MakingGroups,  // the janitor makes its cgroups
  Booting,       // its process builds the namespaces
  Ready,
  Assigned,
  Dying,     // killed, not reaped yet
  Removing,  // reaped; the janitor removes its cgroups
};

struct Cage {
  uint32_t id = 0;
  uint32_t slot = 0;
  CageState state = CageState::MakingGroups;
  bool want_endpoint = false;
  uint32_t address_index = 0;  // with a network
  UniqueFd socket;  // to its init
  UniqueFd pidfd;
  int pid = 0;
  int boot_place = -1;  // of its end of the socket, until it has its own descriptors
  CageGroup group;
  CageGroupPorts ports;   // until the daemon has them
  UniqueFd listener;      // likewise
  UniqueFd endpoint;      // likewise
  UniqueFd traces;        // likewise
  uint32_t make_sequence = 0;  // requests that wait for an answer; 0 = none
  uint32_t exec_sequence = 0;
  uint32_t exec_process = 0;
  uint32_t kill_sequence = 0;
  bool guarded = false;            // the warden knows it
  uint64_t memory_bytes = 0;       // once it is assigned
  uint64_t tmp_bytes = 0;
  std::vector<UniqueFd> statuses;  // /proc/PID/status of what was started in it; those that have ended answer nothing
  std::map<uint32_t, int> forked;  // process -> pid of a zygote's child
};

struct Zygote {
  uint32_t index = 0;
  uint64_t group = 0;
  int pid = 0;
  bool ready = false;
  bool ending = false;  // on request: it is nobody's any more
  UniqueFd socket;
};

// A process of the jail's that works for it; one that dies is started again.
struct Helper {
  int pid = 0;
  UniqueFd socket;
  int deaths = 0;  // since it first died in this minute
  std::chrono::steady_clock::time_point first_death{};
};

// A fork that the zygote has not confirmed yet.
struct PendingFork {
  uint32_t zygote;
  uint32_t sequence;
  uint32_t cage;
  uint32_t process;
};

class Jail {
 public:
  // Borrows; the house and the cgroups are ready, descriptor 3 is the daemon.
  Jail(const Options& options, House& house, CgroupTree& cgroups, std::vector<sock_filter> filter);
  // "" or why it cannot serve.
  std::string Start();
  void Run();

 private:
  using Request = sandbox::JailRequest;
  using Report = sandbox::JailReport;
  using Descriptors = sandbox::PacketDescriptors;

  // requests (jail_requests.cc); each gives the errno to answer with, or kAnswerLater
  void OnDaemon();
  int Handle(const Request& request, Descriptors& descriptors);
  int MakeCage(const Request& request);
  int Assign(Cage& cage, const Request& request);
  int AttachPackages(Cage& cage, const Request& request, UniqueFd& tmp);
  int Exec(Cage& cage, const Request& request, Descriptors& descriptors);
  int Fork(Cage& cage, const Request& request, Descriptors& descriptors);
  int KillAll(Cage& cage, const Request& request);
  void Terminate(Cage& cage, const Request& request);
  int MakeSocket(Cage& cage, const Request& request);
  void Destroy(Cage& cage);
  std::pair<uint32_t, Zygote*> FindZygote(uint32_t index, uint64_t group);
  int StartZygote(uint32_t index, uint64_t group);
  int StopZygote(uint32_t index, uint64_t group);

  // what happens by itself (jail_events.cc)
  void OnSignals();
  void OnJanitor();
  void OnInit(uint32_t id);
  void OnInitReport(Cage& cage, const sandbox::InitReport& report, Descriptors& descriptors);
  void OnZygote(uint32_t id);
  void OnForked(uint32_t zygote, const sandbox::ZygoteReport& report);
  void OnExit(int pid, int status);
  void AnswerStarted(Cage& cage, uint32_t sequence, int pid);
  int NewestChildOf(int pid) const;
  void BootCage(Cage& cage);
  void WriteIdMaps(Cage& cage);
  void ReportMade(Cage& cage);
  void ReportExit(uint32_t cage, uint32_t process, int status);
  void CageEnded(Cage& cage);
  void Forget(uint32_t id);
  void ZygoteEnded(uint32_t id);

  // helpers (jail_helpers.cc)
  std::string StartJanitor();
  std::string StartWarden();
  void HelperEnded(Helper& helper);
  void AskJanitor(JanitorJobKind kind, uint32_t cage);
  void AskJanitorForAll();
  void TellWarden(Cage& cage, const UniqueFd& tmp, uint32_t flags = 0);
  void TellWardenAgain(Cage& cage);
  void TellWardenOfProcess(const Cage& cage, int status);
  void ForgetAtWarden(Cage& cage);
  pid_t ForkHelper(Helper& helper, std::vector<int> kept, UniqueFd& theirs);

  // jail.cc
  void Shutdown();
  void Watch(int fd, uint32_t kind, uint32_t id);
  void Answer(uint32_t sequence, uint32_t cage, int error);
  void AnswerWith(uint32_t sequence, uint32_t cage, sandbox::CageDescriptor what, int descriptor);
  void Send(const Report& report, std::span<const int> descriptors = {});
  Cage* Find(uint32_t id);
  void Kill(Cage& cage);
  int SendToInit(Cage& cage, sandbox::InitCommandKind kind, uint32_t process, std::span<const int> descriptors = {});
  UniqueFd FilterFile() const;

  static constexpr int kAnswerLater = -1;

  const Options& options_;
  House& house_;
  const MachineView machine_;
  CgroupTree& cgroups_;
  std::vector<sock_filter> filter_;
  sock_fprog filter_program_{};
  UniqueFd epoll_;
  UniqueFd signals_;
  Helper janitor_;
  Helper warden_;
  BootPlaces boot_places_;
  bool daemon_gone_ = false;
  uint32_t last_cage_ = 0;
  uint32_t last_token_ = 0;
  std::vector<uint32_t> free_slots_;
  std::map<uint32_t, std::unique_ptr<Cage>> cages_;
  Owners owners_;
  CageAddresses addresses_;
  Sites sites_;
  std::map<int, uint32_t> cage_of_init_;                            // pid -> cage
  std::map<int, std::pair<uint32_t, uint32_t>> process_of_child_;   // pid of a zygote's child -> cage, process
  std::map<uint32_t, PendingFork> forks_;                           // by token; at most kForksMax
  std::map<int, int> early_exits_;  // children that ended before their zygote told of them; emptied when no fork is pending
  uint32_t last_zygote_ = 0;
  std::map<uint32_t, Zygote> zygotes_;  // by numbers of the jail's own; at most kZygotesMax
};

}  // namespace mayfly::jail
