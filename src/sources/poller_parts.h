// What all pollers of this daemon share, and what they may be told.
#pragma once

#include "base/event.h"
#include "base/random.h"
#include "sources/mapped_functions.h"
#include "telemetry/metrics.h"

namespace mayfly::sources {

struct PollerOptions {
  // AWS: 5 batches at once to begin with, 300 more per minute, 1,250 at most. Provisioned pollers do 10 batches each.
  int concurrency_initial = 5;
  int concurrency_maximum = 1250;
  double concurrency_growth_per_minute = 60'000;
  int concurrency_per_poller = 10;
  // Payloads that all mappings together hold; who wants more waits. A single batch always fits.
  size_t payload_bytes_max = size_t{256} << 20;
  size_t deletes_waiting_max = 20'000;               // per mapping, of messages; batches that have ended wait for room
  Duration receive_wait = std::chrono::minutes(5);   // one call that waits for messages
  Duration missing_retry = std::chrono::seconds(2);  // looks whether a function or queue that was not there has come
  Duration throttle_backoff_min = std::chrono::milliseconds(50);
  Duration throttle_backoff_max = std::chrono::seconds(5);
};

// Bytes that are in use, against a bound. One strand.
class ByteBudget {
 public:
  ByteBudget(Loop& loop, size_t bytes_max) : bytes_max_(bytes_max), freed_(loop) {}

  bool HasRoom() const { return bytes_ < bytes_max_; }
  // Not bounded: one batch more than the bound may be there.
  void Take(size_t bytes) { bytes_ += bytes; }
  void GiveBack(size_t bytes) {
    const bool was_full = !HasRoom();
    bytes_ -= bytes;
    if (was_full && HasRoom()) freed_.Pulse();
  }
  Event& freed() { return freed_; }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_max_;
  size_t bytes_ = 0;
  Event freed_;
};

struct PollerParts {
  Loop* loop;
  MappedFunctions* functions;
  Random* random;
  ByteBudget* budget;
  telemetry::Metrics* metrics;
  PollerOptions options;
};

}  // namespace mayfly::sources
