// If this fails, rules, pipes, mappings and subscriptions let events pass that AWS's would not, or the reverse.
#include "patterns/event_pattern.h"

#include <gtest/gtest.h>

namespace mayfly::patterns {
namespace {

Error Refused(std::string_view reason) { return Error::Service("Refused", std::string(reason)); }
constexpr Dialect kDialect{.refuse = Refused};

bool IsValid(std::string_view pattern) { return EventPattern::Compile(pattern, kDialect).has_value(); }

std::string ReasonOf(std::string_view pattern, const Dialect& dialect = kDialect) {
  const auto compiled = EventPattern::Compile(pattern, dialect);
  return compiled ? "" : compiled.error().message;
}

bool Matches(std::string_view pattern, std::string_view event) {
  const auto compiled = EventPattern::Compile(pattern, kDialect);
  EXPECT_TRUE(compiled.has_value()) << pattern;
  const auto document = json::Parse(event);
  EXPECT_TRUE(document.has_value()) << event;
  return compiled && document && compiled->Matches(*document);
}

TEST(EventPattern, LiteralsAreExact) {
  EXPECT_TRUE(Matches(R"({"a":["x","y"]})", R"({"a":"y","b":1})"));
  EXPECT_FALSE(Matches(R"({"a":["x"]})", R"({"a":"X"})"));
  EXPECT_TRUE(Matches(R"({"a":[""]})", R"({"a":""})"));
  EXPECT_FALSE(Matches(R"({"a":[""]})", R"({"a":null})"));
  EXPECT_TRUE(Matches(R"({"a":[null]})", R"({"a":null})"));
  EXPECT_FALSE(Matches(R"({"a":[null]})", R"({})"));
  EXPECT_TRUE(Matches(R"({"a":[true]})", R"({"a":true})"));
  EXPECT_FALSE(Matches(R"({"a":[true]})", R"({"a":"true"})"));
  EXPECT_TRUE(Matches(R"({"a":[300]})", R"({"a":3.0e2})"));
  EXPECT_FALSE(Matches(R"({"a":[300]})", R"({"a":"300"})"));
  EXPECT_TRUE(Matches(R"({"a":[12345678901234567890123]})", R"({"a":12345678901234567890123})"));
}

TEST(EventPattern, AllFieldsMustMatch) {
  EXPECT_TRUE(Matches(R"({"a":{"b":["x"]},"c":["y"]})", R"({"a":{"b":"x"},"c":"y"})"));
  EXPECT_FALSE(Matches(R"({"a":{"b":["x"]},"c":["y"]})", R"({"a":{"b":"x"},"c":"z"})"));
  EXPECT_FALSE(Matches(R"({"a":{"b":["x"]}})", R"({"a":"x"})"));
  EXPECT_FALSE(Matches(R"({"a":["x"]})", R"(["a"])"));
  EXPECT_TRUE(Matches(R"({"a":["x"],"a":["y"]})", R"({"a":"y"})"));  // of equal names the last one counts
}

TEST(EventPattern, OneItemOfAListIsEnough) {
  EXPECT_TRUE(Matches(R"({"a":["x"]})", R"({"a":["w","x"]})"));
  EXPECT_FALSE(Matches(R"({"a":["x"]})", R"({"a":[]})"));
  EXPECT_TRUE(Matches(R"({"a":{"b":[1],"c":[2]}})", R"({"a":[{"b":1,"c":2},{"b":0,"c":0}]})"));
  EXPECT_FALSE(Matches(R"({"a":{"b":[1],"c":[2]}})", R"({"a":[{"b":1,"c":0},{"b":0,"c":2}]})"));  // not two items together
}

TEST(EventPattern, ExistsSpeaksOfLeaves) {
  EXPECT_TRUE(Matches(R"({"a":[{"exists":true}]})", R"({"a":null})"));
  EXPECT_FALSE(Matches(R"({"a":[{"exists":true}]})", R"({"a":{"b":1}})"));
  EXPECT_TRUE(Matches(R"({"a":[{"exists":false}]})", R"({"b":1})"));
  EXPECT_TRUE(Matches(R"({"a":{"b":[{"exists":false}]}})", R"({"c":1})"));
  EXPECT_FALSE(Matches(R"({"a":[{"exists":false}]})", R"({"a":1})"));
  EXPECT_TRUE(Matches(R"({"a":["x",{"exists":false}]})", R"({"a":"x"})"));
}

TEST(EventPattern, TextMatchers) {
  EXPECT_TRUE(Matches(R"({"a":[{"prefix":"us-"}]})", R"({"a":"us-east-1"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"prefix":"us-"}]})", R"({"a":"eu-us-"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"prefix":"5"}]})", R"({"a":55})"));
  EXPECT_TRUE(Matches(R"({"a":[{"suffix":".png"}]})", R"({"a":"x.png"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"prefix":{"equals-ignore-case":"US-"}}]})", R"({"a":"us-east"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"suffix":{"equals-ignore-case":".PNG"}}]})", R"({"a":"x.png"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"equals-ignore-case":"Alice"}]})", R"({"a":"aLICE"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"equals-ignore-case":"Alice"}]})", R"({"a":"alic"})"));
}

TEST(EventPattern, Wildcards) {
  EXPECT_TRUE(Matches(R"({"a":[{"wildcard":"dir/*.png"}]})", R"({"a":"dir/x/y.png"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"wildcard":"dir/*.png"}]})", R"({"a":"dir/x.jpg"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"wildcard":"*"}]})", R"({"a":""})"));
  EXPECT_TRUE(Matches(R"({"a":[{"wildcard":"a*b*c"}]})", R"({"a":"abbc"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"wildcard":"ab*ba"}]})", R"({"a":"aba"})"));  // the ends do not overlap
  EXPECT_TRUE(Matches(R"({"a":[{"wildcard":"a\\*\\\\*"}]})", R"({"a":"a*\\xyz"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"wildcard":"a\\*"}]})", R"({"a":"ab"})"));
}

TEST(EventPattern, NumbersAndNetworks) {
  EXPECT_TRUE(Matches(R"({"a":[{"numeric":["=",100]}]})", R"({"a":1e2})"));
  EXPECT_TRUE(Matches(R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":5})"));
  EXPECT_FALSE(Matches(R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":0})"));
  EXPECT_FALSE(Matches(R"({"a":[{"numeric":["<",5]}]})", R"({"a":"1"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"cidr":"10.1.0.0/16"}]})", R"({"a":"10.1.200.3"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"cidr":"10.1.0.0/17"}]})", R"({"a":"10.1.200.3"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"cidr":"0.0.0.0/0"}]})", R"({"a":"1.2.3.4"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"cidr":"2001:db8::/32"}]})", R"({"a":"2001:db8:1::1"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"cidr":"::/0"}]})", R"({"a":"1.2.3.4"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"cidr":"0.0.0.0/0"}]})", R"({"a":"1.2.3.4\u0000x"})")) << "an address and more";
  EXPECT_FALSE(Matches(R"({"a":[{"cidr":"10.0.0.0/8"}]})", R"({"a":"not an address"})"));
}

TEST(EventPattern, AnythingBut) {
  EXPECT_TRUE(Matches(R"({"a":[{"anything-but":"x"}]})", R"({"a":"y"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"anything-but":"x"}]})", R"({"a":"x"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"anything-but":"x"}]})", R"({})"));  // the field must be there
  EXPECT_FALSE(Matches(R"({"a":[{"anything-but":[1,2]}]})", R"({"a":2.0})"));
  EXPECT_TRUE(Matches(R"({"a":[{"anything-but":[1,2]}]})", R"({"a":"2"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"anything-but":{"prefix":"init"}}]})", R"({"a":"initial"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"anything-but":{"suffix":["1","2"]}}]})", R"({"a":"x2"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"anything-but":{"equals-ignore-case":["A","B"]}}]})", R"({"a":"b"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"anything-but":{"wildcard":"*/lib/*"}}]})", R"({"a":"/src/x"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"anything-but":["x"]}]})", R"({"a":["x","y"]})"));  // "y" is something else
}

TEST(EventPattern, OrBetweenFields) {
  const char* pattern = R"({"source":["s"],"$or":[{"a":["x"]},{"b":{"c":[{"numeric":[">",1]}]}}]})";
  EXPECT_TRUE(Matches(pattern, R"({"source":"s","a":"x"})"));
  EXPECT_TRUE(Matches(pattern, R"({"source":"s","b":{"c":2}})"));
  EXPECT_FALSE(Matches(pattern, R"({"source":"s","b":{"c":1}})"));
  EXPECT_FALSE(Matches(pattern, R"({"source":"t","a":"x"})"));
  EXPECT_TRUE(Matches(R"({"$or":["x"]})", R"({"$or":"x"})"));  // a field of that name
  EXPECT_FALSE(IsValid(R"({"$or":[{"a":["x"]}]})"));
}

TEST(EventPattern, TellsTheFormOfAMember) {
  const auto pattern = EventPattern::Compile(R"({"body":["plain"],"data":{"a":[1]}})", kDialect);
  ASSERT_TRUE(pattern.has_value());
  EXPECT_EQ(pattern->FormOf("body"), EventPattern::Form::Values);
  EXPECT_EQ(pattern->FormOf("data"), EventPattern::Form::Fields);
  EXPECT_EQ(pattern->FormOf("value"), EventPattern::Form::Absent);
}

TEST(EventPattern, MissingMeansNowhere) {
  EXPECT_FALSE(Matches(R"({"a":{"b":[{"exists":false}]}})", R"({"a":[{"c":1},{"b":2}]})"));
  EXPECT_TRUE(Matches(R"({"a":{"b":[{"exists":false}],"c":[1]}})", R"({"a":[{"c":1},{"d":2}]})"));
}

TEST(EventPattern, ADotInANameIsAStep) {
  EXPECT_TRUE(Matches(R"({"a.b":["x"]})", R"({"a":{"b":"x"}})"));
  EXPECT_TRUE(Matches(R"({"a.b":["x"]})", R"({"a.b":"x"})"));
  EXPECT_FALSE(Matches(R"({"a.b":["x"]})", R"({"a":{"b":"y"}})"));
}

TEST(EventPattern, NumbersBeyondTheLimitAreNotCompared) {
  EXPECT_FALSE(Matches(R"({"a":[{"numeric":[">",0]}]})", R"({"a":6e9})"));
  EXPECT_EQ(ReasonOf(R"({"a":[{"numeric":["=",6e9]}]})"), "Value must be between -5.0E9 and 5.0E9, inclusive");
  EXPECT_TRUE(Matches(R"({"a":[123456789012]})", R"({"a":123456789012})"));  // a plain number is compared all the same
}

TEST(EventPattern, SaysWhatIsWrongInTheWordsOfAws) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "Filter is not valid JSON"},
      {"[]", "Filter is not an object"},
      {"{}", "Empty objects are not allowed"},
      {R"({"a":"b"})", R"("a" must be an object or an array)"},
      {R"({"a":[]})", "Empty arrays are not allowed"},
      {R"({"a":[[1]]})", "Match value must be String, number, true, false, or null"},
      {R"({"a":[{}]})", "Match expression name not found"},
      {R"({"a":[{"prefix":"a","suffix":"b"}]})", "Only one key allowed in match expression"},
      {R"({"a":[{"near":"b"}]})", "Unrecognized match type near"},
      {R"({"a":[{"prefix":1}]})", "prefix match pattern must be a string"},
      {R"({"a":[{"equals-ignore-case":1}]})", "equals-ignore-case match pattern must be a string"},
      {R"({"a":[{"exists":"x"}]})", "exists match pattern must be either true or false."},
      {R"({"a":[{"wildcard":"a**"}]})", "Consecutive wildcard characters at pos 1"},
      {R"({"a":[{"wildcard":"a\\b"}]})", "Invalid escape character at pos 1"},
      {R"({"a":[{"cidr":"10.0.0.0"}]})", "Malformed CIDR, one '/' required"},
      {R"({"a":[{"cidr":"10.0.0.0/x"}]})", "Malformed CIDR, mask bits must be an integer"},
      {R"({"a":[{"cidr":"10.0/8"}]})", "Nonstandard IP address: 10.0"},
      {R"({"a":[{"anything-but":null}]})", "Value of anything-but must be an array or single string/number value."},
      {R"({"a":[{"anything-but":[true]}]})", "Inside anything but list, start|null|boolean is not supported."},
      {R"({"a":[{"anything-but":[1,"a"]}]})",
       "Inside anything but list, either all values are number or string, mixed type is not supported"},
      {R"({"a":[{"anything-but":{"numeric":[]}}]})", "Unsupported anything-but pattern: numeric"},
      {R"({"a":[{"anything-but":{"prefix":""}}]})", "Null prefix/suffix not allowed"},
      {R"({"a":[{"numeric":1}]})", "Value of numeric must be an array."},
      {R"({"a":[{"numeric":[]}]})", "Invalid member in numeric match: ]"},
      {R"({"a":[{"numeric":["!",1]}]})", "Unrecognized numeric range operator: !"},
      {R"({"a":[{"numeric":["<","1"]}]})", "Value of < must be numeric"},
      {R"({"a":[{"numeric":["=",1,"<",2]}]})", "Too many elements in numeric expression"},
      {R"({"a":[{"numeric":["<",1,">",2]}]})", "Too many terms in numeric range expression"},
      {R"({"a":[{"numeric":[">",1,2,3]}]})", "Bad value in numeric range: 2"},
      {R"({"a":[{"numeric":[">",1,"=",3]}]})", "Bad numeric range operator: ="},
      {R"({"a":[{"numeric":[">",5,"<",1]}]})", "Bottom must be less than top"},
  };
  for (const auto& [pattern, reason] : cases) EXPECT_EQ(ReasonOf(pattern), reason) << pattern;
}

TEST(EventPattern, DialectsAllowLess) {
  const Dialect narrow{.bytes_max = 60, .has_wildcards = false, .has_nested_anything_but = false, .or_combinations_max = 2, .refuse = Refused};
  EXPECT_EQ(ReasonOf(R"({"a":[{"wildcard":"x*"}]})", narrow), "Unrecognized match type wildcard");
  EXPECT_EQ(ReasonOf(R"({"a":[{"anything-but":{"prefix":"x"}}]})", narrow), "Unsupported anything-but pattern: prefix");
  EXPECT_EQ(ReasonOf(R"({"a":[{"anything-but":["x"]}]})", narrow), "");
  EXPECT_TRUE(ReasonOf(R"({"$or":[{"a":[1]},{"b":[1]},{"c":[1]}]})", narrow).starts_with("Rule is too complex"));
  EXPECT_EQ(ReasonOf(R"({"a":["a text that takes more room than there is in this one"]})", narrow), "Filter is longer than 60 characters");
}

TEST(EventPattern, ADialectMayBoundPlainNumbers) {
  const Dialect bounded{.number_max = 1.0e9, .has_bounds_for_plain_numbers = true, .refuse = Refused};
  EXPECT_EQ(ReasonOf(R"({"a":[1000000000,-1e9,0.00001]})", bounded), "");
  for (const char* pattern : {R"({"a":[1000000001]})", R"({"a":[-1.1e9]})", R"({"a":[1e999]})", R"({"a":[{"anything-but":2e9}]})", R"({"a":[{"anything-but":[1,2e9]}]})"}) {
    EXPECT_EQ(ReasonOf(pattern, bounded), "Value must be between -1.0E9 and 1.0E9, inclusive") << pattern;
  }
  EXPECT_EQ(ReasonOf(R"({"a":[1e12]})"), "");
}

TEST(EventPattern, RepetitionBehindStarsIsComplex) {
  EXPECT_TRUE(IsValid(R"({"a":[{"wildcard":"*abc*def*ghi*"}]})"));
  EXPECT_TRUE(ReasonOf("{\"a\":[{\"wildcard\":\"*" + std::string(60, 'a') + "*\"}]}").starts_with("Rule is too complex"));
}

TEST(EventPattern, CountsForLimits) {
  const auto pattern = EventPattern::Compile(R"({"a":[1,2,3],"b":{"c":["x","y"]},"$or":[{"d":[1]},{"e":[1,2]}]})", kDialect);
  ASSERT_TRUE(pattern.has_value());
  const PatternFigures figures = pattern->figures();
  EXPECT_EQ(figures.fields, 4);
  EXPECT_EQ(figures.depth, 2);
  EXPECT_EQ(figures.or_combinations, 2);
  EXPECT_EQ(figures.value_combinations, 3 * (2 * 2) * (1 + 2));
}

}  // namespace
}  // namespace mayfly::patterns
