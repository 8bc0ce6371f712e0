// If these fail, figures are shown in a way that misleads.
#include "cli/units.h"

#include <gtest/gtest.h>

#include "cli/spans.h"

namespace mayfly::cli {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Units, Bytes) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(4300), "4.2 KiB");
  EXPECT_EQ(FormatBytes(35 << 20), "35 MiB");
  EXPECT_EQ(FormatBytes(int64_t{3} << 30), "3.0 GiB");
}

TEST(Units, Milliseconds) {
  EXPECT_EQ(FormatMilliseconds(0.12), "0.12 ms");
  EXPECT_EQ(FormatMilliseconds(0.9999), "1.0 ms");
  EXPECT_EQ(FormatMilliseconds(4.2), "4.2 ms");
  EXPECT_EQ(FormatMilliseconds(812.4), "812 ms");
  EXPECT_EQ(FormatMilliseconds(2310), "2.31 s");
  EXPECT_EQ(FormatMilliseconds(75'000), "75.0 s");
}

TEST(Units, Spans) {
  EXPECT_EQ(FormatSpan(milliseconds(999)), "0 s");
  EXPECT_EQ(FormatSpan(seconds(59)), "59 s");
  EXPECT_EQ(FormatSpan(minutes(2) + seconds(5)), "2 min 5 s");
  EXPECT_EQ(FormatSpan(hours(3) + minutes(12)), "3 h 12 min");
  EXPECT_EQ(FormatSpan(hours(52)), "2 d 4 h");
  EXPECT_EQ(FormatSpan(seconds(-1)), "0 s");
}

TEST(Units, Rates) {
  EXPECT_EQ(FormatRate(0), "0");
  EXPECT_EQ(FormatRate(0.44), "0.4");
  EXPECT_EQ(FormatRate(1204.4), "1204");
}

TEST(Spans, AreANumberWithAUnit) {
  EXPECT_EQ(ParseSpan("90s"), seconds(90));
  EXPECT_EQ(ParseSpan("10m"), minutes(10));
  EXPECT_EQ(ParseSpan("2h"), hours(2));
  EXPECT_EQ(ParseSpan("1d"), hours(24));
  for (const char* bad : {"", "s", "10", "-1s", "1.5h", "1w", "s10", " 1s", "99999999999999999999s", "4000000000d"}) EXPECT_EQ(ParseSpan(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace mayfly::cli
