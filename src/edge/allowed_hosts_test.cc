// If these fail, a web page reads what the daemon holds through a name of its own (DNS rebinding), or a client that is right is refused.
#include "edge/allowed_hosts.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::edge {
namespace {

class AllowedHostsTest : public testing::Test {
 protected:
  AllowedHosts Make(std::string listen = "127.0.0.1", std::vector<std::string> allowed = {}) {
    return AllowedHosts(loop_, {.listen_host = std::move(listen), .url_domain = "lambda.Example.com", .allowed = std::move(allowed)}, [this] {
      ++asked_;
      return own_;
    });
  }
  static bool IsServiceHost(std::string_view name) { return name.starts_with("lambda.us-east-1."); }

  SimLoop loop_;
  std::vector<std::string> own_ = {"192.0.2.7", "2001:db8::7"};
  int asked_ = 0;
};

TEST_F(AllowedHostsTest, NamesOfThisDaemon) {
  AllowedHosts hosts = Make("devbox");
  for (const char* host : {"localhost", "LOCALHOST:4566", "localhost.", "localhost.:80", "sqs.us-east-1.localhost", "a.b.localhost", "ip6-localhost", "127.0.0.1",
                           "127.8.9.10:1", "[::1]", "[::1]:4566", "[::ffff:127.0.0.1]", "0.0.0.0:4566", "[::]", "192.0.2.7:80", "[2001:DB8::7]:4566", "devbox:4566",
                           "lambda.example.com", "x.lambda.EXAMPLE.com:443", "lambda.us-east-1.amazonaws.com", "Lambda.us-east-1.amazonaws.com.:443",
                           "lambda.us-east-1.api.aws", "localhost:"}) {
    EXPECT_TRUE(hosts.Allow(host, IsServiceHost)) << host;
    EXPECT_TRUE(hosts.Allow(host, IsServiceHost)) << host << ", once more";
  }
}

TEST_F(AllowedHostsTest, NamesOfOthers) {
  AllowedHosts hosts = Make();
  EXPECT_TRUE(hosts.Allow("localhost", IsServiceHost));
  for (const char* host : {"", "evil.example", "evil.example:4566", "localhost.evil.example", "localhostx", "xlocalhost", ".localhost", "a..localhost", "localhost..",
                           "127.0.0.1.evil.example", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "[::1", "::1", "[localhost]", "[127.0.0.1.evil.example]",
                           "lambda.us-east-1.evil.example", "lambda.us-east-1.amazonaws.com.evil.example", "lambda.us-east-1.xamazonaws.com", "amazonaws.com",
                           "evil.us-east-1.amazonaws.com", "xlambda.example.com", "example.com", "localhost:80:80", "localhost:x", "localhost:999999", "user@localhost",
                           "localhost,evil.example", "localhost evil.example", "local%68ost", "203.0.113.9", "[2001:db8::8]", "[::1]x", "devbox"}) {
    EXPECT_FALSE(hosts.Allow(host, IsServiceHost)) << host;
  }
  EXPECT_FALSE(hosts.Allow(std::string(300, 'a') + ".localhost", IsServiceHost));
}

TEST_F(AllowedHostsTest, WhatTheOptionAdds) {
  AllowedHosts hosts = Make("127.0.0.1", {"Devbox.lan", "*.team.example", "203.0.113.9"});
  for (const char* host : {"devbox.lan:4566", "DEVBOX.LAN.", "a.team.example", "a.b.team.example", "203.0.113.9:80"}) {
    EXPECT_TRUE(hosts.Allow(host, IsServiceHost)) << host;
  }
  for (const char* host : {"lan", "x.devbox.lan", "team.example", "xteam.example", "203.0.113.10"}) EXPECT_FALSE(hosts.Allow(host, IsServiceHost)) << host;
  AllowedHosts any = Make("127.0.0.1", {"*"});
  EXPECT_TRUE(any.Allow("evil.example", IsServiceHost));
  for (const char* text : {"name", "a.b", "*.a.b", "*", "192.0.2.1", "::1", "[::1]"}) EXPECT_TRUE(AllowedHosts::CheckOption(text)) << text;
  for (const char* text : {"", "*.", "a:80", "http://a", "a/b", "*a", "a.*", "a,b"}) EXPECT_FALSE(AllowedHosts::CheckOption(text)) << text;
}

TEST_F(AllowedHostsTest, AddressesOfTheMachineAreAskedForAgainButNotForEachRequest) {
  AllowedHosts hosts = Make();
  EXPECT_FALSE(hosts.Allow("198.51.100.3", IsServiceHost));
  own_.push_back("198.51.100.3");
  EXPECT_FALSE(hosts.Allow("198.51.100.3", IsServiceHost));
  EXPECT_EQ(asked_, 1);
  Context ctx(loop_);
  ASSERT_TRUE(loop_.Run(Sleep(ctx, std::chrono::seconds(1))));
  EXPECT_TRUE(hosts.Allow("198.51.100.3", IsServiceHost));
  EXPECT_EQ(asked_, 2);
}

}  // namespace
}  // namespace mayfly::edge
