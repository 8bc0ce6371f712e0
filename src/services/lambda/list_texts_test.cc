// If these fail, lists show functions as they were, or remember more than they may.
#include "services/lambda/list_texts.h"

#include <gtest/gtest.h>

#include <vector>

#include "catalog/function.h"

namespace mayfly::lambda {
namespace {

using Form = ListTexts::Form;

catalog::FunctionPointer MakeFunction() { return std::make_shared<catalog::Function>(); }

TEST(ListTexts, KeepsBothForms) {
  ListTexts texts;
  const auto function = MakeFunction();
  EXPECT_EQ(texts.Find(function, Form::Plain), nullptr);
  EXPECT_EQ(texts.Keep(function, Form::Plain, "plain"), "plain");
  EXPECT_EQ(texts.Find(function, Form::Qualified), nullptr);
  texts.Keep(function, Form::Qualified, "qualified");
  EXPECT_EQ(*texts.Find(function, Form::Plain), "plain");
  EXPECT_EQ(*texts.Find(function, Form::Qualified), "qualified");
}

TEST(ListTexts, IsNotMisledByAnAddressThatIsUsedAgain) {
  ListTexts texts;
  alignas(catalog::Function) unsigned char memory[sizeof(catalog::Function)];
  const auto make = [&] {
    return catalog::FunctionPointer(new (memory) catalog::Function(), [](const catalog::Function* function) { function->~Function(); });
  };
  texts.Keep(make(), Form::Plain, "old");
  const auto second = make();
  EXPECT_EQ(texts.Find(second, Form::Plain), nullptr);
  texts.Keep(second, Form::Plain, "new");
  EXPECT_EQ(*texts.Find(second, Form::Plain), "new");
}

TEST(ListTexts, ForgetsWhatWasNotAskedForLongest) {
  ListTexts texts;
  std::vector<catalog::FunctionPointer> functions;
  const std::string text(ListTexts::kBytesMax / 4, 'x');
  for (int i = 0; i < 16; ++i) {
    texts.Keep(functions.emplace_back(MakeFunction()), Form::Plain, text);
    ASSERT_NE(texts.Find(functions.front(), Form::Plain), nullptr) << "asked for each time: stays";
  }
  int kept = 0;
  for (const auto& function : functions) kept += texts.Find(function, Form::Plain) != nullptr;
  EXPECT_LE(kept, 8);
  EXPECT_NE(texts.Find(functions.back(), Form::Plain), nullptr);
}

}  // namespace
}  // namespace mayfly::lambda
