#include "base/real_loop.h"

#include <deque>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/strand.h"
#include "base/task_scope.h"
#include "base/timer_queue.h"

namespace mayfly {

// All timers of a loop share one kernel timer, set to the earliest; posted callbacks share one entry in Asio's queue.
struct RealLoop::Impl {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    boost::asio::io_context::executor_type>
      timer{io};
  std::deque<Callback> ready;
  bool drain_posted = false;
  TimerQueue timers;
  TimePoint armed = TimePoint::max();
  Strand strand;  // of the thread that runs the loop; of the first that uses it while it does not run

  void Drain() {
    drain_posted = false;
    for (size_t count = ready.size(); count > 0; --count) {
      Callback callback = std::move(ready.front());
      ready.pop_front();
      callback();
    }
    PostDrain();
  }
  void PostDrain() {
    if (drain_posted || ready.empty()) return;
    drain_posted = true;
    boost::asio::post(io, [this] { Drain(); });
  }
  // Re-arms only when the earliest timer comes earlier than what is armed: cancelled timers let the kernel timer fire once
  // for nothing, which is cheaper than a system call per cancellation.
  void Arm() {
    if (timers.earliest() >= armed) return;
    armed = timers.earliest();
    timer.expires_at(armed);
    timer.async_wait([this](const boost::system::error_code& error) {
      if (!error) FireTimers();
    });
  }
  void FireTimers() {
    armed = TimePoint::max();
    const TimePoint now = std::chrono::steady_clock::now();
    while (Callback callback = timers.TakeDue(now)) callback();
    Arm();
  }
};

RealLoop::RealLoop() : impl_(std::make_unique<Impl>()) {}
RealLoop::~RealLoop() = default;

void RealLoop::Post(Callback callback) {
  impl_->strand.Check();
  MF_ASSERT(callback);
  impl_->ready.push_back(std::move(callback));
  impl_->PostDrain();
}

void RealLoop::PostFromAnyThread(Callback callback) {
  // std::function-like storage of Asio needs a copyable or movable handler: movable is enough.
  boost::asio::post(impl_->io, [callback = std::move(callback)]() mutable { callback(); });
}

Loop::TimerId RealLoop::CallAt(TimePoint when, Callback callback) {
  impl_->strand.Check();
  MF_ASSERT(callback);
  const TimerId id = impl_->timers.Add(when, std::move(callback));
  impl_->Arm();
  return id;
}

void RealLoop::CancelTimer(TimerId timer) {
  impl_->strand.Check();
  impl_->timers.Cancel(timer);
}

// Whoever made the loop has used it, and may again when it has ended.
void RealLoop::Run() {
  impl_->strand = Strand();
  impl_->io.run();
  impl_->strand = Strand();
}
void RealLoop::Stop() { impl_->io.stop(); }

void RealLoop::RunVoid(Task<> task) {
  TaskScope scope(*this);
  scope.Spawn(std::move(task));
  while (scope.size() > 0 && !impl_->io.stopped()) impl_->io.run_one();
}

void* RealLoop::native() const { return &impl_->io; }

}  // namespace mayfly
