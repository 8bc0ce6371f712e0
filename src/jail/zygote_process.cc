#include "jail/zygote_process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "jail/capabilities.h"
#include "jail/house.h"
#include "jail/kernel_files.h"

namespace mayfly::jail {
namespace {

constexpr int kZygoteDescriptor = 3;

// The name of the step that failed (with errno), or nullptr.
const char* Prepare(const ZygoteOptions& options, int socket) {
  if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC) != 0) return "make namespaces";
  if (options.root_index != 0) {
    const std::string root = "/roots/" + std::to_string(options.root_index);
    if (mount(root.c_str(), "/template/var/lang", nullptr, MS_BIND | MS_REC, nullptr) != 0) return "bind the interpreter";
  }
  if (mount("tmpfs", "/template/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=1m") != 0) return "mount /tmp";
  if (EnterTemplate() != 0) return "enter the template";
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0) return "open /dev/null";  // errors still go to the jail's log
  if (dup2(socket, kZygoteDescriptor) < 0 || fcntl(kZygoteDescriptor, F_SETFD, 0) != 0) return "pass the socket";
  const rlimit no_core{1, 1};  // as sandbox/function_user.cc has it
  setrlimit(RLIMIT_CORE, &no_core);
  if (KeepZygoteCapabilities() != 0) return "drop capabilities";
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return "tie it to the jail";
  return nullptr;
}

}  // namespace

void RunZygoteProcess(const ZygoteOptions& options, int socket) {
  ResetSignals();
  const char* failed = Prepare(options, socket);
  if (failed == nullptr) {
    const char* const arguments[] = {options.interpreter.c_str(), "-I", "-S", "/var/runtime/python/zygote.py", "3", nullptr};
    // Interpreters outside /usr often have their own library beside them, under a path that is not there any more.
    const char* const libraries = options.root_index != 0 ? "LD_LIBRARY_PATH=/var/lang/lib" : nullptr;
    const char* const environment[] = {"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", libraries, nullptr};
    execve(arguments[0], const_cast<char* const*>(arguments), const_cast<char* const*>(environment));
    failed = "execute the interpreter";
  }
  fprintf(stderr, "mayfly-jail: zygote %s: cannot %s: %s\n", options.interpreter.c_str(), failed, strerror(errno));
  _exit(1);
}

}  // namespace mayfly::jail
