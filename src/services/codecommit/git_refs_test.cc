// If these fail, pushes are not seen, are seen that were none, or their triggers are told something else than on AWS.
#include "services/codecommit/git_refs.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/codecommit/triggers.h"

namespace mayfly::codecommit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const std::string kOne(40, '1'), kTwo(40, '2');

TEST(GitRefs, PackedReferencesAreRead) {
  Refs refs;
  ReadPackedRefs("# pack-refs with: peeled fully-peeled sorted \n" + kOne + " refs/heads/main\n" + kTwo + " refs/tags/v1\n^" + kOne + "\nshort refs/heads/x\n" + kOne +
                     " refs/heads/../x\n" + kOne,
                 refs);
  EXPECT_THAT(refs, ElementsAre(Pair("refs/heads/main", kOne), Pair("refs/tags/v1", kTwo)));
}

TEST(GitRefs, FilesOfTheirOwnAreRead) {
  EXPECT_EQ(ReadLooseRef(kOne + "\n"), kOne);
  EXPECT_EQ(ReadLooseRef("ref: refs/heads/main\n"), std::nullopt);
  EXPECT_EQ(ReadHead("ref: refs/heads/main\n"), "refs/heads/main");
  EXPECT_EQ(ReadHead(kOne), "");
  EXPECT_EQ(ReadHead("ref: ../../etc/passwd"), "");
  EXPECT_EQ(BranchOf("refs/heads/a/b"), "a/b");
  EXPECT_EQ(BranchOf("refs/tags/v1"), "");
}

TEST(GitRefs, ARepositoryIsReadFromItsFiles) {
  const std::filesystem::path root = std::filesystem::temp_directory_path() / fmt::format("mayfly-git-refs-{}", ::getpid());
  std::filesystem::create_directories(root / "refs/heads/a");
  EXPECT_FALSE(ReadGitRefs(root.string())) << "without a HEAD it is none";
  std::ofstream(root / "HEAD") << "ref: refs/heads/main\n";
  std::ofstream(root / "packed-refs") << kOne << " refs/heads/a/b\n" << kOne << " refs/heads/main\n";
  std::ofstream(root / "refs/heads/a/b") << kTwo << "\n";
  std::filesystem::create_symlink(root / "refs/heads/a/b", root / "refs/heads/link");
  const auto found = ReadGitRefs(root.string());
  std::filesystem::remove_all(root);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->head, "refs/heads/main");
  EXPECT_THAT(found->refs, ElementsAre(Pair("refs/heads/a/b", kTwo), Pair("refs/heads/main", kOne)));
}

TEST(GitRefs, NamesThatCouldDoHarmAreNone) {
  for (const char* good : {"refs/heads/main", "refs/heads/a/b-c.d", "refs/tags/v1"}) EXPECT_TRUE(IsRefName(good)) << good;
  for (const char* bad : {"", "heads/main", "refs/heads/", "refs//x", "refs/heads/.x", "refs/heads/a..b", "refs/heads/a b", "refs/heads/x.lock", "refs/heads/a\n"}) {
    EXPECT_FALSE(IsRefName(bad)) << bad;
  }
}

RepositoryTrigger TriggerFor(std::vector<std::string> events, std::vector<std::string> branches = {}) {
  return {.name = "t", .destination_arn = "arn:aws:lambda:us-east-1:000000000000:function:f", .branches = std::move(branches), .events = std::move(events)};
}

TEST(Triggers, WhatAPushHasChanged) {
  const Refs before{{"refs/heads/gone", kOne}, {"refs/heads/main", kOne}, {"refs/heads/same", kOne}};
  const Refs after{{"refs/heads/main", kTwo}, {"refs/heads/new", kTwo}, {"refs/heads/same", kOne}};
  const auto changes = ChangesBetween(before, after);
  ASSERT_EQ(changes.size(), 3u);
  const auto names = [&](const RepositoryTrigger& trigger) {
    std::vector<std::string> refs;
    for (const RefChange& change : WantedBy(trigger, changes)) refs.push_back(change.ref);
    return refs;
  };
  EXPECT_THAT(names(TriggerFor({"all"})), ElementsAre("refs/heads/main", "refs/heads/new", "refs/heads/gone"));
  EXPECT_THAT(names(TriggerFor({"createReference", "deleteReference"})), ElementsAre("refs/heads/new", "refs/heads/gone"));
  EXPECT_THAT(names(TriggerFor({"all"}, {"main", "other"})), ElementsAre("refs/heads/main"));
  EXPECT_THAT(names(TriggerFor({"createReference"}, {"main"})), IsEmpty());
}

TEST(Triggers, WhatTheyMayNotSay) {
  const RepositoryName repository{"000000000000", "us-east-1", "r"};
  const auto code = [&](RepositoryTrigger trigger) {
    const auto checked = CheckTriggers(repository, {std::move(trigger)});
    return checked ? std::string() : checked.error().code;
  };
  EXPECT_EQ(code(TriggerFor({"all"})), "");
  EXPECT_EQ(code(TriggerFor({})), "RepositoryTriggerEventsListRequiredException");
  EXPECT_EQ(code(TriggerFor({"all", "createReference"})), "InvalidRepositoryTriggerEventsException");
  EXPECT_EQ(code(TriggerFor({"all"}, {"a b"})), "InvalidRepositoryTriggerBranchNameException");
  RepositoryTrigger trigger = TriggerFor({"all"});
  trigger.destination_arn = "arn:aws:sqs:us-east-1:000000000000:q";
  EXPECT_EQ(code(trigger), "InvalidRepositoryTriggerDestinationArnException");
  trigger.destination_arn = "arn:aws:sns:eu-west-1:000000000000:t";
  EXPECT_EQ(code(trigger), "InvalidRepositoryTriggerRegionException");
  EXPECT_FALSE(CheckTriggers(repository, {TriggerFor({"all"}), TriggerFor({"all"})})) << "two of one name";
}

}  // namespace
}  // namespace mayfly::codecommit
