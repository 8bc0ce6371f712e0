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

#include "jail/kernel_files.h"

namespace mayfly::jail {
namespace {

constexpr const char* kPython = "/usr/bin/python3.11";

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
  kill(first.jail_pid(), SIGKILL);  // not reaped yet: a dead owner all the same
  EXPECT_EQ(ReadToEnd(process.out.get()), "") << "ends when the function has died";
  EXPECT_EQ(CgroupFolders("jailsweep"), left);
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
