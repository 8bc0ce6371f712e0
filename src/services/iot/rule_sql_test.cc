// If these fail, rules of IoT get other messages than they ask for, or make something else of them than on AWS.
#include "services/iot/rule_sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/iot/topic_filter.h"

namespace mayfly::iot {
namespace {

using testing::HasSubstr;

constexpr std::string_view kPayload = R"({"deviceid":"iot123","temp":54.5,"humidity":32,"coords":{"latitude":47.6,"tags":["x","y"]},"on":true,"none":null,"a-b":1})";

RuleMessage MessageOf(std::string payload) {
  return {.topic = "sensors/room1/temperature", .payload = std::move(payload), .millis = 1234, .account_id = "111122223333", .principal = "arn:p", .trace_id = "t", .qos = 1};
}

std::string Selected(std::string_view sql, std::string_view payload = kPayload) {
  const auto compiled = RuleSql::Compile(sql);
  if (!compiled) return compiled.error().message;
  return compiled->Select(MessageOf(std::string(payload)));
}

bool Passes(std::string_view condition, std::string_view payload = kPayload) {
  const auto compiled = RuleSql::Compile(std::string("SELECT * FROM 'a/b' WHERE ").append(condition));
  EXPECT_TRUE(compiled) << condition << ": " << (compiled ? "" : compiled.error().message);
  return compiled && compiled->Wants(MessageOf(std::string(payload)));
}

TEST(RuleSql, StarIsThePayloadAsItCame) {
  EXPECT_EQ(Selected("SELECT * FROM 'a'", R"({ "x" : 1.0 })"), R"({ "x" : 1.0 })");
  EXPECT_EQ(Selected("select * from 'a'", "no json"), "no json");
}

TEST(RuleSql, WhatIsSelected) {
  constexpr std::pair<const char*, const char*> kCases[] = {
      {"SELECT deviceid, temp FROM 'a'", R"({"deviceid":"iot123","temp":54.5})"},
      {"SELECT coords.latitude AS lat, coords.tags[1] as tag, coords.none FROM 'a'", R"({"lat":47.6,"tag":"y"})"},
      {"SELECT coords.latitude FROM 'a'", R"({"latitude":47.6})"},
      {"SELECT humidity + 1 AS next, temp * 2 AS double, humidity % 5 AS rest, 7 / 2 AS half, -humidity AS less FROM 'a'", R"({"next":33,"double":109,"rest":2,"half":3.5,"less":-32})"},
      {"SELECT topic(2) AS room, timestamp() AS ts, accountid() AS account FROM 'a'", R"({"room":"room1","ts":1234,"account":"111122223333"})"},
      {"SELECT upper(deviceid) AS id, concat('a', humidity, true) AS all_ FROM 'a'", R"({"id":"IOT123","all_":"a32true"})"},
      {"SELECT \"a-b\", CASE on WHEN true THEN 'yes' ELSE 'no' END AS is_on FROM 'a'", R"({"a-b":1,"is_on":"yes"})"},
      {"SELECT CASE WHEN temp > 60 THEN 'hot' WHEN temp > 50 THEN 'warm' END AS how FROM 'a'", R"({"how":"warm"})"},
      {"SELECT none, missing, undefined AS u FROM 'a'", R"({"none":null})"},
      {"SELECT VALUE coords.tags FROM 'a'", R"(["x","y"])"},
      {"SELECT encode(*, 'base64') AS data FROM 'a'", nullptr},
      {"SELECT cast('12' AS_) FROM 'a'", "Unexpected 'AS_' where ')' was expected at position 17"},
      {"SELECT 'it''s' AS text FROM 'a'", R"({"text":"it's"})"},
      {"SELECT substring('012345', 2, 4) AS s, indexof('abc', 'c') AS i, replace('a.b', '.', '-') AS r FROM 'a'", R"({"s":"23","i":2,"r":"a-b"})"},
  };
  for (const auto& [sql, wanted] : kCases) {
    if (wanted) EXPECT_EQ(Selected(sql), wanted) << sql;
  }
  EXPECT_EQ(Selected("SELECT encode(*, 'base64') AS data FROM 'a'", "\x01\xff"), R"({"data":"Af8="})");
}

TEST(RuleSql, StarWithMoreKeepsTheMembers) { EXPECT_EQ(Selected("SELECT *, topic(1) AS kind FROM 'a'", R"({"x":1})"), R"({"x":1,"kind":"sensors"})"); }

TEST(RuleSql, WhereLetsThrough) {
  for (const char* yes : {"temp > 50", "temp >= 54.5 AND humidity < 33", "NOT (temp < 50)", "deviceid = 'iot123'", "humidity IN (1, 32)", "humidity IN [32]",
                          "'x' IN coords.tags", "on", "on = true AND none = null", "temp <> 1", "temp != 1", "'54.5' = temp", "isundefined(missing)",
                          "false OR startswith(deviceid, 'iot')", "topic(3) = 'temperature'", "coords.latitude > 40 and length(deviceid) = 6"}) {
    EXPECT_TRUE(Passes(yes)) << yes;
  }
  for (const char* no : {"temp < 50", "missing > 1", "missing = 1", "NOT missing", "deviceid > 5", "temp", "'false'", "humidity IN (1, 2)", "1 / 0 > 1"}) EXPECT_FALSE(Passes(no)) << no;
  EXPECT_FALSE(Passes("temp > 1", "no json"));
}

TEST(RuleSql, WhatIsNoSqlIsToldOf) {
  constexpr std::pair<const char*, const char*> kCases[] = {
      {"", "The statement ends where SELECT was expected at position 0"},
      {"SELECT FROM 'a'", "Unexpected 'FROM' where an expression was expected at position 7"},
      {"SELECT * FROM a", "Unexpected 'a' where a topic filter in single quotes was expected"},
      {"SELECT * FROM 'a/#/b'", "'a/#/b' is no topic filter"},
      {"SELECT * FROM 'a' WHERE", "The statement ends where an expression was expected"},
      {"SELECT * FROM 'a' LIMIT 1", "Unexpected 'LIMIT' where the end of the statement was expected"},
      {"SELECT nothing() FROM 'a'", "There is no function nothing of 0 arguments"},
      {"SELECT 'open FROM", "A quote is not closed at position 7"},
      {"SELECT a ; b", "Unexpected character ';'"},
      {"SELECT 1.2.3 FROM 'a'", "'1.2.3' is no number"},
  };
  for (const auto& [sql, message] : kCases) {
    const auto compiled = RuleSql::Compile(sql);
    ASSERT_FALSE(compiled) << sql;
    EXPECT_EQ(compiled.error().code, "SqlParseException");
    EXPECT_THAT(compiled.error().message, HasSubstr(message)) << sql;
  }
  EXPECT_FALSE(RuleSql::Compile("SELECT " + std::string(1000, '(') + "1" + std::string(1000, ')')));
  EXPECT_TRUE(RuleSql::Compile("SELECT *")) << "a rule for basic ingest has no FROM";
}

TEST(RuleSql, TemplatesAreFilled) {
  const RuleMessage message = MessageOf(std::string(kPayload));
  EXPECT_EQ(RuleSql::FillTemplate("a/${topic(2)}/${coords.tags[0]}-${missing}", message).value(), "a/room1/x-undefined");
  EXPECT_EQ(RuleSql::FillTemplate("plain $ {x}", message).value(), "plain $ {x}");
  EXPECT_FALSE(RuleSql::FillTemplate("${topic(1)", message));
  EXPECT_FALSE(RuleSql::FillTemplate("${", message));
}

TEST(TopicFilter, WhatItMeans) {
  for (const auto& [topic, filter] : {std::pair("a/b", "a/b"), {"a/b", "a/+"}, {"a/b/c", "a/#"}, {"a", "a/#"}, {"a/b", "#"}, {"a//b", "a/+/b"}, {"$aws/x", "$aws/#"}}) {
    EXPECT_TRUE(MatchesFilter(topic, filter)) << topic << " " << filter;
  }
  for (const auto& [topic, filter] : {std::pair("a/b", "a"), {"a", "a/b"}, {"a/b/c", "a/+"}, {"$aws/x", "#"}, {"$aws/x", "+/x"}, {"a/b", "a/b/+"}, {"ab", "a/#"}}) {
    EXPECT_FALSE(MatchesFilter(topic, filter)) << topic << " " << filter;
  }
  for (const char* bad : {"", "a/b#", "#/a", "a+/b"}) EXPECT_FALSE(IsTopicFilter(bad)) << bad;
  for (const char* bad : {"", "a/+", "#", "1/2/3/4/5/6/7/8/9", "\xff"}) EXPECT_FALSE(IsTopic(bad)) << bad;
  EXPECT_TRUE(IsTopic("$aws/rules/x/1/2/3/4/5/6/7/8"));
  EXPECT_EQ(ParseBasicIngest("$aws/rules/R/a/b")->topic, "a/b");
}

}  // namespace
}  // namespace mayfly::iot
