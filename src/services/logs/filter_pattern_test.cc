// If these fail, FilterLogEvents and subscriptions show other events than CloudWatch does.
#include "services/logs/filter_pattern.h"

#include <gtest/gtest.h>

namespace mayfly::logs {
namespace {

struct Case {
  const char* pattern;
  const char* message;
  bool matches;
};

class Patterns : public testing::TestWithParam<Case> {};

TEST_P(Patterns, Match) {
  const auto pattern = FilterPattern::Parse(GetParam().pattern);
  ASSERT_TRUE(pattern) << GetParam().pattern << ": " << pattern.error().ToString();
  EXPECT_EQ((*pattern)->Matches(GetParam().message), GetParam().matches) << GetParam().pattern << " on " << GetParam().message;
}

constexpr const char* kError = "[ERROR] 400 BAD REQUEST Unauthorized";
constexpr const char* kObject =
    R"({"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another"],"objectList":[{"name":"a","id":1},{"name":"b","id":2}],
        "SomeObject":null,"active":true,"off":false,"n":1.5e2,"a.b":"dotted","nested":{"x":{"y":3}}})";
constexpr const char* kAccess = R"(127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534)";

INSTANTIATE_TEST_SUITE_P(
    Terms, Patterns,
    testing::Values(Case{"", "anything", true}, Case{"  ", "x", true}, Case{"ERROR", kError, true}, Case{"error", kError, false}, Case{"ERROR BAD", kError, true},
                    Case{"ERROR MISSING", kError, false}, Case{"\"BAD REQUEST\"", kError, true}, Case{"\"REQUEST BAD\"", kError, false},
                    Case{"ERROR -Unauthorized", kError, false}, Case{"ERROR -other", kError, true}, Case{"?nothing ?BAD", kError, true},
                    Case{"?nothing ?other", kError, false}, Case{"?nothing ERROR", kError, true}, Case{"%4[0-9]{2}%", kError, true},
                    Case{"%5[0-9]{2}%", kError, false}, Case{"-%5[0-9]{2}%", kError, true}, Case{R"("say \"hi\"")", "they say \"hi\" now", true}));

INSTANTIATE_TEST_SUITE_P(
    Json, Patterns,
    testing::Values(Case{R"({ $.eventType = "UpdateTrail" })", kObject, true}, Case{R"({ $.eventType = UpdateTrail })", kObject, true},
                    Case{R"({ $.eventType = "Update*" })", kObject, true}, Case{R"({ $.eventType != "UpdateTrail" })", kObject, false},
                    Case{R"({ $.sourceIPAddress != 123.123.* })", kObject, true}, Case{R"({ $.arrayKey[0] = "value" })", kObject, true},
                    Case{R"({ $.arrayKey[5] = "value" })", kObject, false}, Case{R"({ $.objectList[1].id = 2 })", kObject, true},
                    Case{R"({ $.objectList[*].id = 2 })", kObject, true}, Case{R"({ $.objectList[*].id = 7 })", kObject, false},
                    Case{R"({ $.SomeObject IS NULL })", kObject, true}, Case{R"({ $.SomeOtherObject IS NULL })", kObject, false},
                    Case{R"({ $.SomeOtherObject NOT EXISTS })", kObject, true}, Case{R"({ $.active NOT EXISTS })", kObject, false},
                    Case{R"({ $.active IS TRUE })", kObject, true}, Case{R"({ $.off IS FALSE })", kObject, true}, Case{R"({ $.active IS FALSE })", kObject, false},
                    Case{R"({ $.n >= 150 })", kObject, true}, Case{R"({ $.n > 150 })", kObject, false}, Case{R"({ $.n = 1.5e2 })", kObject, true},
                    Case{R"({ $.['a.b'] = "dotted" })", kObject, true}, Case{R"({ $.nested.x.y < 4 })", kObject, true},
                    Case{R"({ $.nested.x = * })", kObject, false}, Case{R"({ $.eventType = %^Up% })", kObject, true},
                    Case{R"({ ($.n > 1000) || ($.active IS TRUE && $.nested.x.y = 3) })", kObject, true},
                    Case{R"({ $.n > 1000 || $.active IS FALSE && $.nested.x.y = 3 })", kObject, false},
                    Case{R"({ $.missing != 5 })", kObject, false}, Case{R"({ $.x = 1 })", "plain text {\"x\":1}", false}, Case{R"({ $.x = 1 })", "{broken", false}));

INSTANTIATE_TEST_SUITE_P(
    Delimited, Patterns,
    testing::Values(Case{"[ip, user, username, timestamp, request, status_code, bytes]", kAccess, true},
                    Case{"[ip, user, username, timestamp, request, status_code = 4*, bytes > 1000]", kAccess, true},
                    Case{"[ip, user, username, timestamp, request, status_code = 4*, bytes > 2000]", kAccess, false},
                    Case{"[..., status_code = 404, bytes]", kAccess, true}, Case{"[ip, ..., bytes < 1535]", kAccess, true}, Case{"[ip, user]", kAccess, false},
                    Case{"[ip = %127\\.0\\.0\\.[1-9]%, user, ...]", kAccess, true}, Case{"[a, b, c, d, request = \"*html*\", s, y]", kAccess, true},
                    Case{"[a, b, c, d, e, s = 404 || s = 410, y]", kAccess, true}, Case{"[a, b, c, d, e, s != 404 && s != 410, y]", kAccess, false},
                    Case{"[w1=ERROR, w2]", "ERROR x", true}, Case{"[w1=ERROR, w2]", "INFO x", false}, Case{"[,,]", "a b c", true}));

TEST(FilterPattern, RefusesWhatIsNoPattern) {
  for (const char* pattern : {"{", "{}", "{ $.a }", "{ $.a = }", "{ a = 1 }", "{ $.a > x }", "{ $.a IS }", "{ $.a = 1 } x", "{ $.a[*].b[*] = 1 }", "{ ($.a = 1 }", "[", "[a",
                              "[a = ]", "[..., a, ...]", "[a = 1 || b = 2]", "[a] x", "\"open", "%open", "%%", "%(a)%", "%a% %b% %c%", "a.b", "{ $.a = %[% }"}) {
    EXPECT_FALSE(FilterPattern::Parse(pattern)) << pattern;
  }
  EXPECT_EQ(FilterPattern::Parse("a-b").error().message, "Invalid character(s) in term 'a-b'");
  EXPECT_FALSE(FilterPattern::Parse("{" + std::string(1000, '(') + "$.a = 1"));
}

TEST(FilterPattern, TakesOutWhatItNames) {
  const auto json = FilterPattern::Parse(R"({ $.nested.x.y = 3 && $.eventType = * })").value();
  EXPECT_EQ(json->Extract(kObject), (FilterPattern::Extracted{{"$.nested.x.y", "3"}, {"$.eventType", "UpdateTrail"}}));
  const auto fields = FilterPattern::Parse("[ip, ..., status, ]").value();
  EXPECT_EQ(fields->Extract(kAccess), (FilterPattern::Extracted{{"$ip", "127.0.0.1"}, {"$status", "404"}, {"$7", "1534"}}));
}

TEST(FilterPattern, SaysWhatMustBeThere) {
  EXPECT_EQ(FilterPattern::Parse("ab \"long phrase\" ?c -d").value()->Literal(), "long phrase");
  EXPECT_EQ(FilterPattern::Parse("?a ?b").value()->Literal(), "");
}

}  // namespace
}  // namespace mayfly::logs
