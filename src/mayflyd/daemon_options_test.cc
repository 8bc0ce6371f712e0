// If these fail, an option that operators use has gone, or has another default or other bounds than they know.
#include "mayflyd/daemon_options.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <map>

#include "mayflyd/command_line.h"

namespace mayfly::daemon {
namespace {

struct Known {
  const char* name;
  const char* form;
  const char* usual;
};
// A further option is a further line; a change of one is seen here and told in CHANGELOG.md.
constexpr Known kKnown[] = {
    {"account-concurrency", "INT in [1 - 1000000]", "1000"},
    {"account-id", "TEXT", "000000000000"},
    {"allowed-host", "TEXT", ""},
    {"async-backoff-max", "FLOAT in [0.001 - 86400]", "300"},
    {"async-backoff-min", "FLOAT in [0.001 - 3600]", "1"},
    {"async-concurrency", "INT in [0 - 1000000]", "0"},
    {"async-event-age-max", "FLOAT in [0.1 - 10000000]", "21600"},
    {"async-lease", "FLOAT in [1 - 86400]", "1800"},
    {"async-memory", "INT in [1 - 65536]", "64"},
    {"async-retry-delays", "FLOAT in [0 - 86400]", "60,120"},
    {"auth", "{open,strict}", "open"},
    {"code-storage-max", "INT in [1 - 1000000000]", "307200"},
    {"codecommit-repositories", "TEXT", ""},
    {"control-plane-rate", "FLOAT in [0 - 1000000]", "0"},
    {"cpu-limit", "{proportional,off}", "proportional"},
    {"credentials-valid", "FLOAT in [1 - 43200]", "43200"},
    {"data-dir", "TEXT", "/var/lib/mayfly"},
    {"delivery-attempts", "INT in [1 - 1000]", "5"},
    {"delivery-reach", "{auto,any,internet}", "auto"},
    {"delivery-timeout", "FLOAT in [0.1 - 900]", "30"},
    {"drain", "FLOAT in [0 - 900]", "30"},
    {"environments-max", "INT in [0 - 30000]", "0"},
    {"file-system", "TEXT", ""},
    {"freeze-after", "FLOAT in [0 - 1000000]", "0.1"},
    {"function-bandwidth", "INT in [0 - 100000000]", "0"},
    {"function-connections", "INT in [1 - 60000]", "1024"},
    {"function-connections-of-all", "INT in [64 - 4000000]", "65536"},
    {"function-log-rate", "INT in [1 - 1000000]", "4096"},
    {"function-name-server", "TEXT", ""},
    {"function-network", "TEXT", ""},
    {"iam", "{auto,open,soft,strict}", "auto"},
    {"idle-timeout", "FLOAT in [0.001 - 1000000]", "600"},
    {"image-directory", "TEXT", ""},
    {"init-timeout", "FLOAT in [0.01 - 900]", "10"},
    {"interpreter", "TEXT", ""},
    {"isolation", "{zygote,exec}", "zygote"},
    {"listen", "TEXT", "127.0.0.1:4566"},
    {"log-group-max", "INT in [1 - 1000000]", "64"},
    {"log-level", "{debug,info,warning,error}", "info"},
    {"log-max", "INT in [1 - 100000000]", "4096"},
    {"mapping-concurrency", "INT in [1 - 100000]", "1250"},
    {"mapping-growth", "FLOAT in [1 - 1000000000]", "60000"},
    {"master-key-file", "TEXT", ""},
    {"memory-max", "INT in [0 - 1073741824]", "0"},
    {"memory-reserve", "INT in [-1 - 1073741824]", "-1"},
    {"oidc-keys", "TEXT", ""},
    {"organization", "TEXT", ""},
    {"processors", "INT in [-1 - 1024]", "-1"},
    {"provisioned-init-timeout", "FLOAT in [0.01 - 900]", "130"},
    {"queue-in-flight-max", "INT in [1 - 10000000]", "120000"},
    {"queue-name-rest", "FLOAT in [0 - 3600]", "0"},
    {"region", "TEXT", "us-east-1"},
    {"registry-credentials", "TEXT", ""},
    {"registry-mirror", "TEXT", ""},
    {"requests-per-concurrency", "INT in [0 - 1000000]", "10"},
    {"runtime-deprecation", "{enforce,ignore}", "enforce"},
    {"runtime-match", "{nearest,strict}", "nearest"},
    {"s3-access-key-id", "TEXT", ""},
    {"s3-directory", "TEXT", ""},
    {"s3-endpoint", "TEXT", ""},
    {"s3-free-min", "INT in [0 - 1073741824]", "256"},
    {"s3-region", "TEXT", ""},
    {"s3-secret-access-key-file", "TEXT", ""},
    {"scaling-environments", "INT in [1 - 1000000]", "1000"},
    {"scaling-period", "FLOAT in [0.01 - 3600]", "60"},
    {"scaling-window", "FLOAT in [0.001 - 86400]", "10"},
    {"ses-smtp", "TEXT", ""},
    {"spare-cages", "INT in [0 - 1000]", "4"},
    {"stream-rate", "INT in [0 - 100000000]", "0"},
    {"streamed-response-max", "INT in [1 - 1000000]", "200"},
    {"tls-certificate", "TEXT", ""},
    {"tls-key", "TEXT", ""},
    {"unreserved-concurrency-min", "INT in [0 - 1000000]", "100"},
    {"update-delay", "FLOAT in [0 - 600]", "0"},
    {"url-domain", "TEXT", "localhost"},
    {"user", "TEXT", "mayfly"},
    {"zygotes", "{shared,account}", "shared"},
    {"zygotes-max", "INT in [1 - 1000]", "32"},
};

const Option* FindIn(const Options& options, std::string_view name) {
  const Option* found = nullptr;
  for (const OptionGroup* group : options.groups()) {
    for (const Option& option : group->options()) {
      if (option.name == name) found = &option;
    }
  }
  return found;
}

TEST(DaemonOptions, AreThoseThatOperatorsKnow) {
  const Options options;
  size_t count = 0;
  for (const OptionGroup* group : options.groups()) count += group->options().size();
  EXPECT_EQ(count, std::size(kKnown));
  for (const Known& known : kKnown) {
    const Option* option = FindIn(options, known.name);
    ASSERT_TRUE(option) << known.name;
    EXPECT_EQ(option->form, known.form) << known.name;
    EXPECT_EQ(option->text(), known.usual) << known.name;
  }
}

TEST(DaemonOptions, StandOnceAndInAGroup) {
  const Options options;
  std::map<std::string, int> names, variables;
  for (const OptionGroup* group : options.groups()) {
    EXPECT_FALSE(group->title().empty());
    for (const Option& option : group->options()) {
      EXPECT_EQ(++names[option.name], 1) << option.name;
      EXPECT_EQ(++variables[option.VariableName()], 1) << option.name;
      EXPECT_EQ(option.doc.find('\n'), std::string::npos) << option.name;
    }
  }
}

TEST(DaemonOptions, ComeFromTheCommandLine) {
  Options options;
  CLI::App app("test");
  AddOptions(app, options);
  app.parse("--listen 127.0.0.1:0 --auth strict --async-retry-delays 1,2.5 --interpreter python3.13=/a --interpreter python3.12=/b --queue-name-rest 60 "
            "--log-level debug --file-system ARN=/data,uid=1");
  EXPECT_EQ(options.listen, "127.0.0.1:0");
  EXPECT_EQ(options.identity.authenticator.mode, identity::AuthMode::Strict);
  EXPECT_EQ(options.lambda.settings.invoke.dispatch.retry_delays, (std::vector<Duration>{std::chrono::seconds(1), std::chrono::milliseconds(2500)}));
  EXPECT_EQ(options.lambda.settings.catalog.interpreters, (std::vector<std::string>{"python3.13=/a", "python3.12=/b"}));
  EXPECT_EQ(options.lambda.settings.catalog.file_systems, std::vector<std::string>{"ARN=/data,uid=1"});
  EXPECT_EQ(options.Find("queue-name-rest").text(), "60");
  EXPECT_EQ(options.log_level, log::Level::Debug);
}

TEST(DaemonOptions, RefuseWhatIsOutsideOfTheirBounds) {
  for (const char* line : {"--account-concurrency 0", "--auth ajar", "--account-id 12", "--drain never", "--async-retry-delays 1,x", "--drain 1 2"}) {
    Options options;
    CLI::App app("test");
    AddOptions(app, options);
    EXPECT_THROW(app.parse(line), CLI::ParseError) << line;
  }
}

}  // namespace
}  // namespace mayfly::daemon
