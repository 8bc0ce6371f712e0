// If these fail, a payload that is no JSON is refused in other words than AWS's, or the reader goes astray.
#include "services/lambda/json_complaint.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/random.h"

namespace mayfly::lambda {
namespace {

constexpr std::string_view kSource = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: ";
constexpr std::string_view kTokens = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

std::string At(std::string_view what, int column, int line = 1) {
  return fmt::format("{}\n at {}{}, column: {}]", what, kSource, line, column);
}

TEST(JsonComplaint, IsInTheWordsThatAwsWasSeenToUse) {
  using namespace std::string_literals;
  const std::string valid = fmt::format(": expected a valid value {}", kTokens);
  struct Case {
    std::string text;
    std::string complaint;
  };
  for (const Case& c : {
           Case{"n\x87r\x9e\xe9", At("Invalid UTF-8 start byte 0x87", 3)},
           Case{"\x99\xeb,j", At("Unexpected character ((CTRL-CHAR, code 153))" + valid, 1)},
           Case{"\xb2", At("Unexpected character ('\xc2\xb2' (code 178))" + valid, 1)},
           Case{"test data", At(fmt::format("Unrecognized token 'test': was expecting {}", kTokens), 6)},
           Case{"hello", At(fmt::format("Unrecognized token 'hello': was expecting {}", kTokens), 6)},
           Case{"nullx", At(fmt::format("Unrecognized token 'nullx': was expecting {}", kTokens), 6)},
           Case{"0Da", At("Unexpected character ('D' (code 68)): Expected space separating root-level values", 2)},
           Case{"------Web", At("Unexpected character ('-' (code 45)) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value", 2)},
           Case{"{", At(fmt::format("Unexpected end-of-input: expected close marker for Object (start marker at {}1, column: 1])", kSource), 2)},
           Case{"\n [1,", At("Unexpected end-of-input within/between Array entries", 5, 2)},
           Case{"{'a': 1}", At("Unexpected character (''' (code 39)): was expecting double-quote to start field name", 2)},
           Case{R"({"a":1,})", At("Unexpected character ('}' (code 125)): was expecting double-quote to start field name", 8)},
           Case{R"({"a":})", At("Unexpected character ('}' (code 125)): expected a value", 6)},
           Case{R"({"a" 1})", At("Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value", 6)},
           Case{"[1 2]", At("Unexpected character ('2' (code 50)): was expecting comma to separate Array entries", 4)},
           Case{"[1}", At(fmt::format("Unexpected close marker '}}': expected ']' (for Array starting at {}1, column: 1])", kSource), 4)},
           Case{"\"a", At("Unexpected end-of-input in VALUE_STRING", 3)},
           Case{"\"a\nb\"", At("Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value", 3)},
           Case{R"("\x")", At("Unrecognized character escape 'x' (code 120)", 3)},
           Case{"01", At("Invalid numeric value: Leading zeroes not allowed", 2)},
           Case{"\0"s, At(R"(Illegal character ((CTRL-CHAR, code 0)): only regular white space (\r, \n, \t) is allowed between tokens)", 1)},
       }) {
    EXPECT_EQ(WhyNoJson(c.text), c.complaint) << c.text;
  }
}

TEST(JsonComplaint, ComesToAnEndWithAnything) {
  SeededRandom random(7);
  constexpr std::string_view kAlphabet = "{}[]\",:\\ntf-0.e19 \n\r\x80\xe2\xff/u+a";
  for (int round = 0; round < 20000; ++round) {
    std::string text(random.Below(24), ' ');
    for (char& c : text) c = kAlphabet[random.Below(kAlphabet.size())];
    const std::string why = WhyNoJson(text);
    EXPECT_FALSE(why.empty()) << text;
    EXPECT_TRUE(IsValidUtf8(why)) << text;
  }
  EXPECT_TRUE(WhyNoJson(std::string(6'000'000, '[')).starts_with("Document nesting depth (1001)"));
}

}  // namespace
}  // namespace mayfly::lambda
