// mayfly-init: pid 1 of a cage.
//
// A static program without a C library, so that a waiting cage costs a few pages. It starts when the jail has taken all power
// away: uid 993, no capabilities, no_new_privs, the seccomp filter on; whatever it starts inherits that. It reaps what
// nobody else waits for, starts processes on command, tells how they end, and empties the cage for a reset. It is not dumpable,
// so no process of the function (which has the same uid) can look into it or reach its socket. When its socket ends, or it
// dies, the kernel kills everything in the cage.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "init/process_configuration.h"
#include "init/system_calls.h"
#include "sandbox/init_protocol.h"

namespace mayfly::init {
namespace {

using sandbox::InitCommand;
using sandbox::InitCommandKind;
using sandbox::InitReport;
using sandbox::InitReportKind;
using sandbox::kInitControlDescriptor;
using sandbox::kInitProcessesMax;
using sandbox::kLogDescriptor;

constexpr uint64_t kChildSignal = 1ull << (SIGCHLD - 1);
constexpr long kKillPollMicroseconds = 500;

struct StartedProcess {
  uint32_t number = 0;
  int pid = 0;  // 0: free
};

struct ExecDescriptors {
  int fds[4] = {-1, -1, -1, -1};  // configuration, stdout, stderr, perhaps a pipe for framed logs
};

StartedProcess processes[kInitProcessesMax];
bool killing = false;

[[noreturn]] void Exit(int code) {
  for (;;) SystemCall(SYS_exit_group, code);
}

void Send(const InitReport& report) {
  if (SystemCall(SYS_sendto, kInitControlDescriptor, Address(&report), sizeof report, MSG_NOSIGNAL, 0, 0) < 0) Exit(1);
}

StartedProcess* FindPid(int pid) {
  for (StartedProcess& process : processes) {
    if (process.pid == pid) return &process;
  }
  return nullptr;
}

void SetMask(uint64_t mask) { SystemCall(SYS_rt_sigprocmask, SIG_SETMASK, Address(&mask), 0, sizeof mask); }

// The function goes first when memory runs out, never pid 1. Raising needs no privilege, but a dumpable process.
void OfferToOutOfMemoryKiller() {
  SystemCall(SYS_prctl, PR_SET_DUMPABLE, 1);
  const long fd = SystemCall(SYS_openat, AT_FDCWD, Address("/proc/self/oom_score_adj"), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  SystemCall(SYS_write, fd, Address("1000"), 4);
  SystemCall(SYS_close, fd);
}

bool HasSlash(const char* text) {
  for (; *text != 0; ++text) {
    if (*text == '/') return true;
  }
  return false;
}

// The value of PATH; "" without one.
const char* SearchPath(char* const* environment) {
  for (; *environment != nullptr; ++environment) {
    const char* variable = *environment;
    if (variable[0] == 'P' && variable[1] == 'A' && variable[2] == 'T' && variable[3] == 'H' && variable[4] == '=') return variable + 5;
  }
  return "";
}

// Executes a program that is named without a folder. Returns only an errno: what the last folder said, EACCES before ENOENT.
int ExecuteFromPath(const ProcessImage& image) {
  static char path[4096];
  int failure = ENOENT;
  const char* rest = SearchPath(image.environment);
  while (*rest != 0) {
    unsigned length = 0;
    for (; *rest != 0 && *rest != ':'; ++rest) {
      if (length < sizeof path - 1) path[length++] = *rest;
    }
    if (*rest == ':') ++rest;
    if (length == 0) path[length++] = '.';
    if (length < sizeof path - 1) path[length++] = '/';
    const char* name = image.arguments[0];
    for (; *name != 0 && length < sizeof path - 1; ++name) path[length++] = *name;
    path[length] = 0;
    if (*name != 0) continue;  // too long
    const int error = static_cast<int>(-SystemCall(SYS_execve, Address(path), Address(image.arguments), Address(image.environment)));
    if (error == EACCES) failure = EACCES;
    else if (error != ENOENT && error != ENOTDIR) return error;
  }
  return failure;
}

// Of a path. Returns only an errno: EISDIR for a folder, and says of ENOENT what is not there.
int ExecuteFile(const ProcessImage& image) {
  const char* path = image.arguments[0];
  const int error = static_cast<int>(-SystemCall(SYS_execve, Address(path), Address(image.arguments), Address(image.environment)));
  if (error == EACCES && SystemCall(SYS_openat, AT_FDCWD, Address(path), O_PATH | O_DIRECTORY) >= 0) return EISDIR;
  if (error == ENOENT && SystemCall(SYS_openat, AT_FDCWD, Address(path), O_PATH) >= 0) return ENOENT | sandbox::kMissingInterpreterError;
  return error;
}

// In the forked child. Returns only an errno.
int Become(const ExecDescriptors& descriptors) {
  ProcessImage image;
  if (const int error = ReadProcessConfiguration(descriptors.fds[0], image)) return error;
  const long null = SystemCall(SYS_openat, AT_FDCWD, Address("/dev/null"), O_RDWR);
  if (null < 0) return static_cast<int>(-null);
  SystemCall(SYS_dup3, null, 0, 0);
  SystemCall(SYS_dup3, descriptors.fds[1], 1, 0);
  SystemCall(SYS_dup3, descriptors.fds[2], 2, 0);
  int first_to_close = kInitControlDescriptor + 1;
  if (descriptors.fds[3] >= 0) {
    SystemCall(SYS_dup3, descriptors.fds[3], kLogDescriptor, 0);
    SystemCall(SYS_close_range, first_to_close, kLogDescriptor - 1, 0);
    first_to_close = kLogDescriptor + 1;
  }
  SystemCall(SYS_close_range, first_to_close, ~0u, 0);
  OfferToOutOfMemoryKiller();
  SystemCall(SYS_setsid);
  SetMask(0);
  const long moved = SystemCall(SYS_chdir, Address(image.working_directory));
  if (moved < 0) return static_cast<int>(-moved) | sandbox::kWorkingDirectoryError;
  if (!HasSlash(image.arguments[0])) return ExecuteFromPath(image);
  return ExecuteFile(image);
}

// 0: it runs the program now, `pid` is set.
int StartProcess(const ExecDescriptors& descriptors, int& pid) {
  int status[2];
  long result = SystemCall(SYS_pipe2, Address(status), O_CLOEXEC);
  if (result < 0) return static_cast<int>(-result);
  result = SystemCall(SYS_clone, SIGCHLD);
  if (result == 0) {
    SystemCall(SYS_dup3, status[1], kInitControlDescriptor, O_CLOEXEC);  // in place of the way to the jail
    const int error = Become(descriptors);
    SystemCall(SYS_write, kInitControlDescriptor, Address(&error), sizeof error);
    Exit(127);
  }
  SystemCall(SYS_close, status[1]);
  int error = 0;
  if (result < 0) error = static_cast<int>(-result);
  else if (SystemCall(SYS_read, status[0], Address(&error), sizeof error) != sizeof error) error = 0;  // closed by execve
  SystemCall(SYS_close, status[0]);
  if (error != 0 && result > 0) SystemCall(SYS_wait4, result, 0, 0, 0);
  pid = static_cast<int>(result);
  return error;
}

void Exec(uint32_t number, const ExecDescriptors& descriptors) {
  StartedProcess* slot = FindPid(0);
  int pid = 0;
  const int error = slot == nullptr ? EAGAIN : StartProcess(descriptors, pid);
  if (error == 0) *slot = {number, pid};
  Send({InitReportKind::ExecDone, number, error, 0, 0});
}

void Signal(uint32_t number, int signal) {
  for (const StartedProcess& process : processes) {
    if (process.pid > 0 && process.number == number) SystemCall(SYS_kill, process.pid, signal);
  }
}

void Reap() {
  for (;;) {
    int status = 0;
    const long pid = SystemCall(SYS_wait4, -1, Address(&status), WNOHANG, 0);
    if (pid <= 0) return;
    StartedProcess* process = FindPid(static_cast<int>(pid));
    if (process == nullptr) continue;
    const uint32_t number = process->number;
    *process = {};
    if (WIFSIGNALED(status)) Send({InitReportKind::Exited, number, 0, 0, WTERMSIG(status)});
    else Send({InitReportKind::Exited, number, 0, WEXITSTATUS(status), 0});
  }
}

// Kills everything in the pid namespace but ourselves, also children of a zygote, which somebody outside reaps: hence
// again and again until nobody is left to be killed.
void ContinueKilling() {
  if (SystemCall(SYS_kill, -1, SIGKILL) != -ESRCH) return;
  killing = false;
  Send({InitReportKind::AllKilled, 0, 0, 0, 0});
}

// One command with its descriptors. The other end is trusted, but a packet that makes no sense is dropped.
void ReadCommand() {
  InitCommand command{};
  iovec piece{&command, sizeof command};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 4)] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const long size = SystemCall(SYS_recvmsg, kInitControlDescriptor, Address(&message), MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size == -EAGAIN || size == -EINTR) return;
  if (size <= 0) Exit(0);
  ExecDescriptors descriptors;
  int count = 0;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    const int* sent = reinterpret_cast<const int*>(CMSG_DATA(header));
    for (count = 0; count < static_cast<int>((header->cmsg_len - CMSG_LEN(0)) / sizeof(int)); ++count) descriptors.fds[count] = sent[count];
  }
  if (size == sizeof command) {
    if (command.kind == InitCommandKind::Exec && count >= 3) Exec(command.process, descriptors);
    if (command.kind == InitCommandKind::Exec && count < 3) Send({InitReportKind::ExecDone, command.process, EMFILE, 0, 0});  // they did not fit in
    if (command.kind == InitCommandKind::Terminate) Signal(command.process, SIGTERM);
    if (command.kind == InitCommandKind::Kill) Signal(command.process, SIGKILL);
    if (command.kind == InitCommandKind::KillAll) killing = true;
  }
  for (int i = 0; i < count; ++i) SystemCall(SYS_close, descriptors.fds[i]);
}

