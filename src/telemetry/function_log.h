// FunctionLog: the consumer of platform events that writes log streams.
#pragma once

#include "store/log_store.h"
#include "telemetry/platform_event.h"

namespace mayfly::telemetry {

// One per daemon. `logs` outlives it. One strand.
class FunctionLog final : public EventSink {
 public:
  explicit FunctionLog(store::LogStore& logs) : logs_(&logs) {}
  void OnEvent(const EnvironmentLabel& label, const PlatformEvent& event) override;

 private:
  store::LogStore* logs_;
};

// LogTail: the last bytes of log of one invocation, for `X-Amz-Log-Result`.
class LogTail final {
 public:
  static constexpr size_t kTailBytesMax = 4096;  // AWS: "the last 4 KB of the execution log"

  void Clear() { text_.clear(); }
  void Add(std::string_view line);
  // The tail, each line with its line end.
  std::string_view text() const;

 private:
  std::string text_;
};

}  // namespace mayfly::telemetry
