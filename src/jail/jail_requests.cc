// The daemon's requests.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail/event_sources.h"
#include "jail/file_system.h"
#include "jail/jail.h"
#include "jail/request_check.h"
#include "jail/zygote_process.h"

namespace mayfly::jail {

using sandbox::InitCommandKind;
using sandbox::JailOperation;

namespace {

constexpr const char* kImagePlace = "/var/lang";  // where an image waits to become the root; that of a runtime is bound there anyway
constexpr size_t kForksMax = 4096;         // forks that a zygote has not confirmed, EAGAIN beyond
constexpr size_t kForkedProcessesMax = 64;  // children of zygotes in one cage, EAGAIN beyond
constexpr size_t kZygotesMax = 1024;        // EAGAIN beyond

struct Attachment {
  UniqueFd mount;
  const char* place;
};

// 0 or errno.
int Attach(const std::vector<Attachment>& attachments) {
  for (const Attachment& attachment : attachments) {
    if (move_mount(attachment.mount.get(), "", AT_FDCWD, attachment.place, MOVE_MOUNT_F_EMPTY_PATH) != 0) return errno;
  }
  return 0;
}

// Only files whose reading cannot block or come from elsewhere: a memfd or another regular file.
bool IsRegularFile(int fd) {
  struct stat status{};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

void Jail::OnDaemon() {
  Request request{};
  Descriptors descriptors;
  const int error = sandbox::ReceivePacket(sandbox::kJailControlDescriptor, request, descriptors, MSG_DONTWAIT);
  if (error == EAGAIN) return;
  if (error == EPIPE) {
    daemon_gone_ = true;
    return;
  }
  if (error != 0 || !IsWellFormed(request, descriptors.count)) {
    Answer(error == 0 ? request.sequence : 0, 0, EINVAL);
    return;
  }
  const int result = Handle(request, descriptors);
  if (result != kAnswerLater) Answer(request.sequence, request.cage, result);
}

int Jail::Handle(const Request& request, Descriptors& descriptors) {
  if (request.operation == JailOperation::MakeCage) return MakeCage(request);
  if (request.operation == JailOperation::StartZygote) return StartZygote(request.zygote_index, request.zygote_group);
  if (request.operation == JailOperation::StopZygote) return StopZygote(request.zygote_index, request.zygote_group);
  Cage* cage = Find(request.cage);
  if (cage == nullptr || cage->state == CageState::Dying || cage->state == CageState::Removing) {
    return request.operation == JailOperation::Destroy || request.operation == JailOperation::Terminate ? 0 : ESRCH;
  }
  if (request.operation == JailOperation::Destroy) {
    Destroy(*cage);
    return 0;
  }
  if (request.operation == JailOperation::Assign) return Assign(*cage, request);
  if (cage->state != CageState::Assigned) return EINVAL;
  switch (request.operation) {
    case JailOperation::Exec: return Exec(*cage, request, descriptors);
    case JailOperation::Fork: return Fork(*cage, request, descriptors);
    case JailOperation::KillAll: return KillAll(*cage, request);
    case JailOperation::Terminate: Terminate(*cage, request); return 0;
    case JailOperation::MakeSocket: return MakeSocket(*cage, request);
    default: return EINVAL;
  }
}

int Jail::MakeCage(const Request& request) {
  if (free_slots_.empty()) return ENOSPC;
  auto cage = std::make_unique<Cage>();
  cage->id = ++last_cage_;
  cage->slot = free_slots_.back();
  free_slots_.pop_back();
  cage->want_endpoint = (request.flags & sandbox::kWantEndpoint) != 0;
  if (options_.has_network) cage->address_index = addresses_.Take();
  cage->make_sequence = request.sequence;
  AskJanitor(JanitorJobKind::Create, cage->id);
  cages_.emplace(cage->id, std::move(cage));
  return kAnswerLater;
}

int Jail::Assign(Cage& cage, const Request& request) {
  if (cage.state == CageState::Assigned) return EALREADY;
  if (cage.state != CageState::Ready) return EINVAL;
  if (request.root_index != 0 && options_.root_dirs[request.root_index].empty()) return ENOENT;
  UniqueFd tmp;
  if (const int error = AttachPackages(cage, request, tmp)) return error;
  // What is in /tmp is memory to the cgroup but not to the function: the warden tells them apart.
  const CageLimits limits{request.memory_bytes, request.memory_bytes + request.tmp_bytes, request.processes_max};
  if (const int error = cgroups_.SetLimits(cage.id, cage.group, limits)) return error;
  machine_.Confine(cage.pid, request.processors, cage.slot);
  cage.memory_bytes = request.memory_bytes;
  cage.tmp_bytes = request.tmp_bytes;
  TellWarden(cage, tmp);
  cage.state = CageState::Assigned;
  return 0;
}

// Nothing hostile has run in the cage yet and its root is read-only, so paths in there mean what they say.
int Jail::AttachPackages(Cage& cage, const Request& request, UniqueFd& tmp) {
  std::vector<Attachment> attachments, within;  // within: once the image is the root
  const uint32_t first_user_id = options_.user_id_base + cage.slot * sandbox::kUserIdsPerCage;
  const Owners::Maps* owners = owners_.Find(house_, cage.slot, first_user_id);
  auto add = [owners](std::vector<Attachment>& to, UniqueFd source, const char* place, UniqueFd Owners::Maps::*map) {
    if (!source) return errno;
    to.push_back({CloneReadOnly(source.get(), ""), place});
    if (!to.back().mount) return errno;
    return owners != nullptr ? MapOwners(to.back().mount.get(), (owners->*map).get()) : 0;
  };
  const bool is_image = (request.flags & sandbox::kImageRoot) != 0;
  const bool code_is_root = is_image && request.root_index == 0;
  std::vector<Attachment>& packages = is_image && !code_is_root ? within : attachments;
  if (const int error = add(packages, OpenPackage(house_, request.code), code_is_root ? kImagePlace : "/var/task", &Owners::Maps::store)) return error;
  if (request.flags & sandbox::kHasLayers) {
    if (const int error = add(packages, OpenPackage(house_, request.layers), "/opt", &Owners::Maps::store)) return error;
  }
  if (request.root_index != 0) {
    const std::string root = "/roots/" + std::to_string(request.root_index);
    if (const int error = add(attachments, UniqueFd(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), "/var/lang",
                              is_image ? &Owners::Maps::store : &Owners::Maps::machine)) return error;
  }
  UniqueFd file_system;
  if (request.flags & sandbox::kHasFileSystem) {
    const int failed = CloneFileSystem(house_, options_.file_systems[request.file_system], request.file_system, first_user_id, file_system);
    if (failed != 0) return failed;
  }
  if (setns(cage.pidfd.get(), CLONE_NEWNS) != 0) return errno;
  if ((request.flags & sandbox::kOwnTrees) != 0 && !house_.places.empty()) {
    for (std::vector<Attachment>* all : {&attachments, &within}) {
      for (Attachment& attachment : *all) GiveOwnInodes(attachment.mount, attachment.place);
    }
  }
  int error = Attach(attachments);
  if (error == 0 && request.tmp_bytes != sandbox::kDefaultTmpBytes) {
    const std::string size = "size=" + std::to_string(request.tmp_bytes);
    if (mount(nullptr, "/tmp", nullptr, MS_REMOUNT | MS_NOSUID | MS_NODEV, size.c_str()) != 0) error = errno;
  }
  if (error == 0 && is_image) error = EnterImage(kImagePlace);
  if (error == 0) error = Attach(within);
  if (error == 0 && file_system) error = AttachFileSystem(file_system.get(), request.mount_name, first_user_id);
  tmp.Reset(open("/tmp", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (error == 0 && !tmp) error = errno;
  if (error == 0) error = machine_.Show(request.memory_bytes, request.processors, first_user_id);
  ReturnToHouse(house_);
  return error;
}

int Jail::Exec(Cage& cage, const Request& request, Descriptors& descriptors) {
  if (cage.exec_sequence != 0) return EBUSY;
  if (!IsRegularFile(descriptors.fds[0].get())) return EINVAL;
  const int passed[4] = {descriptors.fds[0].get(), descriptors.fds[1].get(), descriptors.fds[2].get(), descriptors.fds[3].get()};
  const std::span<const int> sent(passed, (request.flags & sandbox::kWithLogPipe) != 0 ? 4 : 3);
  if (const int error = SendToInit(cage, InitCommandKind::Exec, request.process, sent)) return error;
  cage.exec_sequence = request.sequence;
  cage.exec_process = request.process;
  return kAnswerLater;
}

int Jail::Fork(Cage& cage, const Request& request, Descriptors& descriptors) {
  const auto [zygote_id, zygote] = FindZygote(request.zygote_index, request.zygote_group);
  if (zygote == nullptr || !zygote->ready) return ENOENT;
  if (!IsRegularFile(descriptors.fds[0].get())) return EINVAL;
  if (forks_.size() >= kForksMax || cage.forked.size() >= kForkedProcessesMax) return EAGAIN;
  const uint32_t token = ++last_token_;
  const int passed[5] = {cage.pidfd.get(), descriptors.fds[0].get(), descriptors.fds[1].get(), descriptors.fds[2].get(), cage.group.core.get()};
  const bool core = static_cast<bool>(cage.group.core);
  const sandbox::ZygoteCommand command{sandbox::ZygoteCommandKind::Fork, token, core ? 0 : sandbox::kNoCgroup2};
  const int error = sandbox::SendPacket(zygote->socket.get(), command, std::span(passed, core ? 5u : 4u), MSG_DONTWAIT);
  if (error != 0) return error;
  forks_[token] = {zygote_id, request.sequence, cage.id, request.process};
  return kAnswerLater;
}

int Jail::KillAll(Cage& cage, const Request& request) {
  if (cage.kill_sequence != 0) return EBUSY;
  if (const int error = SendToInit(cage, InitCommandKind::KillAll, 0)) return error;
  cage.kill_sequence = request.sequence;
  return kAnswerLater;
}

void Jail::Terminate(Cage& cage, const Request& request) {
  const bool at_once = (request.flags & sandbox::kWithKill) != 0;
  const auto forked = cage.forked.find(request.process);
  // The jail is that child's parent and has not reaped it, so the pid is still its own.
  if (forked != cage.forked.end()) kill(forked->second, at_once ? SIGKILL : SIGTERM);
  else SendToInit(cage, at_once ? InitCommandKind::Kill : InitCommandKind::Terminate, request.process);
}

// A socket belongs for ever to the network in which it was made, whoever holds it: so nothing inside has to help, and
// nothing that is said inside is heard here.
int Jail::MakeSocket(Cage& cage, const Request& request) {
  if (setns(cage.pidfd.get(), CLONE_NEWNET) != 0) return errno;
  const UniqueFd made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int error = made ? 0 : errno;
  if (setns(house_.network_namespace.get(), CLONE_NEWNET) != 0) {
    fprintf(stderr, "mayfly-jail: lost its network namespace: %s\n", strerror(errno));
    _exit(1);  // as with the mount namespace
  }
  if (error != 0) return error;
  AnswerWith(request.sequence, cage.id, sandbox::kSocket, made.get());
  return kAnswerLater;  // given already
}

void Jail::Destroy(Cage& cage) {
  const bool has_process = cage.state != CageState::MakingGroups;
  cage.state = CageState::Dying;  // one whose cgroups are being made is removed when they are there
  if (has_process) Kill(cage);
}

// Those that are being ended count no more. {0, nullptr}: there is none.
std::pair<uint32_t, Zygote*> Jail::FindZygote(uint32_t index, uint64_t group) {
  for (auto& [id, zygote] : zygotes_) {
    if (zygote.index == index && zygote.group == group && !zygote.ending) return {id, &zygote};
  }
  return {0, nullptr};
}

int Jail::StartZygote(uint32_t index, uint64_t group) {
  const ZygoteOptions& options = options_.zygotes[index];
  if (options.interpreter.empty()) return ENOENT;
  if (FindZygote(index, group).second != nullptr) return 0;
  if (zygotes_.size() >= kZygotesMax) return EAGAIN;
  const UniqueFd filter = FilterFile();
  int pair[2];
  if (!filter || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return errno;
  Zygote zygote{.index = index, .group = group};
  zygote.socket.Reset(pair[0]);
  const UniqueFd theirs(pair[1]);
  const int descriptor = filter.get();
  if (const int error = sandbox::SendPacket(pair[0], sandbox::ZygoteCommand{sandbox::ZygoteCommandKind::Setup}, std::span(&descriptor, 1))) return error;
  zygote.pid = fork();
  if (zygote.pid == 0) OfferChildrenToOutOfMemoryKiller(house_.proc.get());
  if (zygote.pid == 0) RunZygoteProcess(options, theirs.get());
  if (zygote.pid < 0) return errno;
  const uint32_t id = ++last_zygote_;
  Watch(zygote.socket.get(), kFromZygote, id);
  zygotes_.emplace(id, std::move(zygote));
  return 0;
}

// What it has forked already goes on. A child that it has not told of yet would be nobody's: then it is left alone.
int Jail::StopZygote(uint32_t index, uint64_t group) {
  const auto [id, zygote] = FindZygote(index, group);
  if (zygote == nullptr) return 0;
  for (const auto& [token, fork] : forks_) {
    if (fork.zygote == id) return EBUSY;
  }
  zygote->ending = true;
  kill(zygote->pid, SIGKILL);
  return 0;
}

}  // namespace mayfly::jail
