// If these fail, function logs are lost, doubled, out of order or mixed between groups, grow without bound, or a crash makes
// them unreadable.
#include "store/log_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "base/log.h"
#include "base/random.h"
#include "base/real_loop.h"
#include "base/task_scope.h"
#include "store/log_block.h"
#include "store/log_files.h"
#include "store/log_segment.h"
#include "store/test_directory.h"

namespace mayfly::store {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

WallTime At(int64_t millis) { return WallTime(milliseconds(1'700'000'000'000 + millis)); }

class LogStoreTest : public testing::Test {
 protected:
  LogStoreTest() {
    options_.directory = directory_ / "logs";
    log::SetLevel(log::Level::Error);
    Reopen();
  }
  ~LogStoreTest() override { log::SetLevel(log::Level::Info); }

  void Reopen() {
    store_.reset();
    auto opened = LogStore::Open(loop_, options_);
    ASSERT_TRUE(opened) << opened.error().ToString();
    store_ = std::move(*opened);
  }
  void Append(std::string_view group, int64_t millis, std::string text, std::string stream = "s") {
    store_->Append(group, {At(millis), std::move(stream), std::move(text)});
  }
  std::vector<LogLine> Query(LogQuery query) { return loop_.Run(store_->Query(ctx_, std::move(query))).value(); }
  std::vector<std::string> Texts(LogQuery query) {
    std::vector<std::string> texts;
    for (LogLine& line : Query(std::move(query))) texts.push_back(std::move(line.text));
    return texts;
  }
  void Flush() { ASSERT_TRUE(loop_.Run(store_->Flush(ctx_))); }
  std::vector<std::string> Groups() { return loop_.Run(store_->Groups(ctx_)).value(); }

  // The files of a group, oldest first.
  std::vector<fs::path> Segments(std::string_view group) {
    std::vector<fs::path> paths;
    const fs::path folder = options_.directory + "/" + LogFiles::FolderName(group);
    if (!fs::exists(folder)) return paths;
    for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
  }
  uint64_t BytesOnDisk() {
    uint64_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(options_.directory)) {
      if (entry.is_regular_file()) bytes += entry.file_size();
    }
    return bytes;
  }

  TestDirectory directory_;
  LogStoreOptions options_;
  RealLoop loop_;
  Context ctx_{loop_};
  std::unique_ptr<LogStore> store_;
};

TEST_F(LogStoreTest, LinesAreFoundBeforeAndAfterAFlushAndAReopening) {
  Append("/aws/lambda/f", 1, "one");
  Append("/aws/lambda/f", 2, "", "other stream");
  Append("/aws/lambda/g", 1, "of another group");
  const auto check = [this] {
    const auto lines = Query({.group = "/aws/lambda/f"});
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].text, "one");
    EXPECT_EQ(lines[0].time, At(1));
    EXPECT_EQ(lines[0].stream, "s");
    EXPECT_EQ(lines[1].text, "");
    EXPECT_EQ(lines[1].stream, "other stream");
    EXPECT_THAT(Texts({.group = "/aws/lambda/g"}), ElementsAre("of another group"));
    EXPECT_THAT(Texts({.group = "/aws/lambda/"}), IsEmpty());
    EXPECT_THAT(Groups(), ElementsAre("/aws/lambda/f", "/aws/lambda/g"));
  };
  check();
  Flush();
  check();
  Reopen();
  check();
}

TEST_F(LogStoreTest, LinesReachTheFilesByThemselves) {
  options_.flush_after = milliseconds(5);
  Reopen();
  Append("g", 1, "text");
  for (int i = 0; i < 1000 && Segments("g").empty(); ++i) (void)loop_.Run(Sleep(ctx_, milliseconds(5)));
  EXPECT_EQ(Segments("g").size(), 1u);
}

TEST_F(LogStoreTest, FiltersByTimeStreamAndText) {
  for (int i = 0; i < 10; ++i) Append("g", i, fmt::format("line {}", i), i % 2 ? "2026/01/01/[1]odd" : "2026/01/01/[1]even");
  EXPECT_THAT(Texts({.group = "g", .from = At(2), .until = At(4)}), ElementsAre("line 2", "line 3"));
  EXPECT_THAT(Texts({.group = "g", .stream_prefix = "2026/01/01/[1]o", .from = At(6)}), ElementsAre("line 7", "line 9"));
  EXPECT_THAT(Texts({.group = "g", .contains = "e 5"}), ElementsAre("line 5"));
  EXPECT_THAT(Texts({.group = "g", .contains = "absent"}), IsEmpty());
  EXPECT_THAT(Texts({.group = "g", .limit = 2}), ElementsAre("line 8", "line 9"));
  EXPECT_THAT(Texts({.group = "g", .limit = 0}), IsEmpty());
}

