// If these fail, SDKs cannot call a service that speaks ec2-query, or misread its answers.
#include "wire/ec2_query.h"

#include <gtest/gtest.h>

#include "model/lot.h"
#include "wire/error_response.h"
#include "wire/testing/requests.h"

namespace mayfly::wire {
namespace {

class Ec2QueryTest : public ::testing::Test {
 protected:
  Result<Message> Decode(std::string body) { return testing::Decode(protocol_, testing::Made("POST", "/", std::move(body))); }
  http::Response Refused(const Error& error) {
    http::Response response = protocol_.EncodeError(error);
    protocol_.Finish(response, "id");
    return response;
  }
  Ec2Query protocol_{lot::kService};
};

TEST_F(Ec2QueryTest, ReadsNumberedLists) {
  const auto message = Decode(
      "Action=FindPlaces&PlaceId.2=b&PlaceId.1=a&Filter.1.Name=tag:x&Filter.1.Value.1=1&Filter.1.Value.2=2&Label.1.Key=k&DryRun=true");
  ASSERT_TRUE(message) << testing::ErrorOf(message);
  const auto& request = message->As<lot::FindPlacesRequest>();
  EXPECT_EQ(request.place_ids, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(request.filters->size(), 1u);
  EXPECT_EQ(request.filters->front().name, "tag:x");
  EXPECT_EQ(request.filters->front().values, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(request.labels->front().key, "k");
  EXPECT_EQ(request.dry_run, true);
}

TEST_F(Ec2QueryTest, WritesMembersIntoTheRoot) {
  const auto answer =
      testing::Answer<lot::FindPlacesResponse>(protocol_, lot::kService, "FindPlaces", [](lot::FindPlacesResponse& response) {
        lot::Place place{.place_id = "p-1", .labels = std::vector<lot::Label>{{.key = "k", .value = "<v>"}}, .is_free = true};
        place.neighbours = std::vector<std::string>{"p-0", "p-2"};
        place.since = WallTime(std::chrono::seconds(1769860800));
        response.places = std::vector<lot::Place>{std::move(place)};
      });
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><FindPlacesResponse xmlns=\"http://lot.example/doc/\"><requestId>id</requestId>"
            "<placeSet><item><placeId>p-1</placeId><labelSet><item><key>k</key><value>&lt;v&gt;</value></item></labelSet><free>true</free>"
            "<neighbours><item>p-0</item><item>p-2</item></neighbours><since>2026-01-31T12:00:00.000Z</since></item></placeSet></"
            "FindPlacesResponse>");
}

TEST_F(Ec2QueryTest, SaysTrueWhereAnOperationGivesNothing) {
  Message nothing(nullptr);
  http::Response answer = protocol_.Encode(*FindOperation(lot::kService, "FreePlace"), nothing);
  protocol_.Finish(answer, "id");
  EXPECT_TRUE(answer.body.ends_with("<requestId>id</requestId><return>true</return></FreePlaceResponse>")) << answer.body;
}

TEST_F(Ec2QueryTest, WritesErrors) {
  const auto answer = Refused(Error::Service("InvalidPlaceID.NotFound", "The place ID 'p<1' does not exist"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Errors><Error><Code>InvalidPlaceID.NotFound</Code>"
            "<Message>The place ID 'p&lt;1' does not exist</Message></Error></Errors><RequestID>id</RequestID></Response>");
  EXPECT_EQ(Refused(Error::Service("WouldHaveWorked", "…")).status, 412);
}

TEST_F(Ec2QueryTest, CallsSharedErrorsByTheirOlderNames) {
  const auto refused = Refused(Error::Service("AccessDeniedException", "You may not."));
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("<Code>UnauthorizedOperation</Code>"), std::string::npos) << refused.body;
  const auto limits = Decode("Action=FindPlaces&MaxResults=4");
  ASSERT_FALSE(limits);
  EXPECT_NE(Refused(limits.error()).body.find("<Code>InvalidParameterValue</Code>"), std::string::npos);
  const auto missing = Decode("Action=FreePlace");
  ASSERT_FALSE(missing);
  EXPECT_EQ(testing::ErrorOf(missing), "MissingParameter: The request must contain the parameter PlaceId.");
}

TEST_F(Ec2QueryTest, KnowsOperationsThatAreOnlyNamed) {
  const Operation* operation = FindOperation(lot::kService, "ShrinkPlace");
  ASSERT_NE(operation, nullptr);
  EXPECT_EQ(operation->todo, "comes with spring");
  EXPECT_EQ(operation->action, "lot:ShrinkPlace");
}

}  // namespace
}  // namespace mayfly::wire
