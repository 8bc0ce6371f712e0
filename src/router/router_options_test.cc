#include "router/router_options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mayfly::router {
namespace {

std::string Parse(std::vector<std::string> texts, Options& options) {
  texts.insert(texts.begin(), "mayfly-router");
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  return ParseOptions(static_cast<int>(arguments.size()), arguments.data(), options);
}

// Broken: what the daemon asks for is not what the rules are made of.
TEST(RouterOptions, AreRead) {
  Options options;
  EXPECT_EQ(Parse({"--instance", "0a1b", "--refuse-private", "no", "--machine-ports", "5432, 8000-8010", "--allow", "10.0.0.0/8 . 443", "--connections", "7"},
                  options),
            "");
  EXPECT_EQ(options.instance, "0a1b");
  EXPECT_FALSE(options.refuse_private);
  EXPECT_EQ(options.machine_ports, "5432, 8000-8010");
  EXPECT_EQ(options.allowed, std::vector<std::string>{"10.0.0.0/8 . 443"});
  EXPECT_EQ(options.connections, 7u);
}

// Broken: an option becomes rules of its own.
TEST(RouterOptions, AreNoRules) {
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
           {"--instance", "a;b"}, {"--instance", ""}, {"--instance", "a", "--machine-ports", "1 } ; flush ruleset"},
           {"--instance", "a", "--allow", "10.0.0.1 } accept"}, {"--instance", "a", "--connections", "0"}, {"--instance"}, {}}) {
    Options options;
    EXPECT_NE(Parse(wrong, options), "");
  }
}

}  // namespace
}  // namespace mayfly::router