[[noreturn]] void Run() {
  SystemCall(SYS_prctl, PR_SET_DUMPABLE, 0);
  SetMask(kChildSignal);
  const long signals = SystemCall(SYS_signalfd4, -1, Address(&kChildSignal), sizeof kChildSignal, O_CLOEXEC | O_NONBLOCK);
  if (signals < 0) Exit(1);
  Send({InitReportKind::Ready, 0, 0, 0, 0});
  for (;;) {
    pollfd sources[2] = {{kInitControlDescriptor, POLLIN, 0}, {static_cast<int>(signals), POLLIN, 0}};
    timespec pause{0, kKillPollMicroseconds * 1000};
    SystemCall(SYS_ppoll, Address(sources), 2, killing ? Address(&pause) : 0, 0, 0);
    if (sources[1].revents != 0) {
      signalfd_siginfo information;
      while (SystemCall(SYS_read, signals, Address(&information), sizeof information) > 0) {
      }
    }
    Reap();
    if (sources[0].revents != 0) ReadCommand();
    if (killing) ContinueKilling();
  }
}

}  // namespace
}  // namespace mayfly::init

// What the compiler calls for copies and zeroed objects.
extern "C" {
void* memset(void* target, int value, __SIZE_TYPE__ size) {
  char* bytes = static_cast<char*>(target);
  for (__SIZE_TYPE__ i = 0; i < size; ++i) bytes[i] = static_cast<char>(value);
  return target;
}
void* memcpy(void* target, const void* source, __SIZE_TYPE__ size) {
  char* to = static_cast<char*>(target);
  const char* from = static_cast<const char*>(source);
  for (__SIZE_TYPE__ i = 0; i < size; ++i) to[i] = from[i];
  return target;
}

// The kernel enters here with an aligned stack and no return address.
#ifdef __x86_64__
__attribute__((force_align_arg_pointer))
#endif
__attribute__((noreturn)) void _start() {
  mayfly::init::Run();
}
}
