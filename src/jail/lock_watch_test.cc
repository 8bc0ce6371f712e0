// Locks of ranges of files: who holds too many, found in what the kernel shows.
#include "jail/lock_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/fd.h"

namespace mayfly::jail {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using TimePoint = std::chrono::steady_clock::time_point;

TEST(LockLinesTest, OnlyHoldersOfRangesCount) {  // else who waits, or a lock of another kind, counts against a function
  EXPECT_EQ(HolderOfRange("12: POSIX  ADVISORY  WRITE 605 00:18:1046 0 EOF"), 605);
  EXPECT_EQ(HolderOfRange("1: POSIX  ADVISORY  READ  7 08:01:5 100 200"), 7);
  for (const char* line : {"", "1:", "12: -> POSIX  ADVISORY  WRITE 605 00:18:1046 0 EOF", "3: FLOCK  ADVISORY  WRITE 4 00:18:1 0 EOF",
                           "4: OFDLCK ADVISORY  WRITE -1 00:18:1 0 EOF", "5: LEASE  ACTIVE    READ  4 00:18:1 0 EOF", "POSIX ADVISORY WRITE 605",
                           "6: POSIX  ADVISORY  WRITE 99999999999 00:18:1046 0 EOF", "6: POSIX  ADVISORY  WRITE -5 00:18:1046 0 EOF"}) {
    EXPECT_EQ(HolderOfRange(line), 0) << line;
  }
}

TEST(LockLinesTest, CagesAreThoseOfThisTree) {  // else another daemon's function is killed, or none
  EXPECT_EQ(CageOfGroups("8:pids:/a/mayfly-x.1.2/cage-7\n0::/a/mayfly-x.1.2/cage-7\n", "mayfly-x.1.2"), 7u);
  EXPECT_EQ(CageOfGroups("0::/mayfly-x.1.2/cage-12/inner\n", "mayfly-x.1.2"), 12u);
  for (const char* groups : {"", "0::/\n", "0::/mayfly-x.1.23/cage-7\n", "0::/mayfly-x.1.2/cage-\n", "0::/mayfly-x.1.2/cage-x\n", "0::/cage-7\n"}) {
    EXPECT_EQ(CageOfGroups(groups, "mayfly-x.1.2"), 0u) << groups;
  }
}

class LockWatchTest : public testing::Test {
 protected:
  LockWatchTest() : folder_(std::filesystem::temp_directory_path() / ("locks-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    proc_.Reset(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    Memory(100);
  }
  ~LockWatchTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  void Memory(uint64_t mib) { Write("meminfo", "MemTotal: 1 kB\nSUnreclaim:  " + std::to_string(mib << 10) + " kB\n"); }
  void Process(int pid, uint32_t cage) { Write(std::to_string(pid) + "/cgroup", "4:memory:/tree/cage-" + std::to_string(cage) + "\n0::/\n"); }
  static std::string Locks(int pid, uint32_t count) {
    std::string text;
    for (uint32_t i = 0; i < count; ++i) text += std::to_string(i) + ": POSIX  ADVISORY  WRITE " + std::to_string(pid) + " 00:18:1046 0 EOF\n";
    return text;
  }

  std::filesystem::path folder_;
  UniqueFd proc_;
  TimePoint now_ = TimePoint{} + seconds(1000);
};

TEST_F(LockWatchTest, WhoHoldsTooManyTogetherIsFound) {  // else a function spreads its locks over processes
  Process(10, 1);
  Process(11, 1);
  Process(20, 2);
  Write("locks", Locks(10, kLocksMax / 2) + Locks(20, kLocksMax) + Locks(30, kLocksMax + 1) + Locks(11, kLocksMax / 2 + 1));
  LockWatch watch(proc_.get(), "tree");
  const std::vector<LockHolders> found = watch.Look(now_);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].cage, 1u);
  EXPECT_EQ(found[0].locks, kLocksMax + 1);
  EXPECT_EQ(found[0].pids, (std::vector<int>{10, 11}));
  EXPECT_TRUE(watch.IsIn(1, 11));
  EXPECT_FALSE(watch.IsIn(1, 20));
  EXPECT_FALSE(watch.IsIn(1, 30));
  EXPECT_FALSE(watch.IsIn(0, 30));
}

TEST_F(LockWatchTest, TheListIsReadWhenTheKernelGrows) {  // else it is read all the time, or too late
  Process(10, 1);
  LockWatch watch(proc_.get(), "tree");
  Write("locks", "");
  EXPECT_TRUE(watch.Look(now_).empty());
  Write("locks", Locks(10, kLocksMax + 1));
  EXPECT_TRUE(watch.Look(now_ += LockWatch::kPause).empty()) << "nothing has grown";
  Memory(90);
  EXPECT_TRUE(watch.Look(now_ += LockWatch::kPause).empty());
  Memory(94);
  EXPECT_TRUE(watch.Look(now_ + milliseconds(1)).empty()) << "too early";
  EXPECT_EQ(watch.Look(now_ += LockWatch::kPause).size(), 1u) << "by 4 MiB since it was least";
  EXPECT_TRUE(watch.Look(now_ += LockWatch::kPause).empty());
  EXPECT_EQ(watch.Look(now_ += LockWatch::kPauseMax).size(), 1u) << "now and then without";
}

TEST_F(LockWatchTest, ALongListIsReadInPart) {  // else a function that makes millions keeps the warden from its work
  Process(10, 1);
  Write("locks", Locks(10, 3 * kLocksReadMax));
  LockWatch watch(proc_.get(), "tree");
  const std::vector<LockHolders> found = watch.Look(now_);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_LE(found[0].locks, kLocksReadMax + 300u);
}

}  // namespace
}  // namespace mayfly::jail
