#include "jail/jail_driver.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "jail/cgroup_mounts.h"
#include "jail/kernel_files.h"

namespace mayfly::jail {

using namespace std::chrono_literals;
using sandbox::JailOperation;
using sandbox::JailReport;
using sandbox::JailReportKind;
using sandbox::JailRequest;

const char* const kLowerOwnScore = R"(
def tried(file, value):
    try: open(file, 'w').write(value)
    except OSError: pass
    return int(open('/proc/self/oom_score_adj').read())
print(tried('/proc/self/oom_score_adj', '0'), tried('/proc/self/oom_score_adj', '999'), tried('/proc/self/oom_adj', '0'))
)";
bool HasResourceCapability() { return prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE) == 1; }
const char* const kScoreStays = "1000 1000 1000\n";

UniqueFd MakeConfiguration(const std::vector<std::string>& arguments, const std::vector<std::string>& environment, const std::string& folder) {
  std::string bytes;
  for (const size_t count : {arguments.size(), environment.size()}) {
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(count >> shift & 0xff);
  }
  for (const auto* list : {&arguments, &environment}) {
    for (const std::string& text : *list) bytes += text + '\0';
  }
  bytes += folder + '\0';
  UniqueFd file(memfd_create("configuration", MFD_CLOEXEC));
  if (write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return {};
  return file;
}

std::string ReadToEnd(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(size));
  return text;
}

JailDriver::JailDriver(const std::string& instance) : instance_(instance) {
  char name[] = "/tmp/mayfly-jail-test-XXXXXX";
  folder_ = mkdtemp(name);
  chmod(folder_.c_str(), 0755);
  std::filesystem::create_directories(PackagePath(1));
  std::filesystem::create_directories(runtime_dir() + "/python");
  std::filesystem::create_directories(runtime_dir() + "/zygote");
  std::ofstream(PackagePath(1) + "/hello.txt") << "hello from the package";
}

JailDriver::~JailDriver() {
  Stop();
  std::filesystem::remove_all(folder_);
}

std::string JailDriver::PackagePath(uint8_t package) const {
  std::string name;
  for (int i = 0; i < 32; ++i) name += {"0123456789abcdef"[package >> 4], "0123456789abcdef"[package & 15]};
  std::filesystem::create_directories(folder_ + "/code/" + name);
  return folder_ + "/code/" + name + "/root";
}

bool JailDriver::Start(std::vector<std::string> more_arguments) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return false;
  socket_.Reset(pair[0]);
  std::vector<std::string> arguments{MAYFLY_JAIL, "--instance", instance_, "--runtime-dir", runtime_dir(), "--code-dir", folder_ + "/code",
                                     "--init", MAYFLY_INIT, "--cages-max", "64"};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  pid_ = fork();
  if (pid_ == 0) {
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    if (pair[1] == 3) fcntl(3, F_SETFD, 0);
    else dup2(pair[1], 3);
    execv(MAYFLY_JAIL, pointers.data());
    _exit(127);
  }
  close(pair[1]);
  return WaitEvent(JailReportKind::Hello).has_value();
}

void JailDriver::Stop() {
  socket_.Reset();
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void JailDriver::KillJail() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

bool JailDriver::Receive(std::chrono::steady_clock::time_point until) {
  pollfd source{socket_.get(), POLLIN, 0};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  if (left.count() <= 0 || poll(&source, 1, static_cast<int>(left.count())) <= 0) return false;
  DriverReport received;
  sandbox::PacketDescriptors descriptors;
  if (sandbox::ReceivePacket(socket_.get(), received.report, descriptors) != 0) return false;
  int next = 0;
  for (uint32_t bit = 1; bit <= sandbox::kTraces; bit <<= 1) {
    if (received.report.descriptors & bit) received.descriptors[bit] = std::move(descriptors.fds[next++]);
  }
  if (received.report.kind == JailReportKind::Answer) answers_[received.report.sequence] = std::move(received);
  else events_.push_back(received.report);
  return true;
}

uint32_t JailDriver::SendRequest(JailRequest request, std::vector<int> descriptors) {
  if (request.version == 0) request.version = sandbox::kJailProtocolVersion;
  if (request.sequence == 0) request.sequence = ++last_sequence_;
  sandbox::SendPacket(socket_.get(), request, descriptors);
  return request.sequence;
}

DriverReport JailDriver::WaitAnswer(uint32_t sequence) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!answers_.contains(sequence)) {
    if (Receive(until)) continue;
    DriverReport none;
    none.report.error = ETIMEDOUT;
    return none;
  }
  DriverReport answer = std::move(answers_[sequence]);
  answers_.erase(sequence);
  return answer;
}

DriverReport JailDriver::Call(JailRequest request, std::vector<int> descriptors) { return WaitAnswer(SendRequest(request, std::move(descriptors))); }

