// A poller in simulation, for its tests: a fake queue, fake functions, virtual time.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sources/fake_functions.h"
#include "sources/fake_queue.h"
#include "sources/queue_poller.h"

namespace mayfly::sources {

using Behaviour = FakeFunctions::Behaviour;
using Kind = Behaviour::Kind;
using Ids = FakeFunctions::Ids;

inline constexpr const char* kQueue = "arn:aws:sqs:us-east-1:000000000000:q";

inline catalog::EventSourceMapping PlainMapping() {
  catalog::EventSourceMapping mapping;
  mapping.account_id = "000000000000";
  mapping.region = "us-east-1";
  mapping.uuid = "u";
  mapping.function = {"000000000000", "us-east-1", "f"};
  mapping.event_source_arn = kQueue;
  mapping.batch_size = 10;
  mapping.state = "Enabled";
  return mapping;
}

struct PollerBench {
  explicit PollerBench(uint64_t seed = 1, PollerOptions given = {}) : random(seed), options(given) {}
  ~PollerBench() { Stop(); }
  void Start(const catalog::EventSourceMapping& mapping) {
    if (!poller) {
      PollerParts parts{.loop = &loop, .functions = &functions, .random = &random, .budget = &budget,
                        .metrics = &metrics, .options = options};
      poller = std::make_unique<QueuePoller>(parts, queue, kQueue);
    }
    poller->Start(std::make_shared<const catalog::EventSourceMapping>(mapping));
  }
  void Stop(Duration drain = std::chrono::minutes(15)) {
    if (poller) loop.RunVoid(poller->Stop(loop.Now() + drain));
    poller.reset();
    EXPECT_EQ(budget.bytes(), 0u);
  }
  Ids SendMany(int count, const std::string& body = "x") {
    Ids ids;
    for (int i = 0; i < count; ++i) ids.push_back(queue.Send(body));
    return ids;
  }
  std::vector<size_t> BatchSizes() const {
    std::vector<size_t> sizes;
    for (const Ids& batch : functions.batches) sizes.push_back(batch.size());
    return sizes;
  }

  SimLoop loop;
  SeededRandom random;
  PollerOptions options;
  FakeQueue queue{loop, random};
  FakeFunctions functions{loop};
  telemetry::Metrics metrics;
  ByteBudget budget{loop, options.payload_bytes_max};
  std::unique_ptr<QueuePoller> poller;
};

}  // namespace mayfly::sources
