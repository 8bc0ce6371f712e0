// If these fail, a service is started before what it needs, stopped after it, or left out when the daemon ends or is emptied.
#include "services/service_list.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::services {
namespace {

struct Queues {};

// Writes down what happens to it.
class Recorded final : public Service {
 public:
  Recorded(std::string name, std::vector<std::string>& events, bool fails) : name_(std::move(name)), events_(&events), fails_(fails) {}
  ~Recorded() override { Note("destroy"); }

  wire::Endpoint& endpoint() override { Panic(__FILE__, __LINE__, "no request comes"); }
  void Start() override { Note("start"); }
  void Pause() override { Note("pause"); }
  Task<> Drain(TimePoint) override {
    Note("drain");
    co_return;
  }
  Task<> Stop() override {
    Note("stop");
    co_return;
  }
  Task<Result<>> Reset(Context& ctx) override {
    Note("reset");
    if (fails_) co_return Fail(Error::Fault("disk full"));
    co_return Result<>();
  }

 private:
  void Note(const char* what) { events_->push_back(std::string(what) + ' ' + name_); }

  std::string name_;
  std::vector<std::string>* events_;
  bool fails_;
};

class List : public ::testing::Test {
 protected:
  Declaration Declare(std::string name, std::vector<PortId> offers, std::vector<PortId> needs, bool fails = false) {
    return {.name = name, .offers = offers, .needs = std::move(needs), .options = {}, .open = [this, name, fails](Context& ctx, const Commons&, Ports& ports) {
              return Open(name, fails, ports);
            }};
  }
  Task<Result<std::unique_ptr<Service>>> Open(std::string name, bool fails, Ports& ports) {
    events_.push_back("open " + name);
    if (name == "broken") co_return Fail(Error::Fault("no such file"));
    if (name == "sqs") ports.Offer(queues_);
    if (name == "lambda") ports.Get<Queues>();
    co_return std::make_unique<Recorded>(name, events_, fails);
  }
  std::vector<std::string> TakeEvents() { return std::exchange(events_, {}); }

  SimLoop loop_;
  Context ctx_{loop_};
  std::vector<std::string> events_;
  Queues queues_;
  Commons commons_{};
  Ports ports_;
};

using Events = std::vector<std::string>;

TEST_F(List, LivesInTheOrderOfNeedsAndEndsBackwards) {
  {
    ServiceList list;
    const std::vector<Declaration> declarations = {Declare("lambda", {}, {PortOf<Queues>()}), Declare("sqs", {PortOf<Queues>()}, {})};
    ASSERT_TRUE(loop_.Run(list.Open(ctx_, declarations, commons_, ports_)));
    EXPECT_EQ(TakeEvents(), (Events{"open sqs", "open lambda"}));
    list.Start();
    EXPECT_EQ(TakeEvents(), (Events{"start sqs", "start lambda"}));
    ASSERT_TRUE(loop_.Run(list.Reset(ctx_)));
    EXPECT_EQ(TakeEvents(), (Events{"reset sqs", "reset lambda"}));
    list.Pause();
    loop_.RunVoid(list.Drain(loop_.Now()));
    loop_.RunVoid(list.Stop());
    EXPECT_EQ(TakeEvents(), (Events{"pause lambda", "pause sqs", "drain lambda", "drain sqs", "stop lambda", "stop sqs"}));
  }
  EXPECT_EQ(TakeEvents(), (Events{"destroy lambda", "destroy sqs"}));
}

TEST_F(List, TellsWhichServiceCannotBeOpened) {
  ServiceList list;
  const std::vector<Declaration> declarations = {Declare("sqs", {}, {}), Declare("broken", {}, {}), Declare("sts", {}, {})};
  ports_.Offer(queues_, "taken");
  auto opened = loop_.Run(list.Open(ctx_, declarations, commons_, ports_));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, "open broken: no such file");
  EXPECT_EQ(TakeEvents(), (Events{"open sqs", "open broken"}));
}

TEST_F(List, OneThatCannotBeResetKeepsNoOtherFromIt) {
  ServiceList list;
  const std::vector<Declaration> declarations = {Declare("a", {}, {}), Declare("b", {}, {}, true), Declare("c", {}, {})};
  ASSERT_TRUE(loop_.Run(list.Open(ctx_, declarations, commons_, ports_)));
  TakeEvents();
  auto reset = loop_.Run(list.Reset(ctx_));
  ASSERT_FALSE(reset);
  EXPECT_EQ(reset.error().message, "reset b: disk full");
  EXPECT_EQ(TakeEvents(), (Events{"reset a", "reset b", "reset c"}));
}

TEST_F(List, WhatIsDeclaredMustBeOffered) {
  ServiceList list;
  const std::vector<Declaration> declarations = {Declare("mq", {PortOf<Queues>()}, {})};
  EXPECT_DEATH((void)loop_.Run(list.Open(ctx_, declarations, commons_, ports_)), "ports.Has");
}

}  // namespace
}  // namespace mayfly::services
