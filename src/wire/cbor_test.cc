// If these fail, clients of rpc-v2-cbor (the newest SDKs) cannot call a service, misread its answers, or can exhaust it.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/sim_loop.h"
#include "model/post.h"
#include "wire/cbor_codec.h"
#include "wire/event_stream.h"
#include "wire/rpc_cbor.h"
#include "wire/testing/requests.h"

namespace mayfly::wire {
namespace {

using testing::Answer;
using testing::ErrorOf;
using testing::Made;

class CborTest : public ::testing::Test {
 protected:
  Result<Message> Call(std::string_view operation, std::string_view hex) {
    return testing::Decode(protocol_, Made("POST", "/service/PostOffice/operation/" + std::string(operation), *HexDecode(hex), {{"smithy-protocol", "rpc-v2-cbor"}}));
  }
  // Whether a document {"Value": …} is refused, by its error's code.
  std::string KeepError(std::string_view value_hex) {
    const auto message = Call("Keep", "a16556616c7565" + std::string(value_hex));
    return message ? "" : message.error().code;
  }
  // What comes back of a value that is read and written again.
  std::string Kept(std::string_view value_hex) {
    const auto message = Call("Keep", "a16556616c7565" + std::string(value_hex));
    if (!message) return ErrorOf(message);
    const http::Response answer =
        Answer<post::KeepResponse>(protocol_, post::kService, "Keep", [&](post::KeepResponse& response) { response.value = message->As<post::KeepRequest>().value; });
    return HexEncode(answer.body).substr(14);
  }
  RpcCbor protocol_{post::kService};
};

// As botocore writes such a request.
constexpr std::string_view kValue =
    "a6615362c3bc61424200ff614efb3fe0000000000000614c82a164466c6167f5a1634269673b000000012a05f1ff614da1616ba1634e6f74a1615360624174c1fb41da5f7bb0200000";

TEST_F(CborTest, ReadsWhatAnSdkWrites) {
  const auto message = Call("Keep", "a16556616c7565" + std::string(kValue));
  ASSERT_TRUE(message) << ErrorOf(message);
  const post::Value& value = message->As<post::KeepRequest>().value;
  EXPECT_EQ(value.s, "\xc3\xbc");
  EXPECT_EQ(value.b, std::string("\0\xff", 2));
  EXPECT_EQ(value.n, 0.5);
  ASSERT_EQ(value.l->size(), 2u);
  EXPECT_EQ(value.l->at(0).flag, true);
  EXPECT_EQ(value.l->at(1).big, -5000000000);
  EXPECT_EQ(value.m->front().first, "k");
  EXPECT_EQ(value.m->front().second.not_->s, "");
  EXPECT_EQ(value.at, WallTime(std::chrono::milliseconds(1769860800500)));
  EXPECT_EQ(Kept(kValue), kValue);
}

TEST_F(CborTest, ReadsIndefiniteLengthsAndShortFloats) {
  EXPECT_EQ(Kept("bf61537f61616162ffff"), "a1615362" "6162");                    // {"S": ["a", "b"] as parts}
  EXPECT_EQ(Kept("a1614c9fa0a0ff"), "a1614c82a0a0");                               // an array until its break
  EXPECT_EQ(Kept("a1614ef93c00"), "a1614efb3ff0000000000000");                     // half 1.0
  EXPECT_EQ(Kept("a1614ef90001"), "a1614efb3e70000000000000");                     // the smallest half
  EXPECT_EQ(Kept("a1614efa3fc00000"), "a1614efb3ff8000000000000");                 // single 1.5
  EXPECT_EQ(Kept("a1614e20"), "a1614efbbff0000000000000");                         // -1
  EXPECT_EQ(Kept("a1624174c100"), "a1624174c100");                                 // 1970, as an integer
}

TEST_F(CborTest, PassesOverWhatItDoesNotKnow) {
  EXPECT_EQ(Kept("a26158c28141616153616b"), "a16153616b");    // a tag, an array, bytes
  EXPECT_EQ(Kept("a26158bf6161a0ff6153616b"), "a16153616b");  // a map until its break
  EXPECT_EQ(Kept("a26158f76153f6"), "a0");                      // undefined and null are absence
}

TEST_F(CborTest, RefusesWhatIsNoDocument) {
  for (const std::string_view hex : {"", "a1", "a16153", "a161536361", "a1615361ff", "a161531c", "a161535f00", "a1fc00", "a2615360615360", "a1016161", "a161537f4161ff",
                                     "a06153", "a1614c9fa0", "a1614c9bffffffffffffffff", "a1624174c1", "ff", "a16153f8ff", "a1617adf"}) {
    EXPECT_EQ(KeepError(hex), "SerializationException") << hex;
  }
  EXPECT_EQ(ErrorOf(Call("Keep", "80")), "SerializationException: The request body is not valid CBOR: it is no map");
}

TEST_F(CborTest, RefusesOtherTypes) {
  for (const std::string_view hex : {"80", "a1615301", "a161534161", "a161426161", "a1614e6131", "a164466c616701", "a163426967fb3ff0000000000000", "a1634269671bffffffffffffffff",
                                     "a162417400", "a1624174c060", "a1624174c1fb7ff0000000000000", "a1614ca0", "a1614d80", "a1634e6f7480"}) {
    EXPECT_EQ(KeepError(hex), "SerializationException") << hex;
  }
}

TEST_F(CborTest, RefusesWhatWouldTakeTheMemory) {
  std::string deep, wide = "a1614c9f";
  for (int i = 0; i <= kCborDepthMax; ++i) deep += "a1634e6f74";
  for (size_t i = 0; i <= kCborItemsMax; ++i) wide += "a0";
  EXPECT_EQ(KeepError(deep + "a0"), "SerializationException");
  EXPECT_EQ(KeepError(wide + "ff"), "SerializationException");
  std::string skipped = "a16158";
  for (int i = 0; i <= kCborDepthMax; ++i) skipped += "81";
  EXPECT_EQ(KeepError(skipped + "00"), "SerializationException");
}

TEST_F(CborTest, ChecksTheLimitsOfTheModel) {
  EXPECT_EQ(Call("Keep", "").error().code, "MissingParameter");  // the service speaks query as well
  const auto none = Call("Send", "a263426f786161674c65747465727380");
  EXPECT_NE(ErrorOf(none).find("'letters' failed to satisfy constraint: Member must have length greater than or equal to 1"), std::string::npos);
  const auto heavy = Call("Send", "a263426f786161674c65747465727381a26249646178665765696768741903e9");
  EXPECT_NE(ErrorOf(heavy).find("Value '1001' at 'letters.1.member.weight'"), std::string::npos) << ErrorOf(heavy);
  const auto null = Call("Send", "a263426f786161674c65747465727381f6");
  EXPECT_NE(ErrorOf(null).find("letters.1.member"), std::string::npos) << ErrorOf(null);
}

TEST_F(CborTest, RoutesByPath) {
  const auto route = [&](std::string method, std::string path) {
    const auto match = protocol_.Route(Made(std::move(method), std::move(path)));
    return match ? std::string(match->operation->name) : match.error().code;
  };
  EXPECT_TRUE(protocol_.Recognizes(Made("POST", "/", "", {{"Smithy-Protocol", "rpc-v2-cbor"}})));
  EXPECT_FALSE(protocol_.Recognizes(Made("POST", "/service/PostOffice/operation/Close")));
  EXPECT_EQ(route("POST", "/service/PostOffice/operation/Close"), "Close");
  EXPECT_EQ(route("POST", "/prefix/service/PostOffice/operation/Close"), "Close");
  EXPECT_EQ(route("GET", "/service/PostOffice/operation/Close"), "MethodNotAllowedException");
  for (const std::string path : {"/", "", "/service/PostOffice/operation/Dance", "/service/Other/operation/Close", "/service/PostOffice/operation/", "/operation/Close"}) {
    EXPECT_EQ(route("POST", path), "UnknownOperationException") << path;
  }
}

TEST_F(CborTest, AnswersAndTellsErrors) {
  const http::Response answer = Answer<post::SendResponse>(protocol_, post::kService, "Send", [](post::SendResponse& response) {
    response.counts = Map<int32_t>{{"k", -500}};
  });
  EXPECT_EQ(HexEncode(answer.body), "a166436f756e7473a1616b3901f3");
  EXPECT_EQ(answer.headers.Get("smithy-protocol"), "rpc-v2-cbor");
  EXPECT_EQ(answer.headers.Get("Content-Type"), "application/cbor");
  Message nothing;
  const http::Response empty = protocol_.Encode(*FindOperation(post::kService, "Close"), nothing);
  EXPECT_EQ(empty.body, "");
  EXPECT_FALSE(empty.headers.Find("Content-Type"));
  Error error = Error::Service("NoSuchBox", "no box");
  error.members.emplace_back("Tries", "[1,-1.5,true,null,{\"a\":\"b\"}]");
  const http::Response gone = protocol_.EncodeError(error);
  EXPECT_EQ(gone.status, 400);
  EXPECT_EQ(gone.headers.Get("x-amzn-query-error"), "Post.NoSuchBox;Sender");
  EXPECT_EQ(HexEncode(gone.body),
            "a3665f5f74797065" "781a636f6d2e6578616d706c652e706f7374234e6f53756368426f78" "655472696573" "8501fbbff8000000000000f5f6a161616162"
            "676d657373616765666e6f20626f78");
}

class BytesCollector final : public http::BodyWriter {
 public:
  Task<Result<>> Write(Context&, std::string_view bytes) override {
    text += bytes;
    co_return Result<>();
  }
  std::string text;
};

Task<Result<>> SendOne(Context& ctx, EventWriter<post::Arrivals> events) {
  post::Arrivals event;
  event.closing.emplace().reason = "x";
  co_return co_await events.Send(ctx, event);
}

TEST_F(CborTest, StreamsEventsBehindTheOtherMembers) {
  http::Response answer = Answer<post::WatchResponse>(protocol_, post::kService, "Watch", [](post::WatchResponse& response) {
    response.box = "b";
    response.arrivals = [](Context& ctx, EventWriter<post::Arrivals> events) { return SendOne(ctx, events); };
  });
  EXPECT_EQ(answer.headers.Get("Content-Type"), kEventStreamType);
  SimLoop loop;
  Context ctx(loop);
  BytesCollector collector;
  ASSERT_TRUE(loop.Run(answer.stream(ctx, collector)));
  EventMessage first, second;
  const EventDecoding decoding = DecodeEventMessage(collector.text, first);
  ASSERT_EQ(decoding.state, EventDecoding::State::Message);
  EXPECT_EQ(first.Text(":event-type"), "initial-response");
  EXPECT_EQ(HexEncode(first.payload), "a163426f786162");
  ASSERT_EQ(DecodeEventMessage(std::string_view(collector.text).substr(decoding.consumed), second).state, EventDecoding::State::Message);
  EXPECT_EQ(second.Text(":event-type"), "Closing");
  EXPECT_EQ(second.Text(":content-type"), "application/cbor");
  EXPECT_EQ(HexEncode(second.payload), "a166526561736f6e6178");
}

}  // namespace
}  // namespace mayfly::wire
