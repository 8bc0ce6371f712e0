// If this fails, a mapping loses members over a restart, or two mappings of one source and function are not told apart.
#include "catalog/event_source_mapping.h"

#include <gtest/gtest.h>

namespace mayfly::catalog {
namespace {

EventSourceMapping MakeMapping() {
  EventSourceMapping mapping;
  mapping.account_id = "111111111111";
  mapping.region = "eu-central-1";
  mapping.uuid = "6b06b9a6-2f2b-4b44-9d9c-b8a0b2d1f0aa";
  mapping.function = {"222222222222", "eu-central-1", "f"};
  mapping.event_source_arn = "arn:aws:kinesis:eu-central-1:111111111111:stream/s";
  mapping.batch_size = 100;
  return mapping;
}

EventSourceMapping StoredAndRead(const EventSourceMapping& mapping) {
  EventSourceMapping read;
  EXPECT_TRUE(FromJson(mapping.Key(), *json::Parse(json::Write(ToJson(mapping))), read).has_value());
  return read;
}

TEST(EventSourceMapping, RowsKeepEveryMember) {
  EventSourceMapping mapping = MakeMapping();
  mapping.qualifier = "live";
  mapping.bootstrap_servers = {"a:9092", "b:9092"};
  mapping.source_access = {{"BASIC_AUTH", "arn:aws:secretsmanager:eu-central-1:111111111111:secret:s"}};
  mapping.schema_registry = SchemaRegistry{"https://registry", "JSON", {{"BASIC_AUTH", "arn:x"}}, {"KEY", "VALUE"}};
  mapping.starting_position_epoch_millis = 0;
  mapping.maximum_retry_attempts = -1;
  mapping.bisect_batch_on_function_error = false;
  mapping.filter_patterns = {R"({"a":[1]})"};
  mapping.tags = {{"k", "v"}};
  mapping.enabled = false;
  const EventSourceMapping read = StoredAndRead(mapping);
  EXPECT_EQ(json::Write(ToJson(read)), json::Write(ToJson(mapping)));
  EXPECT_EQ(read.Arn(), "arn:aws:lambda:eu-central-1:111111111111:event-source-mapping:6b06b9a6-2f2b-4b44-9d9c-b8a0b2d1f0aa");
  EXPECT_EQ(read.FunctionArn(), "arn:aws:lambda:eu-central-1:222222222222:function:f:live");
  EXPECT_EQ(read.schema_registry->access.front().uri, "arn:x");
  EXPECT_EQ(read.starting_position_epoch_millis, 0);
  EXPECT_EQ(read.bisect_batch_on_function_error, false);
  EXPECT_FALSE(read.maximum_concurrency.has_value());
  EXPECT_FALSE(read.enabled);
}

TEST(EventSourceMapping, AClaimIsOfSourceAndFunction) {
  const EventSourceMapping mapping = MakeMapping();
  EventSourceMapping other = mapping;
  other.uuid = "another";
  other.batch_size = 1;
  other.state = MappingState::Enabled;
  EXPECT_EQ(other.ClaimKey(), mapping.ClaimKey());
  other.qualifier = "live";
  EXPECT_NE(other.ClaimKey(), mapping.ClaimKey());
  other = mapping;
  other.event_source_arn += "2";
  EXPECT_NE(other.ClaimKey(), mapping.ClaimKey());
  other = mapping;
  other.topics = {"t"};
  EXPECT_NE(other.ClaimKey(), mapping.ClaimKey());
  EventSourceMapping queue = mapping;
  queue.queues = {"t"};
  EXPECT_NE(other.ClaimKey(), queue.ClaimKey());
}

TEST(EventSourceMapping, BootstrapServersHaveNoOrder) {
  EventSourceMapping mapping = MakeMapping();
  mapping.bootstrap_servers = {"a:1", "b:1"};
  EventSourceMapping other = mapping;
  other.bootstrap_servers = {"b:1", "a:1"};
  EXPECT_EQ(other.ClaimKey(), mapping.ClaimKey());
}

}  // namespace
}  // namespace mayfly::catalog
