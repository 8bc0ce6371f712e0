// If these fail, requests from inside this daemon break limits that requests from outside have to keep.
#include "wire/validation.h"

#include <gtest/gtest.h>

#include "model/shelf.h"
#include "wire/fake_depot.h"

namespace mayfly::wire {
namespace {

const Structure& kLabel = *depot::calls::kLabelParcel.operation().input;

std::string Findings(const depot::LabelParcelRequest& request) {
  const auto valid = Validate(kLabel, &request);
  return valid ? "" : valid.error().message;
}

TEST(Validation, AcceptsWhatIsWithinTheLimits) {
  EXPECT_EQ(Findings({.name = "box", .text = "x"}), "");
  EXPECT_EQ(Findings({.name = "box", .text = "x", .marks = std::vector<std::string>{"a", "b", "c"}, .weights = Map<int32_t>{{"a", 1}}, .weight = 100}), "");
}

TEST(Validation, FindsWhatIsNot) {
  constexpr std::string_view kSome = "validation error";
  EXPECT_NE(Findings({}).find("validation errors"), std::string::npos) << "an empty name, and an empty text";
  EXPECT_NE(Findings({.name = "BOX", .text = "x"}).find(kSome), std::string::npos);
  EXPECT_NE(Findings({.name = "box", .text = "x", .marks = std::vector<std::string>{"a", "b", "c", "d"}}).find(kSome), std::string::npos);
  EXPECT_NE(Findings({.name = "box", .text = "x", .marks = std::vector<std::string>{"A"}}).find(kSome), std::string::npos);
  EXPECT_NE(Findings({.name = "box", .text = "x", .weights = Map<int32_t>{{"A", 1}}}).find(kSome), std::string::npos);
  EXPECT_NE(Findings({.name = "box", .text = "x", .weight = 0}).find(kSome), std::string::npos);
}

TEST(Validation, ChecksNestedStructsAndBareNames) {
  shelf::ChangeBookRequest request{.shelf = "A", .number = 1, .title = "T", .owner = "longer than it may be"};
  const Structure& structure = *shelf::calls::kChangeBook.operation().input;
  EXPECT_EQ(Validate(structure, &request).error().code, "InvalidParameterValueException");
  request.owner = "arn:of:an:owner";
  EXPECT_TRUE(Validate(structure, &request));
  request.chapters.emplace().push_back({.title = "?"});
  EXPECT_EQ(Validate(structure, &request).error().code, "ValidationException");
}

TEST(Validation, LooksPastWhatStreams) {
  depot::PutParcelRequest request{.name = "BOX", .content = std::string("x")};
  const Structure& structure = *depot::calls::kPutParcel.operation().input;
  EXPECT_NE(Validate(structure, &request).error().message.find("1 validation error"), std::string::npos);
  request.name = "box";
  EXPECT_TRUE(Validate(structure, &request));
}

}  // namespace
}  // namespace mayfly::wire
