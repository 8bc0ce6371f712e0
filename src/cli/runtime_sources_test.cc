// If these fail, an identifier is looked for under a name that no source knows.
#include "cli/runtime_sources.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mayfly::cli {
namespace {

const catalog::RuntimeIdentifier& Of(std::string_view name) { return *catalog::FindRuntime(name); }

TEST(RuntimeSources, NamesOfPackagesImagesAndPrograms) {
  const struct {
    const char* identifier;
    const char* debian;
    const char* image;
    const char* program;
    const char* title;
  } kCases[] = {
      {"nodejs24.x", "nodejs", "nodejs:24", "node", "Node.js 24"},
      {"python3.14", "python3.14", "python:3.14", "python3.14", "Python 3.14"},
      {"python3.9", "python3.9", "python:3.9", "python3.9", "Python 3.9"},
      {"java25", "openjdk-25-jre-headless", "java:25", "java", "Java 25"},
      {"java8.al2", "openjdk-8-jre-headless", "java:8.al2", "java", "Java 8"},
      {"java17.al2023", "openjdk-17-jre-headless", "java:17", "java", "Java 17"},
      {"ruby3.4", "ruby3.4", "ruby:3.4", "ruby", "Ruby 3.4"},
      {"dotnet8", "dotnet-runtime-8.0", "dotnet:8", "dotnet", ".NET 8"},
      {"dotnet10", "dotnet-runtime-10.0", "dotnet:10", "dotnet", ".NET 10"},
  };
  for (const auto& wanted : kCases) {
    EXPECT_EQ(DebianPackageOf(Of(wanted.identifier)), wanted.debian);
    EXPECT_EQ(BaseImageOf(Of(wanted.identifier)), std::string("public.ecr.aws/lambda/") + wanted.image);
    EXPECT_EQ(ProgramOf(Of(wanted.identifier)), wanted.program);
    EXPECT_EQ(TitleOf(Of(wanted.identifier)), wanted.title);
  }
}

TEST(RuntimeSources, WhatIsHereComesFirst) {
  for (const catalog::RuntimeIdentifier& identifier : catalog::RuntimeIdentifiers()) {
    const auto sources = SourcesOf(identifier.family);
    const bool own_program = identifier.family == catalog::RuntimeFamily::Provided || identifier.family == catalog::RuntimeFamily::Go;
    ASSERT_EQ(sources.empty(), own_program) << identifier.name;
    if (own_program) continue;
    EXPECT_EQ(sources.front(), RuntimeSource::Host) << identifier.name;
    EXPECT_EQ(sources.back(), RuntimeSource::Image) << identifier.name;
    EXPECT_EQ(std::count(sources.begin(), sources.end(), RuntimeSource::Npm), identifier.family == catalog::RuntimeFamily::Node ? 1 : 0);
  }
}

TEST(RuntimeSources, AptsCandidate) {
  EXPECT_EQ(CandidateOf("python3.14:\n  Installed: (none)\n  Candidate: 3.14.2-1\n  Version table:\n"), "3.14.2-1");
  EXPECT_EQ(CandidateOf("python3.14:\n  Installed: (none)\n  Candidate: (none)\n"), "");
  EXPECT_EQ(CandidateOf(""), "");
}

}  // namespace
}  // namespace mayfly::cli
