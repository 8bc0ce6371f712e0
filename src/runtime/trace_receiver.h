// TraceReceiver: the X-Ray daemon of one environment, at 169.254.100.1:2000 (UDP) inside its sandbox.
//
// Owned by what serves the environment; reads on the loop's strand. Destroying it ends it. Sends nothing back: X-Ray's daemon
// does not either. The sender is hostile: beyond kTraceBytesPerSecond it reads nothing for a while, and the kernel drops what
// does not fit into the socket's buffer.
#pragma once

#include <functional>
#include <string_view>

#include "base/real_loop.h"
#include "base/task_scope.h"
#include "net/polled_descriptor.h"
#include "runtime/log_pipe.h"

namespace mayfly::runtime {

inline constexpr uint64_t kTraceBytesPerSecond = 1u << 20;  // after a burst of the same size
inline constexpr size_t kTraceDatagramOverhead = 1024;      // what a datagram counts besides its bytes

class TraceReceiver {
 public:
  TraceReceiver(RealLoop& loop, UniqueFd socket, std::function<void(std::string_view datagram)> take);

 private:
  Task<> Read();
  // false: over the budget.
  bool TakeSome();

  RealLoop* loop_;
  PolledDescriptor socket_;
  std::function<void(std::string_view)> take_;
  LogBudget budget_;
  TaskScope tasks_;
};

}  // namespace mayfly::runtime
