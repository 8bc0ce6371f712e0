// If this fails, mappings are refused that AWS accepts (or the reverse), or functions get records that they filtered out.
#include "sources/record_filters.h"

#include <gtest/gtest.h>

namespace mayfly::sources {
namespace {

bool IsValid(std::string_view pattern) { return CompileFilter(pattern).has_value(); }

TEST(Filters, RefusesWhatIsNoPattern) {
  for (const char* pattern : {"", "single-string", "\"text\"", "[]", "[{\"a\":[1]}]", "{}", "{\"a\":\"b\"}", "{\"a\":1}", "{\"a\":null}",
                              "{\"a\":[]}", "{\"a\":{}}", "{\"a\":[[1]]}", "{\"a\":[{}]}", "{\"a\":[{\"b\":1}]}", "{\"a\":[\"INSERT\"=123]}",
                              "{\"a\":[{\"exists\":\"yes\"}]}", "{\"a\":[{\"prefix\":1}]}", "{\"a\":[{\"prefix\":\"a\",\"suffix\":\"b\"}]}"}) {
    const auto compiled = CompileFilter(pattern);
    ASSERT_FALSE(compiled.has_value()) << pattern;
    EXPECT_TRUE(compiled.error().IsService("InvalidParameterValueException"));
    EXPECT_EQ(compiled.error().message, "Invalid filter pattern definition.");
  }
}

TEST(Filters, RefusesMatchersWithBadArguments) {
  for (const char* argument : {R"("numeric":[])", R"("numeric":[">"])", R"("numeric":["!",1])", R"("numeric":[">","1"])", R"("numeric":["<",5,">",1])",
                               R"("numeric":[">",5,"<",1])", R"("numeric":["=",1,"<",5])", R"("numeric":[">",1,"<",5,"<",6])", R"("cidr":"10.0.0.0")",
                               R"("cidr":"10.0.0.0/33")", R"("cidr":"10.0.0/8")", R"("cidr":"10.0.0.0/8x")", R"("wildcard":"a**b")", R"("wildcard":"a\\b")",
                               R"("wildcard":1)", R"("anything-but":[])", R"("anything-but":[1,"a"])", R"("anything-but":[null])",
                               R"("anything-but":{"numeric":["=",1]})", R"("anything-but":{"prefix":[]})", R"("anything-but":{"prefix":[1]})",
                               R"("equals-ignore-case":1)", R"("equals-ignore-case":["a"])", R"("suffix":{"prefix":"a"})", R"("exists":null)"}) {
    EXPECT_FALSE(IsValid(std::string("{\"a\":[{") + argument + "}]}")) << argument;
  }
}

TEST(Filters, SizesAreBounded) {
  const std::string fits = "{\"a\":[\"" + std::string(kFilterBytesMax - 10, 'x') + "\"]}";
  EXPECT_EQ(fits.size(), kFilterBytesMax);
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
