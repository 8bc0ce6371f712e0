// If these fail, what was done on the daemon is not on record, or grows without bound.
#include "telemetry/trail.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <vector>

namespace mayfly::telemetry {
namespace {

class TrailTest : public ::testing::Test {
 protected:
  TrailTest() {
    char name[] = "/tmp/mayfly_trail_XXXXXX";
    directory_ = ::mkdtemp(name);
    EXPECT_TRUE(trail_.Open(directory_ + "/trail"));
  }
  ~TrailTest() override { std::filesystem::remove_all(directory_); }

  static WallTime Day(int number) { return WallTime(std::chrono::hours(24 * (20'000 + number))); }
  std::vector<std::string> Read(Trail::Place from, size_t count, Trail::Place& rest) {
    std::vector<std::string> read;
    const auto place = Trail::Read(trail_.directory(), from, [&](std::string_view record) {
      if (read.size() == count) return false;
      read.emplace_back(record);
      return true;
    });
    EXPECT_TRUE(place);
    rest = *place;
    return read;
  }

  std::string directory_;
  Trail trail_;
};

TEST_F(TrailTest, TheNewestComeFirstAndPagesFollowEachOther) {
  for (int record = 0; record < 7; ++record) trail_.Write("{\"n\":" + std::to_string(record) + "}", Day(record / 3));
  std::vector<std::string> all;
  Trail::Place place;
  for (int page = 0; page < 10; ++page) {
    for (std::string& record : Read(place, 2, place)) all.push_back(std::move(record));
    if (place.day.empty()) break;
  }
  EXPECT_EQ(all, (std::vector<std::string>{"{\"n\":6}", "{\"n\":5}", "{\"n\":4}", "{\"n\":3}", "{\"n\":2}", "{\"n\":1}", "{\"n\":0}"}));
}

TEST_F(TrailTest, FilesAreOfTheDaemonsUserAndOldOnesGo) {
  for (int day = 0; day < 95; ++day) trail_.Write("{}", Day(day));
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(trail_.directory())) {
    struct stat status{};
    EXPECT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    ++files;
  }
  EXPECT_EQ(files, Trail::kDaysMax);
}

TEST_F(TrailTest, ALaterDaemonGoesOnInTheSameFile) {
  trail_.Write("{\"a\":1}", Day(0));
  Trail later;
  ASSERT_TRUE(later.Open(trail_.directory()));
  later.Write("{\"a\":2}", Day(0));
  Trail::Place place;
  EXPECT_EQ(Read({}, 9, place), (std::vector<std::string>{"{\"a\":2}", "{\"a\":1}"}));
  later.Clear();
  EXPECT_TRUE(Read({}, 9, place).empty());
}

TEST_F(TrailTest, WhatIsTooLargeIsCountedAndLeftOut) {
  trail_.Write(std::string(Trail::kRecordBytesMax + 1, 'x'), Day(0));
  EXPECT_EQ(trail_.dropped(), 1U);
}

}  // namespace
}  // namespace mayfly::telemetry
