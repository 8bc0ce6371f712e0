// If these fail, messages of several lines fall apart in the log, or the frames' bytes stand in it.
#include "runtime/log_frames.h"

#include <gtest/gtest.h>

namespace mayfly::runtime {
namespace {

using telemetry::LogLevel;

std::string Frame(uint32_t type, std::string_view text) {
  std::string frame;
  for (const uint64_t value : {uint64_t{type}, uint64_t{text.size()}}) {
    for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(value >> shift);
  }
  return frame + std::string(8, '\1') + std::string(text);
}

std::vector<std::pair<std::string, LogLevel>> Split(std::string_view bytes, size_t piece) {
  std::vector<std::pair<std::string, LogLevel>> messages;
  LogFrameSplitter splitter([&](std::string_view text, LogLevel level) { messages.emplace_back(text, level); });
  for (size_t at = 0; at < bytes.size(); at += piece) splitter.Add(bytes.substr(at, piece));
  splitter.Flush();
  return messages;
}

TEST(LogFrames, OneFrameIsOneMessageHoweverItComes) {
  const std::string stream = Frame(0xA55A0003, "two\nlines\n") + Frame(0xA55A0003 | 0x14, "failed") + Frame(0xA55A0002 | 0x0C, "{}") + Frame(0xA55A0003, "");
  const std::vector<std::pair<std::string, LogLevel>> expected = {
      {"two\nlines", LogLevel::Unset}, {"failed", LogLevel::Error}, {"{}", LogLevel::Info}, {"", LogLevel::Unset}};
  for (const size_t piece : {1, 7, 16, 1000}) EXPECT_EQ(Split(stream, piece), expected) << piece;
}

TEST(LogFrames, WhatIsNoFrameIsLines) {
  const auto messages = Split(Frame(0xA55A0003, "good") + "plain text, longer than a header\nand more\n", 5);
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[1].first, "plain text, longer than a header");
}

TEST(LogFrames, LargeMessagesAreCut) {
  const auto messages = Split(Frame(0xA55A0003, std::string(kLogLineBytesMax + 10, 'x')), 4096);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[1].first.size(), 10u);
}

}  // namespace
}  // namespace mayfly::runtime
