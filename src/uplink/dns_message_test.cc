#include "uplink/dns_message.h"

#include <gtest/gtest.h>

#include "uplink/resolver_settings.h"

namespace mayfly::uplink {
namespace {

using namespace std::string_literals;

std::string Query(const std::string& name_bytes, uint16_t type = kDnsTypeA) {
  std::string query = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"s + name_bytes;
  return query + static_cast<char>(type >> 8) + static_cast<char>(type) + "\x00\x01"s;
}
const std::string kHost = "\x04Host\x06mayfly\x08internal\x00"s;

// Broken: the name that is asked for is read as another one.
TEST(DnsMessage, QuestionsAreRead) {
  const std::string query = Query(kHost, kDnsTypeAaaa) + "more";
  const auto question = ReadQuery(query);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->name, "host.mayfly.internal");
  EXPECT_EQ(question->type, kDnsTypeAaaa);
  EXPECT_EQ(question->end, query.size() - 4);
  EXPECT_EQ(ReadQuery(Query("\x00"s))->name, "");
}

// Broken: what is no query is answered, or read beyond its end.
TEST(DnsMessage, OtherMessagesAreNone) {
  const std::string query = Query(kHost);
  for (size_t size = 0; size < query.size(); ++size) EXPECT_FALSE(ReadQuery(query.substr(0, size))) << size;
  EXPECT_FALSE(ReadQuery(Query("\xc0\x0c"s)));             // compressed
  EXPECT_FALSE(ReadQuery(Query("\x40"s + std::string(64, 'a') + "\x00"s)));
  std::string long_name;
  for (int i = 0; i < 5; ++i) long_name += "\x3f" + std::string(63, 'a');
  EXPECT_FALSE(ReadQuery(Query(long_name + "\x00"s)));
  for (const auto& [at, value] : {std::pair{2, '\x81'}, {2, '\x29'}, {5, '\x02'}, {5, '\x00'}}) {
    std::string changed = query;
    changed[static_cast<size_t>(at)] = value;
    EXPECT_FALSE(ReadQuery(changed)) << at;
  }
}

// Broken: a client does not take our answers, or we take one to another question.
TEST(DnsMessage, AnswersAreToTheirQuestion) {
  const std::string query = Query(kHost);
  const std::string answer = WriteAnswer(query, *ReadQuery(query), DnsCode::Ok, 0xa9fe6404);
  EXPECT_TRUE(Answers(answer, query));
  EXPECT_EQ(answer.substr(answer.size() - 4), "\xa9\xfe\x64\x04"s);
  EXPECT_EQ(answer[7], 1);
  std::string other = query;
  SetId(other, 0x1235);
  EXPECT_FALSE(Answers(answer, other));
  EXPECT_FALSE(Answers(answer, Query("\x05Hosts\x00"s)));
  EXPECT_FALSE(Answers(query, query));
  EXPECT_EQ(WriteAnswer(query, *ReadQuery(query), DnsCode::NoSuchName)[3] & 15, 3);
}

// Broken: the machine's resolvers or search domains are not functions'.
TEST(ResolverSettings, AreTheMachines) {
  const ResolverSettings settings = ParseResolverSettings(
      "# nameserver 1.1.1.1\nnameserver 10.0.0.2\nsearch old.example\nnameserver  fd00::53\t\nsearch corp.example lab.example;x\noptions ndots:2\nnameserver fe80::1%eth0\n"
      "nameserver 10.0.0.3\nnameserver 10.0.0.4\n");
  ASSERT_EQ(settings.servers.size(), kServersMax);
  EXPECT_EQ(settings.servers[0].ss_family, AF_INET);
  EXPECT_EQ(settings.servers[1].ss_family, AF_INET6);
  EXPECT_EQ(settings.search, "corp.example");
  EXPECT_TRUE(ParseResolverSettings("").servers.empty());
}

// Broken: an operator's name server is another one.
TEST(ResolverSettings, NameServersHavePorts) {
  EXPECT_EQ(ntohs(reinterpret_cast<const sockaddr_in&>(*ParseNameServer("10.0.0.2:5353")).sin_port), 5353);
  EXPECT_EQ(ntohs(reinterpret_cast<const sockaddr_in6&>(*ParseNameServer("[fd00::1]:54")).sin6_port), 54);
  EXPECT_EQ(ntohs(reinterpret_cast<const sockaddr_in6&>(*ParseNameServer("fd00::1")).sin6_port), 53);
  for (const char* wrong : {"", "example.com", "10.0.0.2:", "10.0.0.2:x", "fd00::1%eth0"}) EXPECT_FALSE(ParseNameServer(wrong)) << wrong;
}

}  // namespace
}  // namespace mayfly::uplink
