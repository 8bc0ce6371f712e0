// The subscribers of one execution environment's telemetry: who gets which records, buffered and delivered in batches.
//
// Owned by its ExecutionEnvironment, which passes every platform event and line of output on while active(). Subscriptions are
// taken while an Init runs; what happened before them in that Init is replayed. One strand.
// Bounds: a subscriber holds at most twice its own maxItems and maxBytes, and one batch under way; what comes beyond is
// counted, and told by a platform.logsDropped record when there is room again. The backlog of an Init is kBacklogEventsMax.
// A subscriber that does not answer holds nobody up. A batch that fails kDeliveryAttempts times is dropped and counted.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/strand.h"
#include "base/task_scope.h"
#include "net/http_message.h"
#include "runtime/telemetry_subscription.h"
#include "telemetry/platform_event.h"

namespace mayfly::runtime {

inline constexpr size_t kBacklogEventsMax = 1000;
inline constexpr size_t kBacklogBytesMax = 1 << 20;
inline constexpr int kDeliveryAttempts = 5;

class TelemetryHub {
 public:
  TelemetryHub(Loop& loop, EnvironmentPorts& ports, sandbox::Cage& cage, const telemetry::EnvironmentLabel& label);
  ~TelemetryHub();

  // An Init begins: subscribers of the last one are gone. With Backlog::Keep what happens from now on is kept for those to come.
  enum class Backlog : unsigned char { Keep, None };
  void Open(Backlog backlog);
  // The Init is over: no more subscribers.
  void Close();
  // The environment's processes are gone.
  void Clear();

  // Whether OnEvent is of use to anybody.
  bool active() const { return keeps_backlog_ || !subscribers_.empty(); }
  void OnEvent(const telemetry::PlatformEvent& event);

  // The answer to a subscription by the extension `name`. A second one by the same extension replaces the first.
  http::Response Subscribe(std::string_view name, TelemetryApi api, std::string_view body, const telemetry::PlatformEvent& init_start);
  // The categories of a subscriber ("platform" …), as they are told in its platform event. Empty: it has none.
  std::vector<std::string_view> TypesOf(std::string_view name) const;

  // Everything goes out at once from now on, also what is buffered.
  void SendNow();
  // Waits until all is delivered, or `until` comes. Only after Close(); no Clear() meanwhile.
  Task<> Drain(TimePoint until);

 private:
  class Subscriber;
  struct KeptEvent;

  Strand strand_;
  Loop* loop_;
  EnvironmentPorts* ports_;
  sandbox::Cage* cage_;
  const telemetry::EnvironmentLabel* label_;
  bool open_ = false;
  bool keeps_backlog_ = false;
  size_t backlog_bytes_ = 0;
  std::deque<KeptEvent> backlog_;
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
};

}  // namespace mayfly::runtime
