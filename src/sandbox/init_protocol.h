// What mayfly-jail and mayfly-init (pid 1 of a cage) say to each other, over a SOCK_SEQPACKET pair (descriptor 3 of init).
//
// Fixed-size structs, one per packet. The jail trusts nothing that comes from inside a cage: kinds, process numbers and
// states are checked against what it asked for. Used by freestanding code: no library headers but <stdint.h>.
#pragma once

#include <stdint.h>

namespace mayfly::sandbox {

inline constexpr int kInitControlDescriptor = 3;
inline constexpr int kLogDescriptor = 62;     // of a process that was given a pipe for framed logs (AWS's number)
// Added to the errno of an ExecDone: it is the working directory that cannot be entered.
inline constexpr int kWorkingDirectoryError = 1 << 16;
// Added to ENOENT: the program is there, and the interpreter that it names is not.
inline constexpr int kMissingInterpreterError = 1 << 17;
inline constexpr int kInitProcessesMax = 32;  // that init starts and names at one time; EAGAIN beyond

enum class InitCommandKind : uint32_t {
  Continue = 1,   // set-up only: the id maps are written
  Exec = 2,       // process; descriptors: configuration memfd, stdout, stderr, perhaps a pipe for framed logs
  KillAll = 3,    // everything but init
  Terminate = 4,  // SIGTERM to process
  Kill = 5,       // SIGKILL to process
};

struct InitCommand {
  InitCommandKind kind;
  uint32_t process;
};

enum class InitReportKind : uint32_t {
  WantsMaps = 1,  // set-up only: in its user namespace now; descriptors: the listener, perhaps the endpoint's and the traces' socket
  Failed = 2,     // set-up only: error = errno, process = the step (CageStep)
  Ready = 3,      // init runs
  ExecDone = 4,   // process, error
  Exited = 5,     // process, exit_code or signal
  AllKilled = 6,
};

struct InitReport {
  InitReportKind kind;
  uint32_t process;
  int32_t error;
  int32_t exit_code;
  int32_t signal;
};

}  // namespace mayfly::sandbox
