// What is left when the daemon or the jail is killed: needs root.
#include "jail/jail_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "jail/kernel_files.h"

namespace mayfly::jail {
namespace {

// The pid of a helper process of the jail; 0: there is none.
pid_t HelperOf(pid_t jail, const std::string& name) {
  const std::string number = std::to_string(jail);
  std::istringstream children(ReadAt(AT_FDCWD, "/proc/" + number + "/task/" + number + "/children"));
  for (pid_t child; children >> child;) {
    if (ReadAt(AT_FDCWD, "/proc/" + std::to_string(child) + "/comm") == name + "\n") return child;
  }
  return 0;
}

// A jail that is killed: its janitor takes away what would stay.
TEST(JailCrashTest, DeadJailLeavesNoCgroup) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  JailDriver driver("jailgone");
  ASSERT_TRUE(driver.Start());
  const uint32_t cage = driver.MakeAssignedCage();
  const TestProcess process = driver.Exec(cage, {kPython, "-I", "-S", "-c", "import time; time.sleep(100)"});
  ASSERT_EQ(process.error, 0);
  driver.MakeCage();
  EXPECT_FALSE(CgroupFolders("jailgone").empty());
  kill(driver.jail_pid(), SIGKILL);
  EXPECT_EQ(ReadToEnd(process.out.get()), "") << "ends when the function has died";
  EXPECT_TRUE(Eventually([] { return CgroupFolders("jailgone").empty(); }));
}

// Its helpers may die: the jail goes on, and so do the limits.
TEST(JailCrashTest, HelpersAreStartedAgain) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  JailDriver driver("jailhelp");
  ASSERT_TRUE(driver.Start());
  DriverReport made = driver.MakeCage();
  const uint32_t cage = made.report.cage;
  sandbox::JailRequest assign = driver.AssignRequest(cage, 1);
  assign.memory_bytes = 64ull << 20;
  assign.tmp_bytes = 1024ull << 20;
  ASSERT_EQ(driver.Call(assign).report.error, 0);
  for (const char* name : {"mayfly-janitor", "mayfly-warden"}) {
    const pid_t before = HelperOf(driver.jail_pid(), name);
    ASSERT_GT(before, 0) << name;
    kill(before, SIGKILL);
    EXPECT_TRUE(Eventually([&] { return HelperOf(driver.jail_pid(), name) > 0 && HelperOf(driver.jail_pid(), name) != before; })) << name;
  }
  const ProcessEnd end = driver.Python(cage, "x = bytearray(500 << 20)\nprint('alive', flush=True)\ny = bytearray(500 << 20)");
  EXPECT_EQ(end.signal, SIGKILL) << "a cage of before has its limit";
  EXPECT_LT(strtoull(ReadHere(made.descriptors[sandbox::kMemoryPeak]).c_str(), nullptr, 10), 300ull << 20);
  const uint32_t next = driver.MakeAssignedCage();
  ASSERT_NE(next, 0u) << "cages can be made";
  EXPECT_EQ(driver.Python(next, "print(1)").out, "1\n");
  EXPECT_EQ(driver.Operate(sandbox::JailOperation::Destroy, next), 0);
  driver.Stop();
  EXPECT_TRUE(CgroupFolders("jailhelp").empty());
}

// A daemon that is killed: nothing of its cages may stay.
TEST(JailCrashTest, DeadDaemonLeavesNothing) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  int ready[2];
  ASSERT_EQ(pipe2(ready, O_CLOEXEC), 0);
  const pid_t daemon = fork();
  if (daemon == 0) {
    JailDriver driver("jailcrash");
    std::string said = "failed";
    if (driver.Start()) {
      const uint32_t cage = driver.MakeAssignedCage();
      const TestProcess process = driver.Exec(cage, {kPython, "-I", "-S", "-c", "import time; time.sleep(100)"});
      driver.MakeCage();
      if (process.error == 0) said = std::to_string(driver.jail_pid()) + " " + driver.folder();
    }
    if (write(ready[1], said.data(), said.size()) < 0) _exit(1);
    pause();
  }
  close(ready[1]);
  char text[256] = {};
  ASSERT_GT(read(ready[0], text, sizeof text - 1), 0);
  char folder[200] = {};
  int jail = 0;
  ASSERT_EQ(sscanf(text, "%d %199s", &jail, folder), 2) << text;
  EXPECT_FALSE(CgroupFolders("jailcrash").empty());
  kill(daemon, SIGKILL);
  waitpid(daemon, nullptr, 0);
  EXPECT_TRUE(Eventually([&] { return kill(jail, 0) != 0 || ReadAt(AT_FDCWD, "/proc/" + std::to_string(jail) + "/cmdline").empty(); }));
  EXPECT_TRUE(CgroupFolders("jailcrash").empty());
  std::filesystem::remove_all(folder);
}

// A jail that is killed: its cages die with it, and the next one sweeps what they left.
TEST(JailCrashTest, NextJailSweeps) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  JailDriver first("jailsweep");
  ASSERT_TRUE(first.Start());
  const uint32_t cage = first.MakeAssignedCage();
  const TestProcess process = first.Exec(cage, {kPython, "-I", "-S", "-c", "import time; time.sleep(100)"});
  ASSERT_EQ(process.error, 0);
  const std::set<std::string> left = CgroupFolders("jailsweep");
  const pid_t janitor = HelperOf(first.jail_pid(), "mayfly-janitor");
  kill(janitor, SIGSTOP);  // it cannot clean up, and dies later
  kill(first.jail_pid(), SIGKILL);  // not reaped yet: a dead owner all the same
  EXPECT_EQ(ReadToEnd(process.out.get()), "") << "ends when the function has died";
  EXPECT_EQ(CgroupFolders("jailsweep"), left);
  kill(janitor, SIGKILL);
  JailDriver second("jailsweep");
  ASSERT_TRUE(second.Start());
  for (const std::string& folder : CgroupFolders("jailsweep")) EXPECT_FALSE(left.contains(folder)) << folder;
  JailDriver third("jailsweep");
  ASSERT_TRUE(third.Start()) << "a living owner's tree is not touched";
  EXPECT_EQ(second.MakeCage().report.error, 0);
  second.Stop();
  third.Stop();
  EXPECT_TRUE(CgroupFolders("jailsweep").empty());
}

}  // namespace
}  // namespace mayfly::jail
