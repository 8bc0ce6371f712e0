// If these fail, the daemon's services cannot be opened: one needs what none offers, or some need each other in a circle.
#include "mayflyd/services.h"

#include <gtest/gtest.h>

#include <set>

namespace mayfly::daemon {
namespace {

TEST(Services, CanBeOpenedInSomeOrder) {
  lambda::Premises lambda;
  const std::vector<services::Declaration> declarations = DeclareServices(lambda);
  const auto order = services::Order(declarations);
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_EQ(order->size(), declarations.size());
}

TEST(Services, NamesAndOptionsStandOnce) {
  lambda::Premises lambda;
  std::set<std::string> names, options;
  for (const services::Declaration& declaration : DeclareServices(lambda)) {
    EXPECT_TRUE(names.insert(declaration.name).second) << declaration.name;
    for (const OptionGroup& group : declaration.options) {
      for (const Option& option : group.options()) EXPECT_TRUE(options.insert(option.name).second) << option.name;
    }
  }
}

}  // namespace
}  // namespace mayfly::daemon
