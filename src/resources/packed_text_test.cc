// If these fail, a stored row cannot be read again, or a damaged one ends the daemon.
#include "resources/packed_text.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace mayfly::resources {
namespace {

TEST(PackedText, GivesBackWhatWasPacked) {
  SeededRandom random(7);
  for (const size_t size : {0, 1, 99, 100, 101, 600, 5000, 300'000}) {
    std::string text = "{\"Text\":\"";
    while (text.size() < size) text += random.Below(2) ? "\"RevisionId\":" : random.Uuid();
    const std::string packed = PackText(text);
    EXPECT_LE(packed.size(), text.size());
    EXPECT_EQ(*UnpackText(packed), text);
  }
  EXPECT_FALSE(UnpackText("\x01"));
  EXPECT_FALSE(UnpackText("\x01garbage that is no frame"));
  std::string packed = PackText(std::string(1000, 'x'));
  for (size_t at = 1; at < packed.size(); ++at) {
    std::string damaged = packed;
    damaged[at] ^= 0x55;
    (void)UnpackText(damaged);  // must not crash; zstd alone cannot tell every change
    (void)UnpackText(std::string_view(packed).substr(0, at));
  }
}

}  // namespace
}  // namespace mayfly::resources