// Against a plain list: many blocks and segments, times out of order, random queries.
TEST_F(LogStoreTest, AnswersAreThoseOfAPlainList) {
  const uint64_t seed = SystemRandom().Next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  SeededRandom random(seed);
  std::vector<LogLine> all;
  for (int i = 0; i < 20'000; ++i) {
    LogLine line{At(i / 3 + static_cast<int64_t>(random.Below(500))), fmt::format("stream{}", random.Below(5)),
                 fmt::format("{} {}", i, random.Hex(static_cast<int>(random.Below(200))))};
    all.push_back(line);
    store_->Append("g", line);
    if (random.Below(2000) == 0) Flush();
  }
  std::ranges::sort(all, {}, [](const LogLine& line) { return std::pair(line.time, std::stoi(line.text)); });
  for (int round = 0; round < 60; ++round) {
    LogQuery query{.group = "g", .limit = 1 + random.Below(random.Below(2) ? 50 : 30'000)};
    if (random.Below(2)) query.from = At(static_cast<int64_t>(random.Below(8000)));
    if (random.Below(2)) query.until = At(static_cast<int64_t>(random.Below(8000)));
    if (random.Below(2)) query.stream_prefix = fmt::format("stream{}", random.Below(6));
    if (random.Below(2)) query.contains = random.Hex(1);
    std::vector<std::string> expected;
    for (const LogLine& line : all) {
      if (line.time >= query.from && line.time < query.until && line.stream.starts_with(query.stream_prefix) &&
          line.text.find(query.contains) != std::string::npos) {
        expected.push_back(line.text);
      }
    }
    if (expected.size() > query.limit) expected.erase(expected.begin(), expected.end() - static_cast<long>(query.limit));
    ASSERT_EQ(Texts(query), expected) << "round " << round;
  }
}

TEST_F(LogStoreTest, AnyGroupNameIsSafe) {
  const std::vector<std::string> names = {"",
                                          ".",
                                          "..",
                                          "../../etc/passwd",
                                          "/",
                                          "a/b",
                                          std::string("nul\0nul", 7),
                                          "%2e",
                                          "Ä\xff\n",
                                          std::string(300, '/'),
                                          std::string(4096, 'x'),
                                          std::string(4095, 'x')};
  for (const std::string& name : names) Append(name, 1, "of " + name);
  Flush();
  Reopen();
  for (const std::string& name : names) EXPECT_THAT(Texts({.group = name}), ElementsAre("of " + name));
  EXPECT_EQ(Groups().size(), names.size());
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()), 1);
}

TEST_F(LogStoreTest, LongLinesAreCutBetweenCharacters) {
  Append("g", 1, std::string(kLineTextMax - 1, 'a') + "ä and more", std::string(5000, 's'));
  const auto lines = Query({.group = "g"});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].text, std::string(kLineTextMax - 1, 'a'));
  EXPECT_EQ(lines[0].stream.size(), kStreamNameMax);
}

