// If these fail, handlers misread the events that a client sends, or wait for ones that never come.
#include "wire/event_request.h"

#include <gtest/gtest.h>

#include <array>

#include "base/sim_loop.h"
#include "model/shelf.h"
#include "wire/event_stream.h"
#include "wire/rest_json.h"
#include "wire/testing/requests.h"

namespace mayfly::wire {
namespace {

using testing::ErrorOf;

std::string Event(std::string_view kind, std::string_view payload, std::string_view type = "event") {
  const std::array<EventHeader, 2> headers = {EventHeader{":message-type", std::string(type)}, EventHeader{":event-type", std::string(kind)}};
  std::string out;
  AppendEventMessage(out, headers, payload);
  return out;
}

std::string Signed(std::string_view inner) {
  const std::array<EventHeader, 2> headers = {EventHeader{":date", std::string(8, '\0'), EventHeaderType::Timestamp},
                                              EventHeader{":chunk-signature", std::string(32, 's'), EventHeaderType::Bytes}};
  std::string out;
  AppendEventMessage(out, headers, inner);
  return out;
}

// A body that comes byte by byte.
class Drops final : public http::BodyReader {
 public:
  explicit Drops(std::string bytes) : bytes_(std::move(bytes)) {}
  Task<Result<std::string>> Read(Context&) override { co_return at_ < bytes_.size() ? std::string(1, bytes_[at_++]) : std::string(); }
  const http::Headers& trailers() const override { return trailers_; }

 private:
  std::string bytes_;
  size_t at_ = 0;
  http::Headers trailers_;
};

class EventRequestTest : public ::testing::Test {
 protected:
  EventReader<shelf::Reading> ReaderOf(http::Request request) {
    auto message = testing::Decode(protocol_, std::move(request));
    return message ? std::move(static_cast<shelf::ReadRequest*>(message->get())->events) : EventReader<shelf::Reading>();
  }
  EventReader<shelf::Reading> ReaderOf(std::string body) { return ReaderOf(testing::Made("POST", "/read", std::move(body))); }
  // "Line:a Turn:5 end", or the error at the end.
  std::string Story(EventReader<shelf::Reading> reader) {
    std::string story;
    for (;;) {
      const auto event = loop_.Run(reader.Read(ctx_));
      if (!event) return story + event.error().code;
      if (!*event) return story + "end";
      if ((*event)->line) story += "Line:" + (*event)->line->text + " ";
      if ((*event)->scan) story += "Scan:" + (*event)->scan->bytes + " ";
      if ((*event)->turn) story += "Turn:" + std::to_string((*event)->turn->page) + " ";
    }
  }

  SimLoop loop_;
  Context ctx_{loop_};
  RestJson protocol_{shelf::kService};
};

TEST_F(EventRequestTest, ReadsEventsOfEveryKind) {
  const std::string body = Event("Line", "a") + Event("Scan", "\xff") + Event("Turn", R"({"Page":5})");
  EXPECT_EQ(Story(ReaderOf(body)), "Line:a Scan:\xff Turn:5 end");
  EXPECT_EQ(Story(ReaderOf("")), "end");
  http::Request slow = testing::Made("POST", "/read");
  slow.body_reader = std::make_unique<Drops>(body);
  EXPECT_EQ(Story(ReaderOf(std::move(slow))), "Line:a Scan:\xff Turn:5 end");
}

TEST_F(EventRequestTest, ReadsSignedEvents) {
  EXPECT_EQ(Story(ReaderOf(Signed(Event("Line", "a")) + Signed(Event("Line", "b")) + Signed(""))), "Line:a Line:b end");
  EXPECT_EQ(Story(ReaderOf(Signed("junk"))), "SerializationException");
  EXPECT_EQ(Story(ReaderOf(Signed(Event("Line", "a") + "x"))), "SerializationException");
}

TEST_F(EventRequestTest, RefusesWhatIsNoEvent) {
  EXPECT_EQ(Story(ReaderOf(Event("Line", "a") + "junk that is no message")), "Line:a SerializationException");
  EXPECT_EQ(Story(ReaderOf(Event("Line", "a").substr(0, 20))), "SerializationException");
  EXPECT_EQ(Story(ReaderOf(Event("Dance", "a"))), "SerializationException");
  EXPECT_EQ(Story(ReaderOf(Event("Line", "\xff"))), "SerializationException");
  EXPECT_EQ(Story(ReaderOf(Event("Turn", "{"))), "SerializationException");
  EXPECT_EQ(Story(ReaderOf(Event("Line", "a", "exception"))), "SerializationException");
  EXPECT_EQ(Story(ReaderOf(Event("Turn", R"({"Page":0})"))), "ValidationException");
  EXPECT_EQ(Story(ReaderOf(Event("Turn", ""))), "ValidationException");
  EXPECT_EQ(Story(ReaderOf(Event("Line", "too long"))), "ValidationException");
}

}  // namespace
}  // namespace mayfly::wire
