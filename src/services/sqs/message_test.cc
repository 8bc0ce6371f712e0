// If these fail, messages change between sender and receiver, or the checksums and limits are not AWS's.
#include "services/sqs/message.h"

#include <gtest/gtest.h>

#include "services/sqs/receipt_handle.h"

namespace mayfly::sqs {
namespace {

StoredMessage Sample() {
  StoredMessage stored;
  stored.message = {.message_id = "5fea7756-0ea4-451a-a703-a558b933e274",
                    .body = std::string("b\0dy \xc3\xbc", 7),
                    .md5_of_body = "841a2d689ad86bd1611447453c22c6fc",
                    .sender_id = "123456789012",
                    .sent_epoch_millis = 1'767'225'600'123,
                    .attributes = {{"n", "Number", "1"}, {"b", "Binary.png", std::string("\0\xff", 2)}},
                    .trace_header = "Root=1-5759e988-bd862e3fe1be46a994272793",
                    .dead_letter_source_arn = "arn:aws:sqs:us-east-1:123456789012:q",
                    .group_id = "g"};
  stored.earlier_receives = 3;
  stored.first_received_millis = 1'767'225'600'999;
  return stored;
}

TEST(Message, IsReadAsItWasWritten) {
  const StoredMessage stored = Sample();
  const auto read = DecodeMessage(EncodeMessage(stored));
  ASSERT_TRUE(read);
  EXPECT_EQ(EncodeMessage(*read), EncodeMessage(stored));
  EXPECT_EQ(read->message.body, stored.message.body);
  EXPECT_EQ(read->message.sent_epoch_millis, stored.message.sent_epoch_millis);
  ASSERT_EQ(read->message.attributes.size(), 2u);
  EXPECT_EQ(read->message.attributes[1].value, stored.message.attributes[1].value);
  EXPECT_EQ(read->earlier_receives, 3);
  EXPECT_EQ(read->first_received_millis, stored.first_received_millis);
}

TEST(Message, RefusesBytesThatAreNoMessage) {
  const std::string bytes = EncodeMessage(Sample());
  for (size_t length = 0; length < bytes.size(); ++length) EXPECT_FALSE(DecodeMessage(bytes.substr(0, length))) << length;
  EXPECT_FALSE(DecodeMessage(bytes + "x"));
  EXPECT_FALSE(DecodeMessage("\x02" + bytes.substr(1)));
}

// The digests are those that AWS has answered to clients.
TEST(Message, ChecksumsOfAttributesAreThoseOfAws) {
  const std::vector<MessageAttribute> attributes = {{"Hello", "String", "There"}, {"General", "String", "Kenobi"}, {"Help.Me", "String", "Me"}};
  EXPECT_EQ(Md5OfAttributes({&attributes[0], &attributes[1], &attributes[2]}), "4c360f3fdafd970e05fae2f149d997f5");
  EXPECT_EQ(Md5OfAttributes({&attributes[0]}), "a311262e065454b75da111d535b8dacd");
  EXPECT_EQ(Md5OfAttributes({}), "");
  const MessageAttribute binary{"attr1", "Binary", std::string("traceparent\x1e") + "00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"};
  EXPECT_EQ(Md5OfAttributes({&binary}), "8cbe4db156db8a94db8b801b7addb984");
}

TEST(Message, NamesWithWildcardsSelectAttributes) {
  const std::vector<MessageAttribute> attributes = {{"a.one", "String", "1"}, {"a.two", "String", "2"}, {"b", "String", "3"}};
  auto count = [&](std::vector<std::string> names) { return SelectAttributes(attributes, names).size(); };
  EXPECT_EQ(count({}), 0u);
  EXPECT_EQ(count({"All"}), 3u);
  EXPECT_EQ(count({".*"}), 3u);
  EXPECT_EQ(count({"a.*"}), 2u);
  EXPECT_EQ(count({"b", "b", "c"}), 1u);
}

std::string CodeOf(const Result<>& result) { return result ? "" : result.error().code; }

TEST(Message, BodiesOfForbiddenCharactersAreRefused) {
  auto check = [](std::string_view body) { return CodeOf(CheckBody(body, body.size(), 1'000)); };
  EXPECT_EQ(check("\t\n\r plain \xf0\x9f\x8e\x89 \xef\xbf\xbd"), "");
  EXPECT_EQ(check(std::string_view("\0", 1)), "InvalidMessageContents");
  EXPECT_EQ(check("\x1f"), "InvalidMessageContents");
  EXPECT_EQ(check("\xef\xbf\xbe"), "InvalidMessageContents");
  EXPECT_EQ(check("\xef\xbf\xbf"), "InvalidMessageContents");
  EXPECT_EQ(check(""), "MissingParameter");
  EXPECT_EQ(CodeOf(CheckBody("1234", 1'001, 1'000)), "InvalidParameterValue");
}

TEST(Message, AttributesAreChecked) {
  auto check = [](MessageAttribute attribute) { return CodeOf(CheckAttributes({std::move(attribute)})); };
  EXPECT_EQ(check({"good-name_1.x", "String.custom", "v"}), "");
  EXPECT_EQ(check({"n", "Number", "-1.5e+10"}), "");
  for (const char* number : {"", "1e", "e5", ".", "1.2.3", "0x10", "NaN", " 1", "1e999", "Infinity"}) EXPECT_NE(check({"n", "Number", number}), "") << number;
  for (const char* name : {"", ".a", "a.", "a..b", "AWS.a", "amazon.a", "a b"}) EXPECT_NE(check({name, "String", "v"}), "") << name;
  for (const char* type : {"", "string", "Strings", "String.", "Text"}) EXPECT_NE(check({"a", type, "v"}), "") << type;
}

TEST(ReceiptHandles, AreReadByWhoMadeThemForThatQueue) {
  const ReceiptHandles handles("key");
  const std::string handle = handles.Make("queue-1", {.item = 1'234'567'890'123, .attempt = 7, .received_seconds = 1'767'225'600});
  const auto receipt = handles.Read("queue-1", handle);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->item, 1'234'567'890'123);
  EXPECT_EQ(receipt->attempt, 7);
  EXPECT_EQ(receipt->received_seconds, 1'767'225'600);
  EXPECT_FALSE(handles.Read("queue-2", handle));
  EXPECT_FALSE(ReceiptHandles("another").Read("queue-1", handle));
  for (size_t i = 0; i < handle.size(); ++i) {
    std::string changed = handle;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto read = handles.Read("queue-1", changed);
    EXPECT_FALSE(read && read->item != receipt->item) << i;
  }
  EXPECT_FALSE(handles.Read("queue-1", ""));
  EXPECT_FALSE(handles.Read("queue-1", std::string(100'000, 'A')));
}

}  // namespace
}  // namespace mayfly::sqs
