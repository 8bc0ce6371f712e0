// Queues in simulation, for their tests: the real code on a virtual clock, over the store in memory.
#pragma once

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "services/sqs/queues.h"

namespace mayfly::sqs {

class QueuesSim : public testing::Test {
 public:
  explicit QueuesSim(store::MemoryStoreFaults faults = {.latency = std::chrono::milliseconds(3)}, uint64_t seed = 1)
      : random_(seed), store_(store::MakeMemoryStore(loop_, seed, faults)), ctx_(loop_) {
    Open({});
  }
  ~QueuesSim() override {
    loop_.RunVoid(queues_->Stop());
    queues_.reset();
    store_.reset();
    loop_.RunFor(std::chrono::seconds(1));
  }

  void Open(QueuesOptions options) {
    if (queues_) loop_.RunVoid(queues_->Stop());
    do {
      queues_ = std::make_unique<Queues>(loop_, *store_, random_, options);
    } while (!loop_.Run(queues_->Open(ctx_)));
  }
  QueuePointer Make(std::string name, Queue queue = {}) {
    queue.name = {"000000000000", "us-east-1", std::move(name)};
    const auto accept = [](const Queue&) -> Result<> { return {}; };
    while (!loop_.Run(queues_->Create(ctx_, queue, accept))) {
    }
    return queues_->Find(queue.name);
  }
  static std::vector<OutgoingMessage> Message(std::string body, int delay = 0) {
    std::vector<OutgoingMessage> messages(1);
    messages.front().stored.message.body = std::move(body);
    messages.front().delay_seconds = delay;
    return messages;
  }
  Task<Result<>> SendOne(QueuePointer queue, std::string body, int delay = 0) {
    auto messages = Message(std::move(body), delay);
    queues_->Stamp(messages.front().stored);
    auto sent = co_await queues_->Send(ctx_, queue, std::move(messages));
    if (!sent) co_return Fail(std::move(sent).error());
    co_return Result<>();
  }
  void Send(const QueuePointer& queue, std::string body, int delay = 0) { ASSERT_TRUE(loop_.Run(SendOne(queue, std::move(body), delay))); }
  IncomingMessages Receive(const QueuePointer& queue, ReceiveOptions options = {}) { return loop_.Run(queues_->Receive(ctx_, queue->name, options)).value(); }
  std::vector<std::string> Bodies(const QueuePointer& queue, ReceiveOptions options = {.messages_max = 10}) {
    std::vector<std::string> bodies;
    for (const IncomingMessage& message : Receive(queue, options).messages) bodies.push_back(message.stored.message.body);
    return bodies;
  }
  using Texts = std::vector<std::string>;

  SimLoop loop_;
  SeededRandom random_;
  std::unique_ptr<store::Store> store_;
  Context ctx_;
  std::unique_ptr<Queues> queues_;
};

}  // namespace mayfly::sqs
