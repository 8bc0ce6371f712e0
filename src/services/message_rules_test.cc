// If this fails, queues and topics take what their receivers cannot be told, or refuse what AWS takes.
#include "services/message_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace mayfly::services {
namespace {

TEST(MessageRules, Characters) {
  EXPECT_TRUE(HasOnlyXmlCharacters("\t\n\r plain \xf0\x9f\x8e\x89 \xef\xbf\xbd \xed\x9f\xbf"));
  for (const std::string_view text : {std::string_view("a\0b", 3), std::string_view("\x1f"), std::string_view("\xef\xbf\xbe"), std::string_view("\xef\xbf\xbf"),
                                      std::string_view("\xed\xa0\x80")}) {
    EXPECT_FALSE(HasOnlyXmlCharacters(text)) << text;
  }
}

TEST(MessageRules, Numbers) {
  const std::string digits38(38, '9');
  for (const std::string& text : {std::string("0"), std::string("-1.5e+10"), std::string("1e126"), std::string("9.99e125"), std::string("-1e128"), std::string("-9e127"),
                                  std::string("1E-128"), std::string("0e99999"), std::string(".5"), std::string("5."), digits38, "000" + digits38 + "000",
                                  std::string("1700000000000")}) {
    EXPECT_TRUE(IsMessageNumber(text)) << text;
  }
  for (const std::string& text : {std::string(), std::string("1e"), std::string("e5"), std::string("."), std::string("1.2.3"), std::string("0x10"), std::string("NaN"),
                                  std::string("Infinity"), std::string("-inf"), std::string(" 1"), std::string("1e999"), std::string("1e126.5"), std::string("1.1e126"),
                                  std::string("2e126"), std::string("-1e129"), std::string("1e-129"), std::string("1e99999999999999999999"), digits38 + "1"}) {
    EXPECT_FALSE(IsMessageNumber(text)) << text;
  }
}

}  // namespace
}  // namespace mayfly::services
