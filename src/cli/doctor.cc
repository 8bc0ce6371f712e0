// mayfly doctor: can this machine run functions, and if not, what mends it?
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <sstream>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/files.h"
#include "catalog/runtimes.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/terminal.h"
#include "images/runtime_images.h"
#include "mayflyd/command_line.h"
#include "mayflyd/interpreters.h"
#include "net/http_server.h"
#include "uplink/network_options.h"

namespace mayfly::cli {
namespace {

// A line per check: ok, note, FAIL with how to mend it.
class Report {
 public:
  void Ok(std::string_view what, std::string_view detail) { Print(Style::Good, "ok  ", what, detail); }
  void Note(std::string_view what, std::string_view detail) { Print(Style::Warning, "note", what, detail); }
  void Failed(std::string_view what, std::string_view detail, std::string_view mend) {
    Print(Style::Bad, "FAIL", what, detail);
    fmt::print("      {:<22} {}\n", "", mend);
    ++failures_;
  }
  int failures() const { return failures_; }

 private:
  void Print(Style style, std::string_view verdict, std::string_view what, std::string_view detail) const {
    fmt::print("{}  {:<22} {}\n", Styled(terminal_, style, verdict), what, detail);
  }
  Terminal terminal_ = TerminalOf(STDOUT_FILENO);
  int failures_ = 0;
};

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// Whether /proc/mounts has a file system of `type`, with `option` among its options when that is not empty.
bool HasMount(const std::string& mounts, std::string_view type, std::string_view option) {
  std::istringstream lines(mounts);
  for (std::string line; std::getline(lines, line);) {
    std::string device, place, found_type, options;
    std::istringstream(line) >> device >> place >> found_type >> options;
    if (found_type != type) continue;
    if (option.empty() || (',' + options + ',').find(',' + std::string(option) + ',') != std::string::npos) return true;
  }
  return false;
}

void CheckUser(Report& report) {
  if (::geteuid() == 0) report.Ok("privileges", "root (the daemon gives them up; mayfly-jail keeps what it needs)");
  else report.Failed("privileges", "not root", "run 'mayfly serve' as root: sandboxes need namespaces, mounts and cgroups");
}

void CheckKernel(Report& report) {
  utsname names{};
  ::uname(&names);
  int major = 0, minor = 0;
  std::sscanf(names.release, "%d.%d", &major, &minor);
  if (major > 5 || (major == 5 && minor >= 14)) report.Ok("kernel", names.release);
  else report.Failed("kernel", names.release, "5.14 or newer is needed (mount_setattr, cgroup.kill): Debian 12 has 6.1");
  auto namespaces = ReadFile("/proc/sys/user/max_user_namespaces");
  if (namespaces && std::atoi(namespaces->c_str()) > 0) report.Ok("user namespaces", "at most " + namespaces->substr(0, namespaces->find('\n')));
  else report.Failed("user namespaces", "switched off", "sysctl -w user.max_user_namespaces=100000");
  if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0) report.Ok("seccomp", "available");
  else report.Failed("seccomp", "not in this kernel", "a kernel with CONFIG_SECCOMP_FILTER is needed");
}

void CheckCgroups(Report& report) {
  auto mounts = ReadFile("/proc/mounts");
  const std::string text = mounts ? *mounts : "";
  const bool v2 = HasMount(text, "cgroup2", "");
  auto controllers = ReadFile("/sys/fs/cgroup/cgroup.controllers");
  if (v2 && controllers && controllers->find("memory") != std::string::npos) {
    const bool all = controllers->find("cpu") != std::string::npos && controllers->find("pids") != std::string::npos;
    if (all) report.Ok("cgroups", "version 2 with memory, cpu and pids");
    else report.Failed("cgroups", "version 2 without " + std::string(controllers->find("pids") == std::string::npos ? "pids" : "cpu"),
                       "enable the controllers in the parent's cgroup.subtree_control");
    return;
  }
  std::string missing;
  for (const char* controller : {"memory", "cpu", "pids"}) {
    if (!HasMount(text, "cgroup", controller)) missing += std::string(missing.empty() ? "" : ", ") + controller;
  }
  if (missing.empty()) report.Ok("cgroups", v2 ? "version 1, with an empty version 2 tree for freezing and killing" : "version 1 only: killing is slower");
  else report.Failed("cgroups", "no controller for " + missing, "boot with systemd.unified_cgroup_hierarchy=1, or mount the controllers");
}

void CheckInterpreters(Report& report, const daemon::Options& options) {
  auto found = daemon::FindInterpreters(options.lambda.settings.catalog, options.data_dir);
  if (!found) return report.Failed("interpreters", found.error().message, "mend --interpreter");
  for (const catalog::Interpreter& interpreter : *found) {
    report.Ok(catalog::FamilyName(interpreter.family),
              fmt::format("{} at {}{}", interpreter.full_version, interpreter.host_path,
                          interpreter.root_index ? ", seen by functions as " + interpreter.cage_path : ""));
  }
  const catalog::RuntimeTable table = daemon::MakeRuntimeTable(options.lambda.settings.catalog, *found, images::FindRuntimeImages(options.data_dir, 1));
  const WallTime now = SystemClock().WallNow();
  for (const catalog::RuntimeIdentifier& identifier : catalog::RuntimeIdentifiers()) {
    if (!table.CheckUse(identifier.name, catalog::RuntimeUse::Create, now)) continue;
    auto choice = table.Resolve(identifier.name);
    if (!choice) report.Note(identifier.name, fmt::format("not served here: mayfly runtime install {}", identifier.name));
    else if (choice->image) report.Ok(identifier.name, "runs in " + choice->image->reference);
    else if (identifier.family == catalog::RuntimeFamily::Provided) report.Ok(identifier.name, "runs the package's own bootstrap");
    else if (identifier.family == catalog::RuntimeFamily::Go) report.Ok(identifier.name, "runs the package's own program, called as the handler");
    else if (choice->exact) report.Ok(identifier.name, "runs on " + choice->interpreter->full_version);
    else report.Note(identifier.name, "runs on " + choice->interpreter->full_version + fmt::format(", the nearest here; exactly: mayfly runtime install {} (--runtime-match strict refuses)", identifier.name));
  }
}

void CheckListen(Report& report, const daemon::Options& options) {
  const size_t colon = options.listen.rfind(':');
  const int port = colon == std::string::npos ? 0 : std::atoi(options.listen.c_str() + colon + 1);
  auto listener = http::ListenTcp(options.listen.substr(0, colon), static_cast<uint16_t>(port));
  if (listener) report.Ok("port", options.listen + " is free");
  else report.Note("port", options.listen + ": " + listener.error().message + " (a running daemon? try 'mayfly status', or another --listen)");
}

void CheckDisk(Report& report, const daemon::Options& options) {
  std::string path = options.data_dir;
  while (!Exists(path) && path.size() > 1) path = path.substr(0, std::max<size_t>(path.rfind('/'), 1));
  struct statvfs disk{};
  if (::statvfs(path.c_str(), &disk) != 0) return report.Failed("data dir", path + ": cannot be read", "choose another --data-dir");
  const uint64_t free_mib = disk.f_bavail * disk.f_frsize >> 20;
  const std::string detail = fmt::format("{} ({} MiB free)", options.data_dir, free_mib);
  if (free_mib >= 1024) report.Ok("data dir", detail);
  else report.Failed("data dir", detail, "free at least 1 GiB, or choose another --data-dir");
}

void CheckPrograms(Report& report) {
  const std::string& bin = daemon::ProgramDirectory();
  for (const char* program : {"mayfly-jail", "mayfly-router", "mayfly-init"}) {
    if (Exists(bin + '/' + program)) report.Ok(program, bin + '/' + program);
    else report.Failed(program, "not beside this program", "build or install Mayfly whole: ./dev build");
  }
}

// What the router will find; it says itself what is wrong when the daemon starts.
void CheckNetwork(Report& report, const daemon::Options& options) {
  const bool open = options.identity.authenticator.mode == identity::AuthMode::Open;
  auto plan = uplink::PlanNetwork(options.network, open ? uplink::Trust::OwnMachine : uplink::Trust::Strict, 0);
  if (!plan) return report.Failed("network", plan.error().message, "mend --function-network");
  if (!plan->has_network) return report.Note("network", "functions reach nothing (--function-network none)");
  if (!Exists("/proc/sys/net/netfilter/nf_conntrack_max") && !Exists("/sys/module/nf_tables")) {
    report.Note("network", "nf_tables is not loaded: functions have no network unless the kernel can load it");
  }
  report.Ok("network", "functions reach " + plan->Text());
  auto tables = ReadFile("/proc/net/ip_tables_names");
  if (tables && tables->find("filter") != std::string::npos) {
    report.Note("iptables-legacy", "is in use: its FORWARD chain has to accept what comes from, and goes to, mf-+");
  }
}

int RunDoctor(const daemon::Options& options) {
  Report report;
  CheckUser(report);
  CheckKernel(report);
  CheckCgroups(report);
  CheckPrograms(report);
  CheckInterpreters(report, options);
  CheckListen(report, options);
  CheckNetwork(report, options);
  CheckDisk(report, options);
  fmt::print("\n{}\n", report.failures() == 0 ? "This machine can run functions." : fmt::format("{} checks failed.", report.failures()));
  return report.failures() == 0 ? kDone : kFailed;
}

}  // namespace

void AddDoctorCommand(Program& program) {
  CLI::App* command = program.app().add_subcommand("doctor", "check kernel, cgroups, interpreters and ports, and say how to mend what is missing");
  daemon::AddOptions(*command, program.daemon_options());
  program.OnCommand(command, [&program] { return RunDoctor(program.daemon_options()); });
}

}  // namespace mayfly::cli
