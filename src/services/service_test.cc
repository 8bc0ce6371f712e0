// If these fail, services are opened before what they need, or the daemon starts with services that need each other in a circle.
#include "services/service.h"

#include <gtest/gtest.h>

namespace mayfly::services {
namespace {

struct QueuesPort {};
struct Functions {};
struct Target {};

Declaration Declare(std::string name, std::vector<PortId> offers, std::vector<PortId> needs) {
  return {.name = std::move(name), .offers = std::move(offers), .needs = std::move(needs), .options = {}, .open = nullptr};
}

std::string OrderOf(const std::vector<Declaration>& declarations) {
  const auto order = Order(declarations);
  if (!order) return order.error().message;
  std::string names;
  for (const size_t index : *order) names += declarations[index].name + ' ';
  return names;
}

TEST(Order, WhatOneNeedsComesBeforeIt) {
  EXPECT_EQ(OrderOf({Declare("scaling", {}, {PortOf<Functions>()}), Declare("lambda", {PortOf<Functions>()}, {PortOf<QueuesPort>()}),
                     Declare("sqs", {PortOf<QueuesPort>()}, {})}),
            "sqs lambda scaling ");
}

TEST(Order, StandsAsItIsWrittenOtherwise) {
  EXPECT_EQ(OrderOf({Declare("b", {}, {}), Declare("a", {}, {}), Declare("c", {}, {})}), "b a c ");
}

TEST(Order, NamesTheCircle) {
  EXPECT_EQ(OrderOf({Declare("sts", {}, {}), Declare("lambda", {PortOf<Functions>()}, {PortOf<QueuesPort>()}),
                     Declare("sqs", {PortOf<QueuesPort>()}, {PortOf<Functions>()})}),
            "services need each other in a circle: lambda > sqs > lambda");
}

TEST(Order, RefusesWhatNobodyOffers) {
  EXPECT_TRUE(OrderOf({Declare("lambda", {}, {PortOf<QueuesPort>()})}).starts_with("lambda needs a port that no service offers"));
  EXPECT_TRUE(OrderOf({Declare("sns", {}, {PortOf<Target>("lambda")}), Declare("sqs", {PortOf<Target>("sqs")}, {})})
                  .starts_with("sns needs a port that no service offers"));
}

TEST(Order, RefusesTwoThatOfferTheSame) {
  EXPECT_EQ(OrderOf({Declare("sqs", {PortOf<QueuesPort>()}, {}), Declare("mq", {PortOf<QueuesPort>()}, {})}), "sqs and mq offer the same port");
  EXPECT_EQ(OrderOf({Declare("sqs", {PortOf<Target>("sqs")}, {}), Declare("sns", {PortOf<Target>("sns")}, {})}), "sqs sns ");
}

TEST(Ports, AreFoundByTypeAndName) {
  Ports ports;
  QueuesPort queues;
  Target sqs, sns;
  ports.Offer(queues);
  ports.Offer(sqs, "sqs");
  ports.Offer(sns, "sns");
  EXPECT_EQ(&ports.Get<QueuesPort>(), &queues);
  EXPECT_EQ(&ports.Get<Target>("sns"), &sns);
  EXPECT_EQ(ports.All<Target>(), (std::vector<std::pair<std::string, Target*>>{{"sns", &sns}, {"sqs", &sqs}}));
  EXPECT_TRUE(ports.Has(PortOf<Target>("sqs")));
  EXPECT_FALSE(ports.Has(PortOf<Target>()));
  EXPECT_FALSE(ports.Has(PortOf<Functions>()));
}

TEST(PortsDeathTest, AnUndeclaredNeedIsABug) {
  const Ports ports;
  EXPECT_DEATH(ports.Get<QueuesPort>(), "found != ports_.end");
}

}  // namespace
}  // namespace mayfly::services
