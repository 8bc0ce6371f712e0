// If this fails, mappings are refused that AWS accepts (or the reverse), or functions get records that they filtered out.
#include "sources/filter_pattern.h"

#include <gtest/gtest.h>

namespace mayfly::sources {
namespace {

bool IsValid(std::string_view pattern) { return FilterPattern::Compile(pattern).has_value(); }

bool Matches(std::string_view pattern, std::string_view event) {
  const auto compiled = FilterPattern::Compile(pattern);
  EXPECT_TRUE(compiled.has_value()) << pattern;
  const auto document = json::Parse(event);
  EXPECT_TRUE(document.has_value()) << event;
  return compiled && document && compiled->Matches(*document);
}

TEST(FilterPattern, RefusesWhatIsNoPattern) {
  for (const char* pattern : {"", "single-string", "\"text\"", "[]", "[{\"a\":[1]}]", "{}", "{\"a\":\"b\"}", "{\"a\":1}", "{\"a\":null}",
                              "{\"a\":[]}", "{\"a\":{}}", "{\"a\":[[1]]}", "{\"a\":[{}]}", "{\"a\":[{\"b\":1}]}", "{\"a\":[\"INSERT\"=123]}",
                              "{\"a\":[{\"exists\":\"yes\"}]}", "{\"a\":[{\"prefix\":1}]}", "{\"a\":[{\"prefix\":\"a\",\"suffix\":\"b\"}]}"}) {
    const auto compiled = FilterPattern::Compile(pattern);
    ASSERT_FALSE(compiled.has_value()) << pattern;
    EXPECT_TRUE(compiled.error().IsService("InvalidParameterValueException"));
    EXPECT_EQ(compiled.error().message, "Invalid filter pattern definition.");
  }
}

TEST(FilterPattern, RefusesMatchersWithBadArguments) {
  for (const char* argument : {R"("numeric":[])", R"("numeric":[">"])", R"("numeric":["!",1])", R"("numeric":[">","1"])", R"("numeric":["<",5,">",1])",
                               R"("numeric":[">",5,"<",1])", R"("numeric":["=",1,"<",5])", R"("numeric":[">",1,"<",5,"<",6])", R"("cidr":"10.0.0.0")",
                               R"("cidr":"10.0.0.0/33")", R"("cidr":"10.0.0/8")", R"("cidr":"10.0.0.0/8x")", R"("wildcard":"a**b")", R"("wildcard":"a\\b")",
                               R"("wildcard":1)", R"("anything-but":[])", R"("anything-but":[1,"a"])", R"("anything-but":[null])",
                               R"("anything-but":{"numeric":["=",1]})", R"("anything-but":{"prefix":[]})", R"("anything-but":{"prefix":[1]})",
                               R"("equals-ignore-case":1)", R"("equals-ignore-case":["a"])", R"("suffix":{"prefix":"a"})", R"("exists":null)"}) {
    EXPECT_FALSE(IsValid(std::string("{\"a\":[{") + argument + "}]}")) << argument;
  }
}

TEST(FilterPattern, LiteralsAreExact) {
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

TEST(FilterPattern, AllFieldsMustMatch) {
  EXPECT_TRUE(Matches(R"({"a":{"b":["x"]},"c":["y"]})", R"({"a":{"b":"x"},"c":"y"})"));
  EXPECT_FALSE(Matches(R"({"a":{"b":["x"]},"c":["y"]})", R"({"a":{"b":"x"},"c":"z"})"));
  EXPECT_FALSE(Matches(R"({"a":{"b":["x"]}})", R"({"a":"x"})"));
  EXPECT_FALSE(Matches(R"({"a":["x"]})", R"(["a"])"));
  EXPECT_TRUE(Matches(R"({"a":["x"],"a":["y"]})", R"({"a":"y"})"));  // of equal names the last one counts
}

TEST(FilterPattern, OneItemOfAListIsEnough) {
  EXPECT_TRUE(Matches(R"({"a":["x"]})", R"({"a":["w","x"]})"));
  EXPECT_FALSE(Matches(R"({"a":["x"]})", R"({"a":[]})"));
  EXPECT_TRUE(Matches(R"({"a":{"b":[1],"c":[2]}})", R"({"a":[{"b":1,"c":2},{"b":0,"c":0}]})"));
  EXPECT_FALSE(Matches(R"({"a":{"b":[1],"c":[2]}})", R"({"a":[{"b":1,"c":0},{"b":0,"c":2}]})"));  // not two items together
}

TEST(FilterPattern, ExistsSpeaksOfLeaves) {
  EXPECT_TRUE(Matches(R"({"a":[{"exists":true}]})", R"({"a":null})"));
  EXPECT_FALSE(Matches(R"({"a":[{"exists":true}]})", R"({"a":{"b":1}})"));
  EXPECT_TRUE(Matches(R"({"a":[{"exists":false}]})", R"({"b":1})"));
  EXPECT_TRUE(Matches(R"({"a":{"b":[{"exists":false}]}})", R"({"c":1})"));
  EXPECT_FALSE(Matches(R"({"a":[{"exists":false}]})", R"({"a":1})"));
  EXPECT_TRUE(Matches(R"({"a":["x",{"exists":false}]})", R"({"a":"x"})"));
}

TEST(FilterPattern, TextMatchers) {
  EXPECT_TRUE(Matches(R"({"a":[{"prefix":"us-"}]})", R"({"a":"us-east-1"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"prefix":"us-"}]})", R"({"a":"eu-us-"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"prefix":"5"}]})", R"({"a":55})"));
  EXPECT_TRUE(Matches(R"({"a":[{"suffix":".png"}]})", R"({"a":"x.png"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"prefix":{"equals-ignore-case":"US-"}}]})", R"({"a":"us-east"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"suffix":{"equals-ignore-case":".PNG"}}]})", R"({"a":"x.png"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"equals-ignore-case":"Alice"}]})", R"({"a":"aLICE"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"equals-ignore-case":"Alice"}]})", R"({"a":"alic"})"));
}

TEST(FilterPattern, Wildcards) {
  EXPECT_TRUE(Matches(R"({"a":[{"wildcard":"dir/*.png"}]})", R"({"a":"dir/x/y.png"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"wildcard":"dir/*.png"}]})", R"({"a":"dir/x.jpg"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"wildcard":"*"}]})", R"({"a":""})"));
  EXPECT_TRUE(Matches(R"({"a":[{"wildcard":"a*b*c"}]})", R"({"a":"abbc"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"wildcard":"ab*ba"}]})", R"({"a":"aba"})"));  // the ends do not overlap
  EXPECT_TRUE(Matches(R"({"a":[{"wildcard":"a\\*\\\\*"}]})", R"({"a":"a*\\xyz"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"wildcard":"a\\*"}]})", R"({"a":"ab"})"));
}

TEST(FilterPattern, NumbersAndNetworks) {
  EXPECT_TRUE(Matches(R"({"a":[{"numeric":["=",100]}]})", R"({"a":1e2})"));
  EXPECT_TRUE(Matches(R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":5})"));
  EXPECT_FALSE(Matches(R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":0})"));
  EXPECT_FALSE(Matches(R"({"a":[{"numeric":["<",5]}]})", R"({"a":"1"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"cidr":"10.1.0.0/16"}]})", R"({"a":"10.1.200.3"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"cidr":"10.1.0.0/17"}]})", R"({"a":"10.1.200.3"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"cidr":"0.0.0.0/0"}]})", R"({"a":"1.2.3.4"})"));
  EXPECT_TRUE(Matches(R"({"a":[{"cidr":"2001:db8::/32"}]})", R"({"a":"2001:db8:1::1"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"cidr":"::/0"}]})", R"({"a":"1.2.3.4"})"));
  EXPECT_FALSE(Matches(R"({"a":[{"cidr":"10.0.0.0/8"}]})", R"({"a":"not an address"})"));
}

TEST(FilterPattern, AnythingBut) {
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

TEST(FilterPattern, OrBetweenFields) {
  const char* pattern = R"({"source":["s"],"$or":[{"a":["x"]},{"b":{"c":[{"numeric":[">",1]}]}}]})";
  EXPECT_TRUE(Matches(pattern, R"({"source":"s","a":"x"})"));
  EXPECT_TRUE(Matches(pattern, R"({"source":"s","b":{"c":2}})"));
  EXPECT_FALSE(Matches(pattern, R"({"source":"s","b":{"c":1}})"));
  EXPECT_FALSE(Matches(pattern, R"({"source":"t","a":"x"})"));
  EXPECT_TRUE(Matches(R"({"$or":["x"]})", R"({"$or":"x"})"));  // a field of that name
  EXPECT_FALSE(IsValid(R"({"$or":[{"a":["x"]}]})"));
}

TEST(FilterPattern, TellsTheFormOfAMember) {
  const auto pattern = FilterPattern::Compile(R"({"body":["plain"],"data":{"a":[1]}})");
  ASSERT_TRUE(pattern.has_value());
  EXPECT_EQ(pattern->FormOf("body"), FilterPattern::Form::Values);
  EXPECT_EQ(pattern->FormOf("data"), FilterPattern::Form::Fields);
  EXPECT_EQ(pattern->FormOf("value"), FilterPattern::Form::Absent);
}

TEST(FilterPattern, SizesAreBounded) {
  const std::string fits = "{\"a\":[\"" + std::string(kFilterPatternBytesMax - 10, 'x') + "\"]}";
  EXPECT_EQ(fits.size(), kFilterPatternBytesMax);
  EXPECT_TRUE(IsValid(fits));
  EXPECT_FALSE(IsValid(fits + " "));
  std::string deep;  // what fits into the bytes may be as deep as JSON goes
  for (int i = 0; i < 600; ++i) deep += "{\"a\":";
  EXPECT_TRUE(IsValid(deep + "[1]" + std::string(600, '}')));
}

TEST(Filters, OneOfThemIsEnough) {
  const auto filters = Filters::Compile({R"({"a":["x"]})", R"({"b":["y"]})"});
  ASSERT_TRUE(filters.has_value());
  EXPECT_TRUE(filters->Matches(*json::Parse(R"({"b":"y"})")));
  EXPECT_FALSE(filters->Matches(*json::Parse(R"({"b":"x"})")));
  EXPECT_TRUE(Filters::Compile({})->Matches(json::Value()));
  EXPECT_FALSE(Filters::Compile({R"({"a":["x"]})", "{}"}).has_value());
}

}  // namespace
}  // namespace mayfly::sources
