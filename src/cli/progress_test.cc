// If these fail, a download shows nothing, shows it a thousand times in a log, or leaves half a line on the terminal.
#include "cli/progress.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mayfly::cli {
namespace {

struct StoppedClock final : Clock {
  TimePoint Now() const override { return now; }
  WallTime WallNow() const override { return {}; }
  TimePoint now{};
};

std::string written;
void Write(std::string_view bytes) { written += bytes; }

class ProgressTest : public testing::Test {
 protected:
  ProgressTest() { written.clear(); }
  void Download(Progress& progress, int megabytes) {
    for (int i = 0; i <= megabytes; ++i) {
      clock_.now += std::chrono::milliseconds(100);
      progress.Update(int64_t{i} << 20, int64_t{megabytes} << 20);
    }
  }
  StoppedClock clock_;
};

TEST_F(ProgressTest, TellsNothingWithinASecond) {
  Progress progress("node", clock_, {.is_terminal = true, .columns = 80}, &Write);
  Download(progress, 8);
  progress.End();
  EXPECT_EQ(written, "");
}

TEST_F(ProgressTest, ALogGetsALineForEachTenth) {
  Progress progress("node", clock_, {}, &Write);
  Download(progress, 200);
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 11) << written;
  EXPECT_NE(written.find("mayfly: node: 100 MiB of 200 MiB (50 %), 9.9 MiB/s, 11 s left\n"), std::string::npos) << written;
  EXPECT_EQ(written.find('\x1b'), std::string::npos);
}

TEST_F(ProgressTest, ATerminalHasOneLineThatGoes) {
  {
    Progress progress("node", clock_, {.is_terminal = true, .columns = 30}, &Write);
    Download(progress, 50);
    EXPECT_EQ(written.find('\n'), std::string::npos);
    EXPECT_NE(written.find("\r\x1b[Knode: 25 MiB of 50 MiB (50 %…"), std::string::npos) << written;
  }
  EXPECT_TRUE(written.ends_with("\r\x1b[K"));
}

TEST_F(ProgressTest, WhatWasThereBeforeIsNoRate) {
  Progress progress("image", clock_, {}, &Write);
  progress.Update(int64_t{90} << 20, int64_t{100} << 20);
  clock_.now += std::chrono::seconds(2);
  progress.Update(int64_t{92} << 20, int64_t{100} << 20, "1 of 2 layers");
  EXPECT_NE(written.find("92 MiB of 100 MiB (92 %), 1.0 MiB/s, 9 s left, 1 of 2 layers"), std::string::npos) << written;
}

}  // namespace
}  // namespace mayfly::cli
