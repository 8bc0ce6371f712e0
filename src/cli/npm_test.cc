// If these fail, a wrong package is taken for Node.js, a registry is asked that nobody has configured, or credentials go to a stranger.
#include <gtest/gtest.h>

#include <unistd.h>

#include <map>

#include "base/fd.h"
#include "cli/npm_package.h"
#include "cli/npm_settings.h"

namespace mayfly::cli {
namespace {

// SHA-512 of "abc" (FIPS 180-2).
constexpr std::string_view kAbc = "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==";

std::string Version(std::string_view name, std::string_view more = "") {
  return "\"" + std::string(name) + "\":{\"dist\":{\"tarball\":\"http://r/" + std::string(name) + ".tgz\",\"integrity\":\"" + std::string(kAbc) + "\"}" + std::string(more) + "}";
}
Result<NpmTarball> Choose(const std::string& versions, int major) { return ChooseVersion("{\"versions\":{" + versions + "}}", major); }

TEST(NpmPackage, TheNewestOfTheMajorIsTaken) {
  const std::string all = Version("24.9.0") + "," + Version("24.22.3") + "," + Version("24.3.9") + "," + Version("25.0.0") + "," + Version("24.30.0-rc.1") + "," + Version("2.4.0");
  const auto chosen = Choose(all, 24);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->version, "24.22.3");
  EXPECT_EQ(chosen->url, "http://r/24.22.3.tgz");
  EXPECT_FALSE(Choose(all, 26));
  EXPECT_EQ(Choose(Version("24.1.0") + "," + Version("24.2.0", ",\"deprecated\":\"broken\""), 24)->version, "24.1.0");
  EXPECT_EQ(Choose(Version("24.1.0", ",\"deprecated\":\"old\""), 24)->version, "24.1.0");
}

TEST(NpmPackage, WhatIsNoDescriptionIsRefused) {
  for (const char* text : {"", "[]", "{}", "{\"versions\":[]}", "{\"versions\":{\"24.0.0\":7}}", "{\"versions\":{\"24.0.0\":{\"dist\":{\"tarball\":\"http://r/x\"}}}}",
                           "{\"versions\":{\"24.0.0\":{\"dist\":{\"tarball\":\"http://r/x\",\"integrity\":\"sha1-aaaa\"}}}}",
                           "{\"versions\":{\"24.0.0\":{\"dist\":{\"tarball\":\"http://r/x\",\"integrity\":\"sha512-YWJj\"}}}}"}) {
    EXPECT_FALSE(ChooseVersion(text, 24)) << text;
  }
  std::string elsewhere = Version("24.0.0");
  elsewhere.replace(elsewhere.find("http:"), 5, "file:");
  EXPECT_FALSE(Choose(elsewhere, 24));
}

TEST(NpmPackage, VersionsAreThreeNumbers) {
  NpmVersion version;
  EXPECT_TRUE(ParseNpmVersion("24.22.3", version));
  for (const char* text : {"", "24", "24.1", "24.1.1.1", "24.1.-1", "v24.1.1", "24.1.1-rc", "24..1", "99999999999.1.1"}) EXPECT_FALSE(ParseNpmVersion(text, version)) << text;
}

TEST(NpmPackage, IntegrityIsTheFiles) {
  char path[] = "/tmp/npm-test-XXXXXX";
  const UniqueFd file(::mkstemp(path));
  ::unlink(path);
  ASSERT_EQ(::write(file.get(), "abc", 3), 3);
  EXPECT_TRUE(CheckIntegrity(file.get(), kAbc));
  EXPECT_TRUE(CheckIntegrity(file.get(), "sha1-x " + std::string(kAbc) + "?option"));
  std::string other(kAbc);
  other[20] = other[20] == 'x' ? 'y' : 'x';
  EXPECT_TRUE(CheckIntegrity(file.get(), other + " " + std::string(kAbc)));
  for (const std::string& wrong : {other, std::string(), std::string("sha512-"), std::string("sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")}) EXPECT_FALSE(CheckIntegrity(file.get(), wrong)) << wrong;
  ASSERT_EQ(::write(file.get(), "abcd", 4), 4);
  EXPECT_FALSE(CheckIntegrity(file.get(), kAbc));
}

struct Machine {
  std::string option;
  std::map<std::string, std::string> npm;
  std::map<std::string, std::string> variables;
  std::string npmrc;
};
Result<NpmSettings> Find(const Machine& machine) {
  const auto find = [](const std::map<std::string, std::string>& in, const std::string& key) {
    const auto found = in.find(key);
    return found == in.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  return FindNpmSettings(NpmSources{.option = machine.option, .ask_npm = [&](const std::string& key) { return find(machine.npm, key); },
                                    .variable = [&](const std::string& name) { return find(machine.variables, name); }, .files = {{"/home/.npmrc", machine.npmrc}}});
}

TEST(NpmSettings, TheFirstThatSaysItIsHeard) {
  const Machine all{.option = "http://option/", .npm = {{"registry", "http://npm/\n"}}, .variables = {{"NPM_CONFIG_REGISTRY", "http://variable"}}, .npmrc = "registry = http://file/\n"};
  Machine machine = all;
  EXPECT_EQ(Find(machine)->registry, "http://option");
  machine.option = "";
  EXPECT_EQ(Find(machine)->registry, "http://npm");
  machine.npm = {{"registry", "undefined\n"}};
  EXPECT_EQ(Find(machine)->registry, "http://variable");
  machine.variables = {};
  EXPECT_EQ(Find(machine)->registry, "http://file");
  EXPECT_EQ(Find(machine)->told_by, "/home/.npmrc");
}

TEST(NpmSettings, NoneIsToldWithAHint) {
  const auto found = Find({});
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().hint.find("--npm-registry"), std::string::npos);
  EXPECT_FALSE(Find({.option = "file:///etc"}));
  EXPECT_FALSE(Find({.option = "http://a\r\nHost: b"}));
}

TEST(NpmSettings, CredentialsAreThoseOfTheRegistry) {
  const std::string npmrc = "//other/:_authToken=wrong\n//host/path/:_authToken=${TOKEN}\n//host/:_auth=YTpi\n; //host/path/npm/:_authToken=comment\ncafile=/etc/ca.pem\n";
  const Machine machine{.option = "https://host/path/npm/", .variables = {{"TOKEN", "secret"}}, .npmrc = npmrc};
  const auto found = Find(machine);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->authorization, "Bearer secret");
  EXPECT_EQ(found->ca_file, "/etc/ca.pem");
  EXPECT_EQ(Find({.option = "https://host/elsewhere", .npmrc = npmrc})->authorization, "Basic YTpi");
  EXPECT_EQ(Find({.option = "https://host.evil/path", .npmrc = npmrc})->authorization, "");
}

}  // namespace
}  // namespace mayfly::cli
