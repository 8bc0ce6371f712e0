#include "jail/cage_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <iterator>

#include "jail/capabilities.h"
#include "jail/kernel_files.h"
#include "sandbox/function_user.h"
#include "sandbox/init_protocol.h"
#include "sandbox/packet.h"

namespace mayfly::jail {
namespace {

using sandbox::InitCommand;
using sandbox::InitCommandKind;
using sandbox::InitReport;
using sandbox::InitReportKind;

constexpr uint32_t kEndpointAddress = 0xa9fe6402;  // 169.254.100.2
constexpr uint32_t kTracesAddress = 0xa9fe6401;    // 169.254.100.1
constexpr int kListenBacklog = 128;
constexpr const char* kUuid = "sys/kernel/random/uuid";

struct Listeners {
  UniqueFd router;  // where the cage's link is made; no network: none
  UniqueFd runtime_api;
  UniqueFd endpoint;
  UniqueFd traces;
};

int SetInterfaceAddress(int socket, const char* name, uint32_t address, uint32_t mask) {
  auto set = [&](unsigned long request, uint32_t value) {
    ifreq configuration{};
    snprintf(configuration.ifr_name, sizeof configuration.ifr_name, "%s", name);
    auto* target = reinterpret_cast<sockaddr_in*>(&configuration.ifr_addr);
    target->sin_family = AF_INET;
    target->sin_addr.s_addr = htonl(value);
    return ioctl(socket, request, &configuration) == 0 ? 0 : errno;
  };
  if (const int error = set(SIOCSIFADDR, address)) return error;
  return set(SIOCSIFNETMASK, mask);
}

int BringUpLoopback(int socket) {
  ifreq configuration{};
  snprintf(configuration.ifr_name, sizeof configuration.ifr_name, "lo");
  configuration.ifr_flags = IFF_UP | IFF_RUNNING;
  return ioctl(socket, SIOCSIFFLAGS, &configuration) == 0 ? 0 : errno;
}

int Bind(int type, uint32_t address, uint16_t port, UniqueFd& bound) {
  bound.Reset(socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(address);
  name.sin_port = htons(port);
  return bound && bind(bound.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0 ? 0 : errno;
}

int Listen(uint32_t address, uint16_t port, UniqueFd& listener) {
  if (const int error = Bind(SOCK_STREAM, address, port, listener)) return error;
  return listen(listener.get(), kListenBacklog) == 0 ? 0 : errno;
}

int MakeNetwork(const CagePlan& plan, Listeners& listeners) {
  const UniqueFd control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!control) return errno;
  if (const int error = BringUpLoopback(control.get())) return error;
  if (plan.link.router >= 0) {
    if (const int error = ConnectToRouter(plan.link, listeners.router.get(), plan.house->proc.get())) return error;
  }
  if (const int error = Listen(INADDR_LOOPBACK, sandbox::kRuntimeApiPort, listeners.runtime_api)) return error;
  if (!plan.want_endpoint) return 0;
  if (const int error = SetInterfaceAddress(control.get(), "lo:1", kEndpointAddress, 0xffffffff)) return error;
  if (const int error = Listen(kEndpointAddress, 80, listeners.endpoint)) return error;
  if (const int error = SetInterfaceAddress(control.get(), "lo:2", kTracesAddress, 0xffffffff)) return error;
  return Bind(SOCK_DGRAM, kTracesAddress, sandbox::kTracesPort, listeners.traces);
}

int MakeNamespaces(const CagePlan& plan, Listeners& listeners) {
  if (plan.link.router >= 0 && !(listeners.router = OpenRouter(plan.link.router))) return errno;
  if (unshare(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP) != 0) return errno;
  char name[32];
  const int length = snprintf(name, sizeof name, "169-254-%u-%u", plan.slot / 254 % 256, plan.slot % 254 + 1);
  if (sethostname(name, static_cast<size_t>(length)) != 0) return errno;
  return setdomainname("(none)", 6) == 0 ? 0 : errno;
}

int MountTmpfs(const CagePlan& plan, const char* place, unsigned long flags, uint64_t bytes, uint64_t files) {
  char options[160];
  snprintf(options, sizeof options, "mode=1777,size=%llu,nr_inodes=%llu,uid=%u,gid=%u", static_cast<unsigned long long>(bytes),
           static_cast<unsigned long long>(files), plan.first_user_id, plan.first_user_id);
  return mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV | flags, options) == 0 ? 0 : errno;
}

// The cage's own /proc gives what may be seen of its settings: a file of the machine's would be one that others have too.
int MaskProc(const House& house, const std::string& proc) {
  const UniqueFd uuid(open_tree(AT_FDCWD, (proc + kUuid).c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (!uuid || mount_setattr(uuid.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) return errno;
  for (const std::string& name : house.masked_files) {
    if (mount("/tmp/masks/file", (proc + name).c_str(), nullptr, MS_BIND, nullptr) != 0 && errno != ENOENT) return errno;
  }
  for (const std::string& name : house.masked_folders) {
    if (mount("/tmp/masks/folder", (proc + name).c_str(), nullptr, MS_BIND, nullptr) != 0 && errno != ENOENT) return errno;
  }
  if (mount("/tmp/masks/proc-sys", (proc + "sys").c_str(), nullptr, MS_BIND, nullptr) != 0) return errno;
  return move_mount(uuid.get(), "", AT_FDCWD, (proc + kUuid).c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0 ? 0 : errno;
}

int MakeMounts(const CagePlan& plan) {
  constexpr uint64_t kTmpFiles = 65536;
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) return errno;
  if (const int error = MaskProc(*plan.house, "/proc/")) return error;
  if (const int error = MountTmpfs(plan, "/tmp", 0, sandbox::kDefaultTmpBytes, kTmpFiles)) return error;  // covers the masks' own place
  if (const int error = MountTmpfs(plan, "/dev/shm", MS_NOEXEC, 64 << 20, 4096)) return error;
  return plan.machine->MakeFiles(plan.first_user_id);
}

// The kernel counts what belongs to a user namespace (inotify instances and watches, bytes of message queues, locked memory,
// pending signals, processes) towards its owner too, by the machine's limits: each cage's is owned by an id of the cage,
// else one function could take what is meant for all. With capabilities all the same: some machines want them for a user namespace.
int BecomeOwner(const CagePlan& plan) {
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return errno;
  if (setresuid(plan.first_user_id, plan.first_user_id, plan.first_user_id) != 0) return errno;
  return RaiseCapabilities();
}

// The jail writes the id maps from outside, where the privilege for it is.
int EnterUserNamespace(const CagePlan& plan, Listeners& listeners) {
  if (const int error = BecomeOwner(plan)) return error;
  if (unshare(CLONE_NEWUSER) != 0) return errno;
  const int descriptors[3] = {listeners.runtime_api.get(), listeners.endpoint.get(), listeners.traces.get()};
  const std::span<const int> sent(descriptors, plan.want_endpoint ? 3 : 1);
  if (const int error = sandbox::SendPacket(plan.socket, InitReport{InitReportKind::WantsMaps}, sent)) return error;
  InitCommand command{};
  sandbox::PacketDescriptors none;
  if (const int error = sandbox::ReceivePacket(plan.socket, command, none)) return error;
  return command.kind == InitCommandKind::Continue ? 0 : EPROTO;
}

int BecomeInit(const CagePlan& plan) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return errno;
  for (int fd = 0; fd < 3; ++fd) {
    if (dup2(null, fd) < 0) return errno;
  }
  const sandbox::DropFailure failure = sandbox::BecomeFunctionUser(*plan.filter);
  if (failure.error != 0) return failure.error;
  // Cleared by the change of user, so only now: with the jail goes every cage.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return errno;
  // Descriptors above the socket's are close-on-exec, all of them.
  if (plan.socket != sandbox::kInitControlDescriptor && dup2(plan.socket, sandbox::kInitControlDescriptor) < 0) return errno;
  if (fcntl(sandbox::kInitControlDescriptor, F_SETFD, 0) != 0) return errno;
  const char* const arguments[] = {"mayfly-init", nullptr};
  const char* const environment[] = {nullptr};
  const int program = plan.house->init_program.get();
  syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
  return errno;
}

struct Step {
  const char* name;
  int (*run)(const CagePlan& plan, Listeners& listeners);
};
constexpr Step kSteps[] = {
    {"join the cgroups", [](const CagePlan& plan, Listeners&) { return plan.cgroups->AttachSelf(plan.cage); }},
    {"make namespaces", MakeNamespaces},
    {"make the network", MakeNetwork},
    {"make mounts", [](const CagePlan& plan, Listeners&) { return MakeMounts(plan); }},
    {"enter the user namespace", EnterUserNamespace},
    {"become init", [](const CagePlan& plan, Listeners&) { return BecomeInit(plan); }},
};

}  // namespace

const char* CageStepName(uint32_t step) { return step < std::size(kSteps) ? kSteps[step].name : "?"; }

void RunCageProcess(const CagePlan& plan) {
  ResetSignals();
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  OfferChildrenToOutOfMemoryKiller(plan.house->proc.get());
  Listeners listeners;
  for (uint32_t step = 0; step < std::size(kSteps); ++step) {
    const int error = kSteps[step].run(plan, listeners);
    if (error == 0) continue;
    sandbox::SendPacket(plan.socket, InitReport{InitReportKind::Failed, step, error});
    break;
  }
  _exit(1);
}

}  // namespace mayfly::jail
