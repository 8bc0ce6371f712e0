#include "net/polled_descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <coroutine>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "base/real_loop.h"

namespace mayfly {
namespace {

namespace asio = boost::asio;
using Native = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

enum Direction : unsigned char { Readable, Writable };

}  // namespace

// Kept by the reactor while a wait is pending, so that the PolledDescriptor and the waiting frame may go before it ends.
struct DescriptorState : std::enable_shared_from_this<DescriptorState> {
  struct Awaiter {
    DescriptorState* state;
    Direction direction;
    std::coroutine_handle<> handle;

    Awaiter(DescriptorState& state, Direction direction) : state(&state), direction(direction) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (state->waiters[direction] == this) state->waiters[direction] = nullptr;
    }
    bool await_ready() const { return state->cancelled; }
    void await_suspend(std::coroutine_handle<> awaiting) {
      handle = awaiting;
      MF_ASSERT(state->waiters[direction] == nullptr);
      state->waiters[direction] = this;
      state->Start(direction);
    }
    Result<> await_resume() const {
      if (state->cancelled) return Fail(Error::Cancelled());
      return {};
    }
  };

  DescriptorState(RealLoop& loop, UniqueFd owned) : loop(&loop), native(*static_cast<asio::io_context*>(loop.native())) {
    const int flags = ::fcntl(owned.get(), F_GETFL);
    MF_ASSERT(flags >= 0);
    ::fcntl(owned.get(), F_SETFL, flags | O_NONBLOCK);
    boost::system::error_code error;
    native.assign(owned.get(), error);
    MF_ASSERT(!error);  // EPERM: regular files are always ready and have no place here
    owned.Release();
  }

  // A wait that a destroyed frame left behind serves the next one; readiness that nobody waits for is forgotten.
  void Start(Direction direction) {
    if (pending[direction]) return;
    pending[direction] = true;
    const auto kind = direction == Readable ? Native::wait_read : Native::wait_write;
    native.async_wait(kind, [self = shared_from_this(), direction](const boost::system::error_code&) {
      self->pending[direction] = false;
      self->Wake(direction);
    });
  }
  void Wake(Direction direction) {
    Awaiter* const waiter = std::exchange(waiters[direction], nullptr);
    if (waiter) waiter->handle.resume();
  }
  void Cancel() {
    if (cancelled) return;
    cancelled = true;
    boost::system::error_code ignored;
    native.cancel(ignored);  // the pending waits end soon, and wake their waiters
  }

  RealLoop* loop;
  Native native;
  Awaiter* waiters[2] = {};
  bool pending[2] = {};
  bool cancelled = false;
};

struct PolledDescriptor::Impl {
  std::shared_ptr<DescriptorState> state;
};

PolledDescriptor::PolledDescriptor(RealLoop& loop, UniqueFd fd)
    : impl_(std::make_unique<Impl>(Impl{std::make_shared<DescriptorState>(loop, std::move(fd))})) {}

PolledDescriptor::~PolledDescriptor() {
  if (!impl_) return;
  MF_ASSERT(!impl_->state->waiters[Readable] && !impl_->state->waiters[Writable]);
  impl_->state->Cancel();
  boost::system::error_code ignored;
  impl_->state->native.close(ignored);
}

PolledDescriptor::PolledDescriptor(PolledDescriptor&&) noexcept = default;

PolledDescriptor& PolledDescriptor::operator=(PolledDescriptor&& other) noexcept {
  PolledDescriptor taken(std::move(other));
  std::swap(impl_, taken.impl_);
  return *this;
}

int PolledDescriptor::get() const { return impl_->state->native.native_handle(); }

// The frames hold the state: a PolledDescriptor may be moved while its task waits.
Task<Result<>> PolledDescriptor::WaitReadable() {
  const std::shared_ptr<DescriptorState> state = impl_->state;
  co_return co_await DescriptorState::Awaiter(*state, Readable);
}

Task<Result<>> PolledDescriptor::WaitWritable() {
  const std::shared_ptr<DescriptorState> state = impl_->state;
  co_return co_await DescriptorState::Awaiter(*state, Writable);
}

void PolledDescriptor::Cancel() { impl_->state->Cancel(); }

ssize_t PolledDescriptor::ReadNow(char* buffer, size_t size) {
  for (;;) {
    const ssize_t bytes = ::read(get(), buffer, size);
    if (bytes >= 0) return bytes;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return -1;
    return 0;  // ECONNRESET, EIO (a terminal's other side has gone): nothing more will come
  }
}

Task<Result<size_t>> PolledDescriptor::ReadSome(char* buffer, size_t size) {
  for (;;) {
    const ssize_t bytes = ReadNow(buffer, size);
    if (bytes >= 0) co_return static_cast<size_t>(bytes);
    MF_CO_TRY_VOID(co_await WaitReadable());
  }
}

}  // namespace mayfly
