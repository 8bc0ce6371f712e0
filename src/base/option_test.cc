// If these fail, an option takes what it must not, has another default than its variable, or is called otherwise in the environment.
#include "base/option.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

enum class Mode : unsigned char { Open, Strict };

struct Settings {
  std::string listen = "127.0.0.1:4566";
  std::vector<std::string> interpreters;
  int concurrency = 1000;
  uint64_t log_bytes = 64 << 20;
  double rate = 0.5;
  Duration rest = std::chrono::milliseconds(100);
  std::vector<Duration> delays = {std::chrono::seconds(60), std::chrono::seconds(120)};
  Mode mode = Mode::Strict;
};

class Rows : public ::testing::Test {
 protected:
  Rows() {
    group_.Text("listen", settings_.listen, "address", [](const std::string& text) -> Result<> {
      if (text.empty()) return Fail(Error::Fault("is empty"));
      return {};
    });
    group_.Texts("interpreter", settings_.interpreters, "interpreters");
    group_.Number("concurrency", settings_.concurrency, {1, 2000}, "at once");
    group_.Mebibytes("log-max", settings_.log_bytes, {1, 1000}, "MiB of log");
    group_.Number("rate", settings_.rate, {0, 10}, "a second");
    group_.Seconds("name-rest", settings_.rest, {0, 60}, "seconds");
    group_.ManySeconds("retry-delays", settings_.delays, {0, 600}, "seconds");
    group_.Choice("auth", settings_.mode, {{"open", Mode::Open}, {"strict", Mode::Strict}}, "who may call");
  }
  const Option& Find(std::string_view name) const {
    for (const Option& option : group_.options()) {
      if (option.name == name) return option;
    }
    throw std::out_of_range(std::string(name));
  }
  // "" or the error.
  std::string Set(std::string_view name, std::vector<std::string> texts) const {
    const auto set = Find(name).set(texts);
    return set ? "" : set.error().message;
  }

  Settings settings_;
  OptionGroup group_{"Test"};
};

TEST_F(Rows, TheDefaultIsWhatTheVariableHolds) {
  EXPECT_EQ(Find("listen").text(), "127.0.0.1:4566");
  EXPECT_EQ(Find("interpreter").text(), "");
  EXPECT_EQ(Find("concurrency").text(), "1000");
  EXPECT_EQ(Find("log-max").text(), "64");
  EXPECT_EQ(Find("rate").text(), "0.5");
  EXPECT_EQ(Find("name-rest").text(), "0.1");
  EXPECT_EQ(Find("retry-delays").text(), "60,120");
  EXPECT_EQ(Find("auth").text(), "strict");
}

TEST_F(Rows, ValuesReachTheirVariables) {
  EXPECT_EQ(Set("listen", {"[::1]:80"}), "");
  EXPECT_EQ(Set("interpreter", {"a=b", "c=d"}), "");
  EXPECT_EQ(Set("concurrency", {"2000"}), "");
  EXPECT_EQ(Set("log-max", {"3"}), "");
  EXPECT_EQ(Set("rate", {"2.5"}), "");
  EXPECT_EQ(Set("name-rest", {"1.5"}), "");
  EXPECT_EQ(Set("retry-delays", {"0", "0.25"}), "");
  EXPECT_EQ(Set("auth", {"open"}), "");
  EXPECT_EQ(settings_.listen, "[::1]:80");
  EXPECT_EQ(settings_.interpreters, (std::vector<std::string>{"a=b", "c=d"}));
  EXPECT_EQ(settings_.concurrency, 2000);
  EXPECT_EQ(settings_.log_bytes, 3u << 20);
  EXPECT_EQ(settings_.rate, 2.5);
  EXPECT_EQ(settings_.rest, std::chrono::milliseconds(1500));
  EXPECT_EQ(settings_.delays, (std::vector<Duration>{Duration(0), std::chrono::milliseconds(250)}));
  EXPECT_EQ(settings_.mode, Mode::Open);
}

TEST_F(Rows, WhatIsOutsideItsBoundsChangesNothing) {
  EXPECT_EQ(Set("listen", {""}), "is empty");
  EXPECT_EQ(Set("concurrency", {"0"}), "Value 0 not in range [1 - 2000]");
  EXPECT_EQ(Set("concurrency", {"2001"}), "Value 2001 not in range [1 - 2000]");
  EXPECT_EQ(Set("concurrency", {"1.5"}), "'1.5' is no number");
  EXPECT_EQ(Set("concurrency", {"99999999999999999999"}), "'99999999999999999999' is no number");
  EXPECT_EQ(Set("concurrency", {"1", "2"}), "takes one value");
  EXPECT_EQ(Set("rate", {"nan"}), "Value nan not in range [0 - 10]");
  EXPECT_EQ(Set("name-rest", {"60.5"}), "Value 60.5 not in range [0 - 60]");
  EXPECT_EQ(Set("retry-delays", {"1", "601"}), "Value 601 not in range [0 - 600]");
  EXPECT_EQ(Set("auth", {"ajar"}), "ajar not in {open,strict}");
  EXPECT_EQ(settings_.concurrency, 1000);
  EXPECT_EQ(settings_.rate, 0.5);
  EXPECT_EQ(settings_.delays.size(), 2u);
  EXPECT_EQ(settings_.mode, Mode::Strict);
}

TEST_F(Rows, FormAndVariableFollowFromTheRow) {
  EXPECT_EQ(Find("concurrency").form, "INT in [1 - 2000]");
  EXPECT_EQ(Find("rate").form, "FLOAT in [0 - 10]");
  EXPECT_EQ(Find("auth").form, "{open,strict}");
  EXPECT_EQ(Find("retry-delays").VariableName(), "MAYFLY_RETRY_DELAYS");
  EXPECT_EQ(Find("retry-delays").count, Option::Count::ManyByComma);
  EXPECT_EQ(Find("interpreter").count, Option::Count::Many);
}

}  // namespace
}  // namespace mayfly
