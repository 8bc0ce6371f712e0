// If these fail, an address may guess credentials as fast as it likes, or shuts out others.
#include "edge/failed_signatures.h"

#include <gtest/gtest.h>

namespace mayfly::edge {
namespace {

const Error kWrong = Error::Service("InvalidSignatureException", "");

void Guess(FailedSignatures& failed, std::string_view address, TimePoint now, int times = FailedSignatures::kFailuresMax) {
  for (int time = 0; time < times; ++time) failed.Note(address, kWrong, now);
}

TEST(FailedSignaturesTest, AMinuteForWhoGuesses) {
  FailedSignatures failed;
  const TimePoint now{std::chrono::hours(1)};
  Guess(failed, "203.0.113.7", now, FailedSignatures::kFailuresMax - 1);
  EXPECT_FALSE(failed.IsBarred("203.0.113.7", now));
  Guess(failed, "203.0.113.7", now, 1);
  EXPECT_TRUE(failed.IsBarred("203.0.113.7", now));
  EXPECT_FALSE(failed.IsBarred("203.0.113.8", now));
  EXPECT_FALSE(failed.IsBarred("203.0.113.7", now + FailedSignatures::kWindow));
}

TEST(FailedSignaturesTest, OneNetworkOfIPv6IsOneSender) {
  FailedSignatures failed;
  const TimePoint now{std::chrono::hours(1)};
  Guess(failed, "2001:db8:0:1::1", now);
  EXPECT_TRUE(failed.IsBarred("2001:db8:0:1:ffff::2", now));
  EXPECT_FALSE(failed.IsBarred("2001:db8:0:2::1", now));
}

TEST(FailedSignaturesTest, WhatIsNoGuess) {
  FailedSignatures failed;
  const TimePoint now{std::chrono::hours(1)};
  Guess(failed, "127.0.0.1", now);
  EXPECT_FALSE(failed.IsBarred("127.0.0.1", now));
  for (int time = 0; time < FailedSignatures::kFailuresMax; ++time) failed.Note("203.0.113.7", Error::Service("ExpiredTokenException", ""), now);
  EXPECT_FALSE(failed.IsBarred("203.0.113.7", now));
}

TEST(FailedSignaturesTest, TheTableIsBounded) {
  FailedSignatures failed;
  const TimePoint now{std::chrono::hours(1)};
  for (size_t address = 0; address < 3 * FailedSignatures::kAddressesMax; ++address) {
    failed.Note("10." + std::to_string(address / 65536) + "." + std::to_string(address / 256 % 256) + "." + std::to_string(address % 256), kWrong, now);
  }
  Guess(failed, "203.0.113.7", now);
  EXPECT_TRUE(failed.IsBarred("203.0.113.7", now));
}

}  // namespace
}  // namespace mayfly::edge
