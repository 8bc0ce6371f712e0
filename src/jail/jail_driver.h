// A stand-in for the daemon in tests: starts a real jail and talks to it, one blocking step after the other.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "sandbox/jail_protocol.h"
#include "sandbox/packet.h"

namespace mayfly::jail {

inline constexpr const char* kPython = "/usr/bin/python3.11";  // what tests run in cages, where it is there

struct DriverReport {
  sandbox::JailReport report{};
  std::map<uint32_t, UniqueFd> descriptors;  // by CageDescriptor
};

struct TestProcess {
  uint32_t number = 0;
  int error = 0;
  UniqueFd out;
  UniqueFd err;
};

struct ProcessEnd {
  int exit_code = 0;
  int signal = 0;
  std::string out;  // stdout, then stderr
  std::string err;
};

class JailDriver {
 public:
  // Folders for code and runtime below a fresh temporary folder.
  explicit JailDriver(const std::string& instance = "jailtest");
  ~JailDriver();  // Stop(), and the folder is removed

  // Starts the jail and waits for Hello. false: it ended instead.
  bool Start(std::vector<std::string> more_arguments = {});
  // Closes the socket, as a dead daemon would, and waits for the jail to end.
  void Stop();
  void KillJail();
  int jail_pid() const { return pid_; }
  int socket() const { return socket_.get(); }
  void Disown() { pid_ = 0; }

  // A package in the code folder; `fill` is the number that its name is made of.
  sandbox::JailRequest AssignRequest(uint32_t cage, uint8_t package) const;
  std::string PackagePath(uint8_t package) const;
  std::string runtime_dir() const { return folder_ + "/runtime"; }
  std::string folder() const { return folder_; }

  // Sends and waits for the answer (events that come meanwhile are kept for WaitEvent).
  DriverReport Call(sandbox::JailRequest request, std::vector<int> descriptors = {});
  uint32_t SendRequest(sandbox::JailRequest request, std::vector<int> descriptors = {});
  DriverReport WaitAnswer(uint32_t sequence);
  // The next event of `kind` (of `cage`, unless 0); nullopt after ten seconds.
  std::optional<sandbox::JailReport> WaitEvent(sandbox::JailReportKind kind, uint32_t cage = 0);

  DriverReport MakeCage(uint32_t flags = 0);
  // A cage that is assigned to package 1 with the given limits.
  uint32_t MakeAssignedCage(uint64_t memory_bytes = 256ull << 20, uint64_t tmp_bytes = 64ull << 20, uint32_t processes_max = 1024);
  TestProcess Exec(uint32_t cage, std::vector<std::string> arguments, std::vector<std::string> environment = {});
  TestProcess Fork(uint32_t cage, uint32_t zygote, std::vector<std::string> arguments, uint64_t group = 0);
  // Reads the output to its end and waits for the exit.
  ProcessEnd Finish(uint32_t cage, TestProcess process);
  // Exec and Finish of /usr/bin/python3.11 -I -S -c.
  ProcessEnd Python(uint32_t cage, const std::string& program);
  int Operate(sandbox::JailOperation operation, uint32_t cage, uint32_t process = 0);

 private:
  TestProcess StartProcess(sandbox::JailOperation operation, uint32_t cage, uint32_t zygote, const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment, uint64_t group = 0);
  bool Receive(std::chrono::steady_clock::time_point until);

  std::string instance_;
  std::string folder_;
  int pid_ = 0;
  UniqueFd socket_;
  uint32_t last_sequence_ = 0;
  uint32_t last_process_ = 0;
  std::map<uint32_t, DriverReport> answers_;
  std::vector<sandbox::JailReport> events_;
};

// A program for Python that tries to be killed later than others when memory runs out, and what it prints when it cannot: where the jail
// has CAP_SYS_RESOURCE.
extern const char* const kLowerOwnScore;
extern const char* const kScoreStays;
bool HasResourceCapability();

UniqueFd MakeConfiguration(const std::vector<std::string>& arguments, const std::vector<std::string>& environment, const std::string& folder);
std::string ReadToEnd(int fd);

// What a kernel file says now.
std::string ReadHere(const UniqueFd& fd);
// Every cgroup folder of a test instance that this machine has now.
std::set<std::string> CgroupFolders(const std::string& instance);

// Asks again and again until it holds; false after `limit`.
bool Eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace mayfly::jail