TEST_F(LogStoreTest, AGroupKeepsItsNewestLinesWithinItsBound) {
  options_.bytes_per_group_max = 1 << 20;
  Reopen();
  SeededRandom random(1);
  for (int i = 0; i < 3000; ++i) {
    Append("g", i, fmt::format("{} {}", i, random.Hex(1000)));  // about 1 KB each after compression
    if (i % 100 == 0) Flush();
  }
  Append("small", 1, "stays");
  Flush();
  EXPECT_LE(BytesOnDisk(), (1u << 20) + 1024);
  const auto texts = Texts({.group = "g", .limit = 100'000});
  ASSERT_FALSE(texts.empty());
  EXPECT_GT(texts.size(), 500u);
  EXPECT_LT(texts.size(), 1200u);
  EXPECT_TRUE(texts.front().starts_with(std::to_string(3000 - texts.size())));
  EXPECT_TRUE(texts.back().starts_with("2999 "));
  EXPECT_THAT(Texts({.group = "small"}), ElementsAre("stays"));
}

TEST_F(LogStoreTest, AllGroupsTogetherStayWithinTheirBound) {
  options_.bytes_max = 1 << 20;
  Reopen();
  SeededRandom random(1);
  for (int group = 0; group < 40; ++group) {
    for (int i = 0; i < 100; ++i) Append(fmt::format("g{:02}", group), i, random.Hex(1000));
    Flush();
  }
  EXPECT_LE(BytesOnDisk(), 1u << 20);
  const auto groups = Groups();
  EXPECT_LT(groups.size(), 15u);
  ASSERT_FALSE(groups.empty());
  EXPECT_EQ(groups.back(), "g39");
  EXPECT_EQ(Query({.group = "g39"}).size(), 100u);
  EXPECT_EQ(std::distance(fs::directory_iterator(options_.directory), fs::directory_iterator()), static_cast<long>(groups.size()));
}

TEST_F(LogStoreTest, LinesBeyondTheBufferAreCountedInOneLine) {
  options_.buffered_bytes_max = 100'000;
  options_.flush_after = hours(1);
  Reopen();
  for (int i = 0; i < 1000; ++i) Append("g", i, std::string(1000, 'x'));  // the loop does not run meanwhile
  const size_t kept = Query({.group = "g"}).size();
  EXPECT_GT(kept, 50u);
  EXPECT_LT(kept, 100u);
  Append("g", 2000, "after");
  const auto lines = Query({.group = "g"});
  ASSERT_EQ(lines.size(), kept + 2);
  EXPECT_THAT(lines[kept].text, HasSubstr(fmt::format("{} log lines are missing here", 1000 - kept)));
  EXPECT_EQ(lines[kept].time, At(999));
  EXPECT_EQ(lines[kept + 1].text, "after");
}

TEST_F(LogStoreTest, FollowersHearWhatIsAppendedFromNowOn) {
  std::vector<std::string> heard;
  Append("g", 1, "before");
  auto follower = store_->Follow("g", [&](const LogLine& line) { heard.push_back(line.text); });
  Append("g", 2, "one");
  Append("other", 2, "of another group");
  Append("g", 3, "two");
  Flush();
  EXPECT_THAT(heard, ElementsAre("one", "two"));
  Append("g", 4, "on its way when the follower leaves");
  follower.reset();
  Flush();
  EXPECT_EQ(heard.size(), 2u);
}

TEST_F(LogStoreTest, DeletedGroupsAndClearedStoresAreEmpty) {
  for (const char* group : {"a", "b", "c"}) Append(group, 1, "old");
  Flush();
  Append("a", 2, "unflushed");
  ASSERT_TRUE(loop_.Run(store_->DeleteGroup(ctx_, "a")));
  ASSERT_TRUE(loop_.Run(store_->DeleteGroup(ctx_, "missing")));
  EXPECT_THAT(Groups(), ElementsAre("b", "c"));
  EXPECT_THAT(Segments("a"), IsEmpty());
  Append("a", 3, "new");
  EXPECT_THAT(Texts({.group = "a"}), ElementsAre("new"));
  ASSERT_TRUE(loop_.Run(store_->Clear(ctx_)));
  EXPECT_THAT(Groups(), IsEmpty());
  EXPECT_TRUE(fs::is_empty(options_.directory));
}

TEST_F(LogStoreTest, ATornTailIsCutAndWhatFollowsIsKept) {
  SeededRandom random(7);
  for (int round = 0; round < 40; ++round) {
    const std::string group = "g" + std::to_string(round);
    for (int block = 0; block < 3; ++block) {
      for (int i = 0; i < 20; ++i) Append(group, block, random.Hex(50));
      Flush();
    }
    store_.reset();
    const fs::path path = Segments(group).at(0);
    const uint64_t size = fs::file_size(path);
    const uint64_t cut = 1 + random.Below(size / 3);
    if (random.Below(2)) {
      fs::resize_file(path, size - cut);
    } else {
      fs::resize_file(path, size - cut);
      fs::resize_file(path, size);  // zeroes, as after a power loss
    }
    Reopen();
    const size_t left = Query({.group = group}).size();
    EXPECT_TRUE(left == 20 || left == 40) << left << " lines, cut " << cut << " of " << size;
    Append(group, 5, "after");
    Flush();
    Reopen();
    EXPECT_EQ(Query({.group = group}).size(), left + 1) << "round " << round;
    EXPECT_EQ(WholeBytesOf(path.string()).value(), fs::file_size(path));
  }
}

TEST_F(LogStoreTest, ADamagedBlockInTheMiddleCostsOnlyItself) {
  for (int block = 0; block < 3; ++block) {
    Append("g", block, fmt::format("block {}", block));
    Flush();
  }
  store_.reset();
  const std::string path = Segments("g").at(0).string();
  auto reader = SegmentReader::Open(path, fs::file_size(path));
  ASSERT_TRUE(reader && reader->Next().value());
  const auto second = reader->Next().value();
  ASSERT_TRUE(second);
  {
    std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "r+"), std::fclose);
    std::fseek(file.get(), static_cast<long>(second->offset + 3), SEEK_SET);
    std::fputc('X', file.get());
  }
  Reopen();
  EXPECT_THAT(Texts({.group = "g"}), ElementsAre("block 0", "block 2"));
}

