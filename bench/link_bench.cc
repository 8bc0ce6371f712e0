// What links of cages to the router cost: makes N network namespaces, each with a link, as the jail makes them, beside N without.
//
//   link_bench [N] [ipv6]     2,000; as root
//
// Prints for each kind milliseconds of CPU and wall per namespace, and KiB of kernel memory (SUnreclaim, Percpu), which nothing but the
// kernel takes. Memory is the machine's: what else runs is noise, and goes up and down with it. Everything is gone at the end.
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "base/fd.h"
#include "jail/cage_network.h"
#include "sandbox/rtnetlink.h"

namespace {

using mayfly::UniqueFd;
using Clock = std::chrono::steady_clock;

struct Use {
  double cpu_ms = 0;
  double wall_ms = 0;
  long kernel_kib = 0;
};

[[noreturn]] void Fail(const char* what, int error) {
  std::fprintf(stderr, "link_bench: %s: %s\n", what, std::strerror(error));
  std::exit(1);
}

long KernelKib() {
  std::ifstream file("/proc/meminfo");
  long sum = 0;
  for (std::string name, unit, line; std::getline(file, line);) {
    if (line.starts_with("SUnreclaim:") || line.starts_with("Percpu:")) sum += std::strtol(line.c_str() + line.find(':') + 1, nullptr, 10);
  }
  return sum;
}

double CpuMs() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) { return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3; };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

UniqueFd OwnNamespace() { return UniqueFd(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)); }

void NewNamespace() {
  if (unshare(CLONE_NEWNET) != 0) Fail("unshare", errno);
}

// As a cage without a network has it.
void SetLoopbackUp() {
  const UniqueFd socket = mayfly::sandbox::OpenRtnetlink();
  mayfly::sandbox::NetlinkBatch batch;
  batch.SetUp(1);
  if (const int error = mayfly::sandbox::Carry(socket.get(), batch)) Fail("set loopback up", error);
}

// The namespaces live as long as what is returned.
std::vector<UniqueFd> Make(uint32_t count, const mayfly::jail::CageLink* link, int router_socket, int proc, Use& use) {
  std::vector<UniqueFd> namespaces;
  const long kib = KernelKib();
  const double cpu = CpuMs();
  const auto began = Clock::now();
  for (uint32_t i = 0; i < count; ++i) {
    NewNamespace();
    if (link == nullptr) {
      SetLoopbackUp();
    } else {
      mayfly::jail::CageLink one = *link;
      one.index = i;
      if (const int error = mayfly::jail::ConnectToRouter(one, router_socket, proc)) Fail("make a link", error);
    }
    namespaces.push_back(OwnNamespace());
  }
  use.wall_ms = std::chrono::duration<double, std::milli>(Clock::now() - began).count() / count;
  use.cpu_ms = (CpuMs() - cpu) / count;
  use.kernel_kib = (KernelKib() - kib) / static_cast<long>(count);
  return namespaces;
}

void Print(const char* kind, uint32_t count, const Use& use) {
  std::printf("%-10s %5u namespaces: %.2f ms CPU, %.2f ms, %ld KiB of kernel memory each\n", kind, count, use.cpu_ms, use.wall_ms, use.kernel_kib);
}

}  // namespace

int main(int argument_count, char** arguments) {
  const auto count = static_cast<uint32_t>(argument_count > 1 ? std::atoi(arguments[1]) : 2000);
  const UniqueFd proc(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  NewNamespace();
  const UniqueFd router = OwnNamespace();
  const UniqueFd router_socket = mayfly::sandbox::OpenRtnetlink();
  if (!proc || !router || !router_socket) Fail("open the router's namespace", errno);
  const mayfly::jail::CageLink link{.router = router.get(), .has_ipv6 = argument_count > 2};
  Use bare, linked;
  const auto without = Make(count, nullptr, -1, proc.get(), bare);
  Print("loopback", count, bare);
  const auto with = Make(count, &link, router_socket.get(), proc.get(), linked);
  Print("linked", count, linked);
  std::printf("a link: %.2f ms CPU, %ld KiB\n", linked.cpu_ms - bare.cpu_ms, linked.kernel_kib - bare.kernel_kib);
  return 0;
}
