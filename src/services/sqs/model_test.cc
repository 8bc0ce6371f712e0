// If these fail, SDKs of before 2023 cannot call a service, or misread its answers.
#include "wire/query.h"

#include <gtest/gtest.h>

#include "model/sqs.h"
#include "wire/json_rpc.h"

namespace mayfly::sqs {
namespace {

using namespace wire;

class SqsQueryTest : public testing::Test {
 protected:
  Result<wire::Message> Decode(std::string body, std::string target = "/") {
    http::Request request;
    request.method = "POST";
    request.target = std::move(target);
    request.body = std::move(body);
    MF_TRY(const RouteMatch match, query_.Route(request));
    return query_.Decode(match, request);
  }
  std::string CodeOf(std::string body) {
    const auto message = Decode(std::move(body));
    return message ? "" : message.error().code;
  }
  Query query_{kService};
};

TEST_F(SqsQueryTest, ReadsListsMapsAndStructures) {
  const auto message = Decode(
      "Action=SendMessageBatch&QueueUrl=http%3A%2F%2Fh%2F1%2Fq&SendMessageBatchRequestEntry.2.Id=two&SendMessageBatchRequestEntry.2.MessageBody=b+c"
      "&SendMessageBatchRequestEntry.1.Id=one&SendMessageBatchRequestEntry.1.MessageBody=%C3%BC&SendMessageBatchRequestEntry.1.DelaySeconds=7"
      "&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=k&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=Binary"
      "&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.BinaryValue=AP8%3D");
  ASSERT_TRUE(message) << message.error().ToString();
  const auto& request = message->As<SendMessageBatchRequest>();
  EXPECT_EQ(request.queue_url, "http://h/1/q");
  ASSERT_EQ(request.entries.size(), 2u);
  EXPECT_EQ(request.entries[0].id, "one");
  EXPECT_EQ(request.entries[0].message_body, "\xc3\xbc");
  EXPECT_EQ(request.entries[0].delay_seconds, 7);
  ASSERT_EQ(request.entries[0].message_attributes->size(), 1u);
  EXPECT_EQ(request.entries[0].message_attributes->front().first, "k");
  EXPECT_EQ(request.entries[0].message_attributes->front().second.binary_value, std::string("\0\xff", 2));
  EXPECT_EQ(request.entries[1].message_body, "b c");
}

TEST_F(SqsQueryTest, ReadsTheShorterFormsOfOlderClients) {
  const auto message = Decode("Action=SetQueueAttributes&Attribute.Name=DelaySeconds&Attribute.Value=5", "/123456789012/q");
  ASSERT_TRUE(message);
  const auto& request = message->As<SetQueueAttributesRequest>();
  EXPECT_EQ(request.queue_url, "/123456789012/q");
  ASSERT_EQ(request.attributes.size(), 1u);
  EXPECT_EQ(request.attributes.front(), (std::pair<std::string, std::string>("DelaySeconds", "5")));
  const auto names = Decode("Action=GetQueueAttributes&QueueUrl=q&AttributeName=All");
  ASSERT_TRUE(names);
  EXPECT_EQ(names->As<GetQueueAttributesRequest>().attribute_names, std::vector<std::string>{"All"});
  const auto tags = Decode("Action=TagQueue&QueueUrl=q&Tags.1.Key=a&Tags.1.Value=b");
  ASSERT_TRUE(tags);
  EXPECT_EQ(tags->As<TagQueueRequest>().tags.front().second, "b");
}

TEST_F(SqsQueryTest, TheLastOfEqualKeysCounts) {
  const auto message = Decode("Action=TagQueue&QueueUrl=q&Tag.1.Key=a&Tag.1.Value=1&Tag.2.Key=b&Tag.2.Value=2&Tag.3.Key=a&Tag.3.Value=3");
  ASSERT_TRUE(message);
  const Map<std::string> wanted = {{"b", "2"}, {"a", "3"}};
  EXPECT_EQ(message->As<TagQueueRequest>().tags, wanted);
}

TEST_F(SqsQueryTest, RefusesWhatMeansNothing) {
  EXPECT_EQ(CodeOf(""), "MissingAction");
  EXPECT_EQ(CodeOf("Action=Dance"), "InvalidAction");
  EXPECT_EQ(CodeOf("Action=CreateQueue"), "MissingParameter");
  EXPECT_EQ(CodeOf("Action=SendMessage&QueueUrl=q&MessageBody=x&DelaySeconds=x"), "InvalidParameterValue");
  EXPECT_EQ(CodeOf("Action=SendMessage&QueueUrl=q&MessageBody=%FF"), "MalformedQueryString");
  EXPECT_EQ(CodeOf("Action=SendMessage&a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1"), "MalformedQueryString");
  EXPECT_EQ(CodeOf("Action=ListQueues" + std::string(3'000, '&')), "MalformedQueryString");
  EXPECT_EQ(CodeOf("Action=SendMessage&QueueUrl=q&MessageBody.1=x"), "MalformedQueryString");
}

TEST_F(SqsQueryTest, AnswersInXml) {
  wire::Message message(FindOperation(kService, "ReceiveMessage")->output);
  auto& response = *static_cast<ReceiveMessageResponse*>(message.get());
  response.messages.emplace().push_back({.message_id = "1", .body = "<&>\r\n", .attributes = Map<std::string>{{"SenderId", "x"}, {"SentTimestamp", "5"}}});
  http::Response answer = query_.Encode(*FindOperation(kService, "ReceiveMessage"), message);
  query_.Finish(answer, "the-id");
  EXPECT_EQ(answer.body,
            "<?xml version=\"1.0\"?><ReceiveMessageResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><ReceiveMessageResult><Message>"
            "<MessageId>1</MessageId><Body>&lt;&amp;&gt;&#xD;\n</Body><Attribute><Name>SenderId</Name><Value>x</Value></Attribute>"
            "<Attribute><Name>SentTimestamp</Name><Value>5</Value></Attribute></Message></ReceiveMessageResult>"
            "<ResponseMetadata><RequestId>the-id</RequestId></ResponseMetadata></ReceiveMessageResponse>");
  EXPECT_EQ(answer.headers.Get("x-amzn-RequestId"), "the-id");
}

TEST_F(SqsQueryTest, TellsErrorsByTheirOldCodes) {
  http::Response answer = query_.EncodeError(Error::Service("QueueDoesNotExist", "no <queue>"));
  query_.Finish(answer, "id");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body,
            "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error><Type>Sender</Type>"
            "<Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>no &lt;queue&gt;</Message><Detail/></Error><RequestId>id</RequestId></ErrorResponse>");
  const http::Response fault = query_.EncodeError(Error::Fault("open /secret: ENOSPC"));
  EXPECT_EQ(fault.status, 500);
  EXPECT_NE(fault.body.find("<Type>Receiver</Type><Code>InternalFailure</Code>"), std::string::npos);
  EXPECT_EQ(fault.body.find("secret"), std::string::npos);
}

TEST(SqsJsonTest, TellsErrorsInBothForms) {
  const JsonRpc protocol(kService, "1.0");
  const http::Response gone = protocol.EncodeError(Error::Service("QueueDoesNotExist", "no queue"));
  EXPECT_EQ(gone.body, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no queue"})");
  EXPECT_EQ(gone.headers.Get("x-amzn-query-error"), "AWS.SimpleQueueService.NonExistentQueue;Sender");
  EXPECT_EQ(gone.headers.Get("Content-Type"), "application/x-amz-json-1.0");
  const http::Response value = protocol.EncodeError(Error::Service("InvalidParameterValue", "x"));
  EXPECT_EQ(value.body, R"({"__type":"com.amazon.coral.service#InvalidParameterValueException","message":"x"})");
  EXPECT_EQ(value.headers.Get("x-amzn-query-error"), "InvalidParameterValue;Sender");
}

TEST(SqsJsonTest, RoutesByTarget) {
  const JsonRpc protocol(kService, "1.0");
  http::Request request;
  request.target = "/";
  request.headers.Add("X-Amz-Target", "AmazonSQS.CreateQueue");
  EXPECT_TRUE(protocol.Recognizes(request));
  const auto match = protocol.Route(request);
  ASSERT_TRUE(match);
  request.headers.Add("Host", "here:1");
  request.body = R"({"QueueName":"q","tags":{"a":"b"}})";
  auto message = protocol.Decode(*match, request);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->As<CreateQueueRequest>().host, "here:1");
  EXPECT_EQ(message->As<CreateQueueRequest>().tags->front().second, "b");
  request.body.clear();
  EXPECT_EQ(protocol.Decode(*match, request).error().code, "MissingParameter");
  request.headers.Set("X-Amz-Target", "AmazonSQS.Dance");
  EXPECT_EQ(protocol.Route(request).error().code, "UnknownOperationException");
  request.headers.Set("X-Amz-Target", "AmazonSQSCreateQueue");
  EXPECT_FALSE(protocol.Recognizes(request));
}

}  // namespace
}  // namespace mayfly::sqs