TEST_F(LogStoreTest, ASegmentWithoutAValidHeaderIsRemovedAndForeignFilesStay) {
  Append("g", 1, "text");
  Flush();
  store_.reset();
  fs::resize_file(Segments("g").at(0), 5);
  fs::create_directory(options_.directory + "/foreign");
  fs::create_directory(options_.directory + "/g%2");
  Reopen();
  EXPECT_THAT(Texts({.group = "g"}), IsEmpty());
  Append("g", 2, "new");
  EXPECT_THAT(Texts({.group = "g"}), ElementsAre("new"));
  EXPECT_TRUE(fs::exists(options_.directory + "/foreign"));
  EXPECT_TRUE(fs::exists(options_.directory + "/g%2"));
}

TEST_F(LogStoreTest, AFolderThatSomebodyRemovedIsMadeAgain) {
  Append("g", 1, "old");
  Flush();
  fs::remove_all(Segments("g").at(0).parent_path());
  EXPECT_THAT(Texts({.group = "g"}), IsEmpty());
  Append("g", 2, "new");
  EXPECT_THAT(Texts({.group = "g"}), ElementsAre("new"));
}

TEST_F(LogStoreTest, LinesThatTheDiskDoesNotTakeAreCountedAndTheRestIsReadable) {
  Append("g", 1, "before");
  Flush();
  {
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{300, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    SeededRandom random(1);
    for (int i = 0; i < 10; ++i) Append("g", 2, random.Hex(100));
    const auto flushed = loop_.Run(store_->Flush(ctx_));
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_FALSE(flushed);
  }
  Append("g", 3, "after");
  const auto texts = Texts({.group = "g"});
  ASSERT_EQ(texts.size(), 3u);
  EXPECT_EQ(texts[0], "before");
  EXPECT_THAT(texts[1], HasSubstr("10 log lines are missing here"));
  EXPECT_EQ(texts[2], "after");
  Flush();
}

TEST_F(LogStoreTest, ManyLinesCompressAndComeBack) {
  for (int i = 0; i < 100'000; ++i) Append("g", i, fmt::format("{{\"level\":\"INFO\",\"requestId\":\"{}\",\"message\":\"handled\"}}", i));
  Flush();
  EXPECT_LT(BytesOnDisk(), 100'000u * 20);
  EXPECT_EQ(Query({.group = "g", .limit = SIZE_MAX}).size(), 100'000u);
}

TEST_F(LogStoreTest, AQueryThatWaitsWhenTheStoreGoesGetsAnAnswer) {
  Append("g", 1, "text");
  bool answered = false;
  TaskScope scope(loop_);
  scope.Spawn([](LogStore& store, Context& ctx, bool& answered) -> Task<> {
    (void)co_await store.Query(ctx, {.group = "g"});
    answered = true;
  }(*store_, ctx_, answered));
  store_.reset();
  loop_.RunVoid([](TaskScope& scope) -> Task<> { co_await scope.Join(); }(scope));
  EXPECT_TRUE(answered);
}

TEST(LogBlock, RefusesWhatIsNotWhole) {
  BlockBuilder builder;
  builder.Add({At(1), "s", "text"});
  const std::string block = builder.Finish(At(0));
  const auto header = ParseBlockHeader(block);
  ASSERT_TRUE(header);
  const std::string payload = block.substr(kBlockHeaderBytes);
  EXPECT_TRUE(PayloadIsWhole(*header, payload));
  for (size_t i = 0; i < kBlockHeaderBytes; ++i) {
    std::string damaged = block;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_FALSE(ParseBlockHeader(damaged)) << "byte " << i;
  }
  for (size_t i = 0; i < payload.size(); ++i) {
    std::string damaged = payload;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_FALSE(PayloadIsWhole(*header, damaged)) << "byte " << i;
  }
  EXPECT_FALSE(BlockLines::Decode(*header, payload.substr(1)));
}

std::vector<std::string> TextsOf(const LogPage& page) {
  std::vector<std::string> texts;
  for (const PlacedLine& placed : page.lines) texts.push_back(placed.line.text);
  return texts;
}

TEST_F(LogStoreTest, PagesGoThroughAllLinesInEitherOrderOfTime) {
  for (int i = 0; i < 7; ++i) Append("g", i % 2 == 0 ? 100 : i, std::to_string(i));  // 1 3 5, then 0 2 4 6 of one time
  for (const auto order : {LogPageQuery::Order::OldestFirst, LogPageQuery::Order::NewestFirst}) {
    std::vector<std::string> all;
    LogPageQuery query{.group = "g", .order = order, .limit = 3};
    for (bool has_more = true; has_more;) {
      const LogPage page = loop_.Run(store_->Page(ctx_, query)).value();
      has_more = page.has_more;
      if (page.lines.empty()) break;
      const auto texts = TextsOf(page);
      const bool forward = order == LogPageQuery::Order::OldestFirst;
      all.insert(forward ? all.end() : all.begin(), texts.begin(), texts.end());
      const PlacedLine& last = forward ? page.lines.back() : page.lines.front();
      query.behind = LogPosition{last.line.time, last.place};
    }
    EXPECT_THAT(all, ElementsAre("1", "3", "5", "0", "2", "4", "6"));
  }
}

TEST_F(LogStoreTest, PagesOfManyBlocksAreThoseOfASort) {
  SeededRandom random(7);
  std::vector<std::pair<int64_t, std::string>> expected;
  for (int i = 0; i < 3000; ++i) {
    const auto millis = static_cast<int64_t>(random.Below(5000));
    expected.emplace_back(millis, fmt::format("{:05}{}", i, std::string(400, 'x')));
    Append("g", millis, expected.back().second);
    if (i % 500 == 0) Flush();
  }
  std::ranges::sort(expected);  // of one time, they are numbered as they were appended
  LogPageQuery query{.group = "g", .limit = 700, .bytes_max = 200'000};
  size_t at = 0;
  for (bool has_more = true; has_more;) {
    const LogPage page = loop_.Run(store_->Page(ctx_, query)).value();
    for (const PlacedLine& placed : page.lines) ASSERT_EQ(placed.line.text, expected.at(at++).second);
    has_more = page.has_more;
    query.behind = LogPosition{page.lines.back().line.time, page.lines.back().place};
  }
  EXPECT_EQ(at, expected.size());
}

TEST_F(LogStoreTest, WhatWasPutIsOnTheDiskAndWhatIsScannedOnceIsNotScannedAgain) {
  ASSERT_TRUE(loop_.Run(store_->Put(ctx_, "g", {{At(1), "s", "a"}, {At(2), "t", "b"}})));
  std::vector<std::string> seen;
  const auto visit = [&](const LogLineView& line, const LogPlace&, WallTime ingested) {
    EXPECT_GE(ingested, line.time);
    seen.emplace_back(line.text);
  };
  const LogPlace place = loop_.Run(store_->Scan(ctx_, "g", {}, visit)).value();
  EXPECT_THAT(seen, ElementsAre("a", "b"));
  Append("g", 3, "c");
  loop_.Run(store_->Scan(ctx_, "g", place, visit)).value();
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
  EXPECT_GT(loop_.Run(store_->BytesOf(ctx_, "g")).value(), 0u);
}

TEST_F(LogStoreTest, OldFilesGoAndYoungOnesStay) {
  options_.bytes_per_group_max = 64 << 10;
  Reopen();
  SeededRandom random(3);
  for (int i = 0; i < 40; ++i) {
    Append("g", i, fmt::format("{}", i) + random.Hex(1000));
    Flush();
  }
  ASSERT_TRUE(loop_.Run(store_->DropBefore(ctx_, "g", At(20))));
  const auto left = Query({.group = "g"});
  ASSERT_FALSE(left.empty());
  EXPECT_LE(left.front().time, At(20));
  EXPECT_EQ(left.back().time, At(39));
  ASSERT_TRUE(loop_.Run(store_->DropBefore(ctx_, "g", At(100))));
  EXPECT_THAT(Query({.group = "g"}), IsEmpty());
}

}  // namespace
}  // namespace mayfly::store
