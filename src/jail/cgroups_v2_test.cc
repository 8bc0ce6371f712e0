// Limits through cgroup2 controllers, on a folder that looks like a cgroup: what is written where, for machines that have no cgroup v1.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "jail/cgroup_mounts.h"
#include "jail/cgroups.h"
#include "jail/kernel_files.h"

namespace mayfly::jail {
namespace {

class CgroupsV2Test : public testing::Test {
 protected:
  CgroupsV2Test() : own_(std::filesystem::temp_directory_path() / ("cgroups-" + std::to_string(getpid())) / "own") {
    std::filesystem::create_directories(own_);
    Write("cgroup.controllers", "cpuset cpu io memory pids\n");
    Write("cgroup.subtree_control", "memory pids cpu\n");
    Write("cgroup.procs", "");
  }
  ~CgroupsV2Test() override { std::filesystem::remove_all(own_.parent_path()); }

  void Write(const std::filesystem::path& name, const std::string& text) {
    std::filesystem::create_directories((own_ / name).parent_path());
    std::ofstream(own_ / name) << text;
  }
  std::string Read(const std::filesystem::path& name) {
    std::ifstream file(own_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // What the kernel puts into a new cgroup.
  void Fill(const std::filesystem::path& folder, const std::string& controllers) {
    Write(folder / "cgroup.subtree_control", controllers);
    for (const char* name : {"cgroup.kill", "cgroup.freeze", "cgroup.procs", "memory.max", "memory.swap.max", "pids.max", "cpu.max"}) Write(folder / name, "");
    Write(folder / "cgroup.events", "populated 0\nfrozen 0\n");
    Write(folder / "memory.current", "4096\n");
    Write(folder / "memory.stat", "anon 1\nfile 2\n");
    Write(folder / "memory.events", "low 0\noom 0\noom_kill 3\noom_group_kill 0\n");
    Write(folder / "cpu.stat", "usage_usec 5\n");
  }
  std::unique_ptr<CgroupTree> Open(const TreeLimits& limits = {}, const std::string& handed_down = "memory pids cpu") {
    Fill(tree_folder_, handed_down);
    CgroupMounts mounts;
    mounts.unified = unified_.string();
    return CgroupTree::Open(mounts, "v2test", limits, error_);
  }

  const UniqueFd proc_{open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  std::filesystem::path own_;
  std::filesystem::path unified_ = own_;  // where this process is
  // The jail's name for it; there before the jail makes it, since nobody else fills it.
  std::filesystem::path tree_folder_ = "mayfly-v2test." + std::to_string(getpid()) + "." + std::to_string(ProcessStartTime(proc_.get(), getpid()));
  std::string error_;
};

TEST_F(CgroupsV2Test, ACageHasItsLimits) {  // else functions on such a machine have none
  auto tree = Open();
  ASSERT_TRUE(tree) << error_;
  EXPECT_TRUE(tree->limits_are_v2());
  EXPECT_TRUE(tree->has_core());
  const auto cage = tree_folder_ / "cage-7";
  Fill(cage, "");  // Create finds it there
  ASSERT_EQ(tree->Create(7), 0);
  EXPECT_EQ(Read(cage / "memory.swap.max"), "0");
  CageGroup group;
  CageGroupPorts ports;
  ASSERT_EQ(tree->OpenCage(7, group, ports), 0);
  ASSERT_EQ(tree->SetLimits(7, group, {.memory_bytes = 100, .sum_bytes = 300, .processes_max = 24}), 0);
  EXPECT_EQ(Read(cage / "memory.max"), "300");
  EXPECT_EQ(Read(cage / "pids.max"), "24");
  EXPECT_TRUE(group.kill && group.events && group.memory_limit && group.memory_usage);
  EXPECT_FALSE(group.socket_usage) << "v2 counts buffers of sockets as memory";
  EXPECT_TRUE(ports.memory_stat && ports.oom_counter && ports.cpu_quota && ports.cpu_usage && ports.freeze && ports.memory_usage);
  EXPECT_EQ(WriteTo(ports.freeze.get(), "1"), 0);
  EXPECT_EQ(Read(cage / "cgroup.freeze"), "1");
}

TEST_F(CgroupsV2Test, WithoutAPeakWhatIsUsedCounts) {  // else Max Memory Used never moves before Linux 5.19
  auto tree = Open();
  ASSERT_TRUE(tree);
  Fill(tree_folder_ / "cage-1", "");
  CageGroup group;
  CageGroupPorts ports;
  ASSERT_EQ(tree->OpenCage(1, group, ports), 0);
  char text[16] = {};
  ASSERT_GT(pread(ports.memory_peak.get(), text, sizeof text, 0), 0);
  EXPECT_STREQ(text, "4096\n");
  Write(tree_folder_ / "cage-1" / "memory.peak", "8192\n");
  ASSERT_EQ(tree->OpenCage(1, group, ports), 0);
  ASSERT_GT(pread(ports.memory_peak.get(), text, sizeof text, 0), 0);
  EXPECT_STREQ(text, "8192\n");
}

TEST_F(CgroupsV2Test, TheTreeHandsItsControllersDown) {  // else cages have no limits, or all of them together
  for (const char* missing : {"memory", "pids", "cpu"}) {
    std::string others;
    for (const char* name : {"memory", "pids", "cpu"}) others += std::string(name) == missing ? "        " : std::string(name) + " ";
    ASSERT_TRUE(Open({.memory_bytes = 1 << 20, .processes_max = 100}, others)) << error_;
    EXPECT_TRUE(Read(tree_folder_ / "cgroup.subtree_control").starts_with(std::string("+") + missing)) << missing;
  }
  EXPECT_EQ(Read(tree_folder_ / "memory.max"), "1048576");
  EXPECT_EQ(Read(tree_folder_ / "pids.max"), "100");
}

TEST_F(CgroupsV2Test, WithoutControllersItSaysWhy) {  // else the operator is left alone
  Write("cgroup.controllers", "hugetlb\n");
  EXPECT_FALSE(Open());
  EXPECT_NE(error_.find("no memory and pids controllers"), std::string::npos) << error_;
  Write("cgroup.controllers", "memory.swap pids\n");
  EXPECT_FALSE(Open()) << "a name that only begins so";
}

TEST_F(CgroupsV2Test, AfterARestartTheTreeStandsBesideTheSupervisor) {  // else trees nest with each restart
  Write("mayfly-supervisor/cgroup.procs", "");
  unified_ = own_ / "mayfly-supervisor";
  ASSERT_TRUE(Open()) << error_;
  EXPECT_FALSE(std::filesystem::exists(unified_ / tree_folder_));
}

}  // namespace
}  // namespace mayfly::jail
