// mayfly-router: functions' way out. Started by mayflyd (as root, descriptor 3 = a SOCK_SEQPACKET socket to it) before mayflyd gives
// up its own privileges. Ends with it.
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "router/function_router.h"
#include "router/router_options.h"

namespace {

using namespace mayfly::router;

int Fail(const std::string& what) {
  fprintf(stderr, "mayfly-router: %s\n", what.c_str());
  return 1;
}

// Rules, links and settings of networks are all that is left to do.
int KeepNetworkCapability() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  sets[0].permitted = sets[0].effective = 1u << CAP_NET_ADMIN;
  return syscall(SYS_capset, &header, sets) == 0 ? 0 : errno;
}

}  // namespace

int main(int argument_count, char** arguments) {
  Options options;
  if (std::string wrong = ParseOptions(argument_count, arguments, options); !wrong.empty()) return Fail(wrong);
  struct stat status{};
  const int control = mayfly::sandbox::kRouterControlDescriptor;
  if (fstat(control, &status) != 0 || !S_ISSOCK(status.st_mode)) return Fail("is started by mayflyd, not by hand: descriptor 3 is no socket");
  fcntl(control, F_SETFD, FD_CLOEXEC);
  clearenv();
  umask(022);
  // As with the jail: it lives until the daemon has gone, whatever a terminal or a service manager sends to the whole group.
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) signal(number, SIG_IGN);
  Router router(options);
  std::string failure = router.Open();
  if (failure.empty() && KeepNetworkCapability() != 0) failure = std::string("drop capabilities: ") + strerror(errno);
  if (failure.empty()) router.Serve();
  router.Close();
  return failure.empty() ? 0 : Fail(failure);
}
