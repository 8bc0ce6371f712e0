// If these fail, a service of this daemon may do through another one what its principal must not, or is told of errors in other words.
#include "wire/directory.h"

#include <gtest/gtest.h>

#include "wire/fake_depot.h"

namespace mayfly::wire {
namespace {

Error Denied() { return Error::Service("AccessDeniedException", "not you"); }

class DirectoryTest : public ::testing::Test {
 protected:
  DirectoryTest() { directory_.Register(endpoint_); }

  Task<Result<>> MayHe(Context& ctx, const Operation& operation) {
    asked_.push_back(ctx.principal.arn + " " + std::string(operation.action));
    if (ctx.principal.arn == "stranger") co_return Fail(Denied());
    co_return Result<>();
  }
  void Observe(Context& ctx, const Operation* operation, int status, const Error* error) {
    observed_.push_back(std::string(operation->name) + " " + std::to_string(status) + (error ? " " + error->code + ": " + error->message : ""));
    request_ids_.push_back(ctx.request_id);
  }
  Result<depot::LabelParcelResponse> Label(depot::LabelParcelRequest request, std::string arn = "role") {
    return loop_.Run(directory_.Call(ctx_, Principal{.arn = std::move(arn)}, depot::calls::kLabelParcel, std::move(request)));
  }
  Result<std::string> Json(std::string_view service, std::string_view operation, std::string_view parameters, std::string arn = "role") {
    return loop_.Run(directory_.CallJson(ctx_, Principal{.arn = std::move(arn)}, service, operation, parameters));
  }

  SimLoop loop_;
  Context ctx_{loop_};
  SeededRandom random_{1};
  FakeDepot depot_;
  Endpoint endpoint_{depot::kService, &depot_, [this](Context& ctx, const Operation& operation, const Message&) { return MayHe(ctx, operation); },
                     [this](Context& ctx, const Operation* operation, int status, const Error* error) { Observe(ctx, operation, status, error); }};
  Directory directory_{random_};
  std::vector<std::string> asked_;
  std::vector<std::string> observed_;
  std::vector<std::string> request_ids_;
};

TEST_F(DirectoryTest, CallsAnOperationAsAPrincipal) {
  ctx_.request_id = "outer";
  ctx_.principal.arn = "the one outside";
  const auto response = Label({.name = "box", .text = "fragile", .marks = std::vector<std::string>{"up"}});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->text, "fragile");
  EXPECT_EQ(response->marks, std::vector<std::string>{"up"});
  EXPECT_EQ(asked_, std::vector<std::string>{"role depot:LabelParcel"});
  EXPECT_EQ(observed_, std::vector<std::string>{"LabelParcel 200"});
  EXPECT_EQ(request_ids_[0].size(), 36u) << "of its own";
  EXPECT_EQ(ctx_.request_id, "outer");
  EXPECT_EQ(ctx_.principal.arn, "the one outside");
}

TEST_F(DirectoryTest, CallsByName) {
  EXPECT_EQ(*Json("depot", "LabelParcel", R"({"Name":"box","Text":"fragile","Weights":{"a":1}})"), R"({"Text":"fragile"})");
  EXPECT_EQ(depot_.label.weights->at(0), (std::pair<std::string, int32_t>("a", 1)));
  EXPECT_EQ(*Json("depot", "DropParcel", R"({"Name":"box"})"), "{}");
  EXPECT_EQ(observed_, (std::vector<std::string>{"LabelParcel 200", "DropParcel 204"}));
  EXPECT_TRUE(loop_.Run(directory_.Call(ctx_, Principal(), depot::calls::kDropParcel, {.name = "box"})));
}

TEST_F(DirectoryTest, AsksTheAuthorizer) {
  EXPECT_EQ(Label({.name = "box", .text = "x"}, "stranger").error().code, "AccessDeniedException");
  EXPECT_EQ(Json("depot", "DropParcel", R"({"Name":"box"})", "stranger").error().code, "AccessDeniedException");
  EXPECT_EQ(depot_.calls, 0);
  EXPECT_EQ(observed_, (std::vector<std::string>{"LabelParcel 403 AccessDeniedException: not you", "DropParcel 403 AccessDeniedException: not you"}));
}

TEST_F(DirectoryTest, ValidatesLikeTheWire) {
  const std::string shown = "1 validation error detected: Value '101' at 'weight' failed to satisfy constraint: Member must have value less than or equal to 100";
  const auto typed = Label({.name = "box", .text = "x", .weight = 101});
  ASSERT_FALSE(typed);
  EXPECT_EQ(typed.error().code, "ValidationException");
  EXPECT_EQ(typed.error().message, shown);
  EXPECT_EQ(Json("depot", "LabelParcel", R"({"Name":"box","Text":"x","Weight":101})").error().message, shown);
  EXPECT_EQ(Json("depot", "LabelParcel", R"({"Name":"box"})").error().message,
            "1 validation error detected: Value null at 'text' failed to satisfy constraint: Member must not be null");
  EXPECT_EQ(Json("depot", "LabelParcel", "[]").error().code, "SerializationException");
  EXPECT_EQ(Json("depot", "LabelParcel", "no json").error().code, "SerializationException");
  EXPECT_EQ(depot_.calls, 0);
  EXPECT_TRUE(asked_.empty());
}

TEST_F(DirectoryTest, ErrorsAreTheServices) {
  const auto gone = Label({.name = "nowhere", .text = "x"});
  EXPECT_EQ(gone.error().ToString(), Error::Service("NoSuchParcelException", "There is no such parcel.").ToString());
  const auto broken = Label({.name = "broken", .text = "x"});
  EXPECT_TRUE(broken.error().IsService("ServiceException"));
  EXPECT_EQ(broken.error().message.find("pen"), std::string::npos);
  EXPECT_EQ(observed_, (std::vector<std::string>{"LabelParcel 404 NoSuchParcelException: There is no such parcel.", "LabelParcel 500 : the pen is dry"}));
}

TEST_F(DirectoryTest, WhatIsNotHereIsUnknown) {
  EXPECT_EQ(Json("sqs", "SendMessage", "{}").error().code, "UnknownOperationException");
  EXPECT_EQ(Json("depot", "BurnParcel", "{}").error().code, "UnknownOperationException");
  EXPECT_EQ(Json("depot", "WeighParcel", "{}").error().message, "WeighParcel is not implemented by Mayfly yet: it comes with scales.");
  EXPECT_EQ(Json("depot", "PutParcel", "{}").error().code, "NotImplementedException");
  Directory empty(random_);
  EXPECT_EQ(loop_.Run(empty.Call(ctx_, Principal(), depot::calls::kDropParcel, {.name = "box"})).error().code, "UnknownOperationException");
}

TEST_F(DirectoryTest, StreamsBetweenServices) {
  uint64_t given = 0;
  depot::ForwardParcelRequest request{.name = "box", .content = BlobStream(std::make_unique<CountedSource>(1 << 20, given))};
  auto response = loop_.Run(directory_.Call(ctx_, Principal(), depot::calls::kForwardParcel, std::move(request)));
  ASSERT_TRUE(response);
  EXPECT_EQ(given, 0u) << "read at the pace of who asked";
  EXPECT_EQ(loop_.Run(response->content.Read(ctx_))->size(), CountedSource::kPieceBytes);
}

}  // namespace
}  // namespace mayfly::wire
