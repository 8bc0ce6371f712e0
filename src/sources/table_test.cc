// If this fails, mappings are checked and polled as if their source were another one.
#include "sources/table.h"

#include <gtest/gtest.h>

namespace mayfly::sources {
namespace {

SourceKind KindOf(std::string_view arn) {
  const SourceFacts* facts = FindSource(arn, false);
  EXPECT_TRUE(facts) << arn;
  return facts ? facts->kind : SourceKind::Mq;
}

TEST(SourceTable, AnArnTellsTheKind) {
  EXPECT_EQ(KindOf("arn:aws:sqs:us-east-1:111111111111:q"), SourceKind::SqsStandard);
  EXPECT_EQ(KindOf("arn:aws-cn:sqs:cn-north-1:111111111111:q.fifo"), SourceKind::SqsFifo);
  EXPECT_EQ(KindOf("arn:aws:kinesis:us-east-1:111111111111:stream/s"), SourceKind::Kinesis);
  EXPECT_EQ(KindOf("arn:aws:kinesis:us-east-1:111111111111:stream/s/consumer/c:1"), SourceKind::KinesisConsumer);
  EXPECT_EQ(KindOf("arn:aws:dynamodb:us-east-1:111111111111:table/t/stream/2026-01-01T00:00:00.000"), SourceKind::DynamoDb);
  EXPECT_EQ(KindOf("arn:aws:kafka:us-east-1:111111111111:cluster/c/0a-1"), SourceKind::ManagedKafka);
  EXPECT_EQ(KindOf("arn:aws:mq:us-east-1:111111111111:broker:b:b-1"), SourceKind::Mq);
  EXPECT_EQ(KindOf("arn:aws:rds:us-east-1:111111111111:cluster:c"), SourceKind::DocumentDb);
}

TEST(SourceTable, OtherArnsAreNoSources) {
  for (const char* arn : {"", "arn", "arn:aws:sqs:us-east-1:111111111111:", "arn:aws:sns:us-east-1:111111111111:t", "arn:aws:s3:::b",
                          "arn:aws:dynamodb:us-east-1:111111111111:table/t", "arn:aws:rds:us-east-1:111111111111:db:d"}) {
    EXPECT_EQ(FindSource(arn, false), nullptr) << arn;
  }
  EXPECT_EQ(FindSource("", true)->kind, SourceKind::SelfManagedKafka);
}

TEST(SourceTable, RowsAreConsistent) {
  for (const SourceFacts& facts : AllSources()) {
    EXPECT_EQ(FactsOf(facts.kind).kind, facts.kind) << facts.name;  // in the order of the enum
    EXPECT_LE(facts.batch_size, facts.batch_size_maximum);
    EXPECT_EQ(facts.defaults == Defaults::Stream, IsStream(facts.kind));
    EXPECT_EQ(facts.defaults == Defaults::Queue, IsQueue(facts.kind));
    EXPECT_EQ(facts.allowed.Has(Setting::Pollers), facts.pollers.maximum > 0);
    EXPECT_EQ(facts.allowed.Has(Setting::SourceAccess), !facts.access_types.empty());
    for (int setting = 0; setting <= static_cast<int>(Setting::DocumentDbConfig); ++setting) {
      const auto one = static_cast<Setting>(setting);
      EXPECT_TRUE(!facts.required.Has(one) || facts.allowed.Has(one)) << facts.name << setting;
      EXPECT_FALSE(facts.allowed_when_provisioned.Has(one) && facts.allowed.Has(one)) << facts.name << setting;
    }
  }
}

}  // namespace
}  // namespace mayfly::sources
