#include "runtime/trace_receiver.h"

#include "base/event.h"

namespace mayfly::runtime {
namespace {

constexpr int kDatagramsAtOnce = 32;
constexpr Duration kPause = std::chrono::milliseconds(100);

}  // namespace

TraceReceiver::TraceReceiver(RealLoop& loop, UniqueFd socket, std::function<void(std::string_view datagram)> take)
    : loop_(&loop),
      socket_(loop, std::move(socket)),
      take_(std::move(take)),
      budget_(loop, kTraceBytesPerSecond, kTraceBytesPerSecond),
      tasks_(loop) {
  tasks_.Spawn(Read());
}

Task<> TraceReceiver::Read() {
  Context ctx(*loop_);
  while (co_await socket_.WaitReadable()) {
    if (TakeSome()) continue;
    if (!co_await Sleep(ctx, kPause)) co_return;
  }
}

// One buffer for all environments. A datagram of no bytes is no end.
bool TraceReceiver::TakeSome() {
  static thread_local char buffer[64 * 1024];
  for (int i = 0; i < kDatagramsAtOnce; ++i) {
    const ssize_t size = socket_.ReadNow(buffer, sizeof buffer);
    if (size < 0) return true;
    if (!budget_.Take(static_cast<size_t>(size) + kTraceDatagramOverhead)) return false;
    take_(std::string_view(buffer, static_cast<size_t>(size)));
  }
  return true;
}

}  // namespace mayfly::runtime
