// If these fail, policies of an organization let strangers in, or keep members out.
#include "identity/organizations.h"

#include <gtest/gtest.h>

namespace mayfly::identity {
namespace {

TEST(Organizations, TellsWhichAccountIsWhere) {
  const auto organizations = Organizations::Parse({"o-a1b2c3d4e5=111122223333,444455556666", "o-zzzzzzzzzz=777788889999"});
  ASSERT_TRUE(organizations);
  EXPECT_EQ(organizations->Of("111122223333"), "o-a1b2c3d4e5");
  EXPECT_EQ(organizations->Of("444455556666"), "o-a1b2c3d4e5");
  EXPECT_EQ(organizations->Of("777788889999"), "o-zzzzzzzzzz");
  EXPECT_EQ(organizations->Of("000000000000"), "");
  EXPECT_EQ(Organizations().Of("111122223333"), "");
}

TEST(Organizations, RefusesWhatIsNone) {
  for (const char* text : {"", "o-a1b2c3d4e5", "o-a1b2c3d4e5=", "o-a1b2c3d4e5=1", "o-short=111122223333", "x-a1b2c3d4e5=111122223333",
                           "o-a1b2c3d4e5=111122223333,,444455556666", "o-A1B2C3D4E5=111122223333"}) {
    EXPECT_FALSE(Organizations::Parse({text})) << text;
  }
  EXPECT_FALSE(Organizations::Parse({"o-a1b2c3d4e5=111122223333", "o-bbbbbbbbbb=111122223333"})) << "one account, two organizations";
}

}  // namespace
}  // namespace mayfly::identity