std::optional<JailReport> JailDriver::WaitEvent(JailReportKind kind, uint32_t cage) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  for (;;) {
    for (auto event = events_.begin(); event != events_.end(); ++event) {
      if (event->kind != kind || (cage != 0 && event->cage != cage)) continue;
      const JailReport found = *event;
      events_.erase(event);
      return found;
    }
    if (!Receive(until)) return std::nullopt;
  }
}

DriverReport JailDriver::MakeCage(uint32_t flags) {
  JailRequest request{};
  request.operation = JailOperation::MakeCage;
  request.flags = flags;
  return Call(request);
}

JailRequest JailDriver::AssignRequest(uint32_t cage, uint8_t package) const {
  JailRequest request{};
  request.operation = JailOperation::Assign;
  request.cage = cage;
  request.memory_bytes = 256ull << 20;
  request.tmp_bytes = 64ull << 20;
  request.processes_max = 1024;
  memset(request.code, package, sizeof request.code);
  return request;
}

uint32_t JailDriver::MakeAssignedCage(uint64_t memory_bytes, uint64_t tmp_bytes, uint32_t processes_max) {
  const DriverReport made = MakeCage();
  if (made.report.error != 0) return 0;
  JailRequest request = AssignRequest(made.report.cage, 1);
  request.memory_bytes = memory_bytes;
  request.tmp_bytes = tmp_bytes;
  request.processes_max = processes_max;
  return Call(request).report.error == 0 ? made.report.cage : 0;
}

TestProcess JailDriver::StartProcess(JailOperation operation, uint32_t cage, uint32_t zygote, const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& environment, uint64_t group) {
  TestProcess process;
  process.number = ++last_process_;
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) return process;
  process.out.Reset(out[0]);
  process.err.Reset(err[0]);
  const UniqueFd out_writer(out[1]);
  const UniqueFd err_writer(err[1]);
  const UniqueFd configuration = MakeConfiguration(arguments, environment, "/var/task");
  JailRequest request{};
  request.operation = operation;
  request.cage = cage;
  request.process = process.number;
  request.zygote_index = zygote;
  request.zygote_group = group;
  process.error = Call(request, {configuration.get(), out_writer.get(), err_writer.get()}).report.error;
  return process;
}

TestProcess JailDriver::Exec(uint32_t cage, std::vector<std::string> arguments, std::vector<std::string> environment) {
  return StartProcess(JailOperation::Exec, cage, 0, arguments, environment);
}

TestProcess JailDriver::Fork(uint32_t cage, uint32_t zygote, std::vector<std::string> arguments, uint64_t group) {
  return StartProcess(JailOperation::Fork, cage, zygote, arguments, {"PATH=/usr/bin"}, group);
}

ProcessEnd JailDriver::Finish(uint32_t cage, TestProcess process) {
  ProcessEnd end;
  if (process.error != 0) {
    end.exit_code = -process.error;
    return end;
  }
  end.out = ReadToEnd(process.out.get());
  end.err = ReadToEnd(process.err.get());
  const std::optional<JailReport> exited = WaitEvent(JailReportKind::ProcessExited, cage);
  if (!exited || exited->process != process.number) {
    end.exit_code = -1;
    return end;
  }
  end.exit_code = exited->exit_code;
  end.signal = exited->signal;
  return end;
}

ProcessEnd JailDriver::Python(uint32_t cage, const std::string& program) {
  return Finish(cage, Exec(cage, {"/usr/bin/python3.11", "-I", "-S", "-c", program}));
}

int JailDriver::Operate(JailOperation operation, uint32_t cage, uint32_t process) {
  JailRequest request{};
  request.operation = operation;
  request.cage = cage;
  request.process = process;
  return Call(request).report.error;
}

std::string ReadHere(const UniqueFd& fd) {
  char text[4096] = {};
  const ssize_t size = pread(fd.get(), text, sizeof text - 1, 0);
  return std::string(text, size > 0 ? static_cast<size_t>(size) : 0);
}

std::set<std::string> CgroupFolders(const std::string& instance) {
  const CgroupMounts mounts = FindCgroups(ReadAt(AT_FDCWD, "/proc/self/cgroup"), ReadAt(AT_FDCWD, "/proc/self/mountinfo"));
  std::set<std::string> roots{mounts.unified};
  for (const auto& [controller, folder] : mounts.v1) roots.insert(folder);
  std::set<std::string> found;
  for (const std::string& root : roots) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(root, ignored)) {
      if (entry.path().filename().string().starts_with("mayfly-" + instance + ".")) found.insert(entry.path());
    }
  }
  return found;
}

bool Eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  for (const auto until = std::chrono::steady_clock::now() + limit; std::chrono::steady_clock::now() < until;) {
    if (condition()) return true;
    poll(nullptr, 0, 5);
  }
  return false;
}

}  // namespace mayfly::jail
