// Stream: one connected socket (TCP or Unix, plain or TLS) with its input buffer. Under both the HTTP server and the
// client. Private to net.
//
// Held by shared_ptr, since the reactor keeps it while an operation is pending: frames that wait on it may be destroyed at
// any time, their awaiters take themselves out. One strand; one reader and one writer at a time. The input buffer starts
// at kBufferBytesSmall, grows while reads fill it (at most to what the reader allows) and is given back by Trim().
#pragma once

#include <sys/uio.h>

#include <array>
#include <coroutine>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/real_loop.h"
#include "base/strand.h"
#include "net/tls.h"

namespace mayfly::net {

// Hears that no more input will come, at the moment when it is known (also while nobody reads, if ReadAhead was called).
class StreamObserver {
 public:
  virtual void OnEnd() = 0;

 protected:
  ~StreamObserver() = default;
};

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  static constexpr size_t kBufferBytesSmall = 4 * 1024;
  static constexpr size_t kBufferBytesKept = 16 * 1024;   // a larger one is not kept by an idle connection
  static constexpr size_t kBufferBytesBulk = 64 * 1024;   // for bodies

  enum class Wake : unsigned char { Data, End, Timeout };
  class InputAwaiter;
  class WriteAwaiter;

  // Takes over a non-blocking, connected (or connecting) socket. nullptr when the kernel will not watch it (out of memory).
  static std::shared_ptr<Stream> Open(RealLoop& loop, UniqueFd fd, std::unique_ptr<TlsEngine> tls = nullptr);
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void set_observer(StreamObserver* observer) { observer_ = observer; }
  RealLoop& loop() const { return *loop_; }
  virtual int fd() const = 0;

  // What has come and was not consumed. The view lasts until the next co_await or call of MoreInput, ReadAhead, Trim.
  std::string_view input() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void Consume(size_t bytes);
  // No more input will come: the peer has closed, the connection failed, or Close() was called.
  bool ended() const { return ended_; }
  bool closed() const { return closed_; }
  // co_await: more input than now (Data), none ever (End), or none before `until` (Timeout; only where the owner calls
  // Expire). `buffer_bytes_max` bounds the buffer; input() must be smaller than that.
  InputAwaiter MoreInput(TimePoint until, size_t buffer_bytes_max);
  // Reads on in the background as far as the present buffer has room, so that the peer's end is noticed.
  void ReadAhead();
  // The connection idles: gives a large buffer back. Only when input() is empty.
  void Trim();

  // co_await: true when the kernel has taken all bytes; false when the connection is broken, or nothing moved for `stall`
  // (only where the owner calls Expire). The bytes must stay valid until then.
  WriteAwaiter Write(Duration stall, std::string_view first, std::string_view second = {}, std::string_view third = {});
  // co_await: true when the socket can be written to (connect has ended).
  WriteAwaiter WaitWritable();
  bool writable() const { return !closed_ && !broken_; }
  // Client side: co_await until the handshake is over.
  Task<Result<>> HandshakeTls();

  // Whether a waiter's time is up at `now`; Expire then wakes it (Timeout), or closes (a stalled write).
  bool HasExpired(TimePoint now) const;
  void Expire(TimePoint now);

  // Sends the end of the output; input still comes.
  void ShutdownWrite();
  // Closes at once. Waiters wake soon, with End or false. Not an error: twice.
  void Close();
  // Closes so that the peer sees a reset, not an orderly end.
  void Abort();
  // Why input or output failed; empty after an orderly end.
  const std::string& failure() const { return failure_; }

 protected:
  Stream(RealLoop& loop, std::unique_ptr<TlsEngine> tls);

  // What the reactor does for us, and its answers.
  virtual void StartRead(char* buffer, size_t size) = 0;
  virtual void StartWaitWritable() = 0;
  virtual void CancelRead() = 0;
  virtual void CloseSocket() = 0;
  void OnRead(int error_number, size_t bytes);
  void OnWritable();

 private:
  enum class Pump : unsigned char { Done, Blocked, Broken };

  bool BeginInput(InputAwaiter& awaiter);
  bool BeginWrite(WriteAwaiter& awaiter);
  void MakeRoom(size_t bytes_max);
  void ReadMore();
  size_t Decrypt();
  void MarkEnded(std::string failure);
  void WakeReader(Wake wake);
  void WakeWriter(bool ok);
  Pump PumpOutput();
  Pump SendSome(const iovec* vectors, size_t count, size_t& sent);
  void EncryptSome();
  void FlushTls();
  void SkipSent(size_t bytes);
  bool HasOutput() const { return out_count_ > 0 || tls_sent_ < tls_out_.size(); }

  Strand strand_;
  RealLoop* loop_;
  StreamObserver* observer_ = nullptr;
  InputAwaiter* reader_ = nullptr;
  WriteAwaiter* writer_ = nullptr;

  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0, begin_ = 0, end_ = 0;
  bool read_pending_ = false;
  bool write_wait_pending_ = false;
  bool last_read_full_ = false;
  bool trim_wanted_ = false;
  bool ended_ = false;
  bool closed_ = false;
  bool broken_ = false;  // output

  std::array<iovec, 3> out_{};
  size_t out_count_ = 0;  // of out_, those at the end of the array that are not sent
  TimePoint write_until_ = TimePoint::max();

  std::unique_ptr<TlsEngine> tls_;
  std::unique_ptr<char[]> tls_in_;
  std::string tls_out_;
  size_t tls_sent_ = 0;
  std::string failure_;
};

class Stream::InputAwaiter {
 public:
  InputAwaiter(Stream& stream, TimePoint until, size_t buffer_bytes_max)
      : stream_(&stream), until_(until), buffer_bytes_max_(buffer_bytes_max) {}
  InputAwaiter(const InputAwaiter&) = delete;
  InputAwaiter& operator=(const InputAwaiter&) = delete;
  ~InputAwaiter() {
    if (stream_->reader_ == this) stream_->reader_ = nullptr;
  }
  bool await_ready() { return stream_->BeginInput(*this); }
  void await_suspend(std::coroutine_handle<> handle) { handle_ = handle; }
  Wake await_resume() const { return wake_; }

 private:
  friend class Stream;
  Stream* stream_;
  TimePoint until_;
  size_t buffer_bytes_max_;
  Wake wake_ = Wake::End;
  std::coroutine_handle<> handle_;
};

class Stream::WriteAwaiter {
 public:
  WriteAwaiter(Stream& stream, Duration stall, bool only_wait) : stream_(&stream), stall_(stall), only_wait_(only_wait) {}
  WriteAwaiter(const WriteAwaiter&) = delete;
  WriteAwaiter& operator=(const WriteAwaiter&) = delete;
  ~WriteAwaiter() {
    if (stream_->writer_ != this) return;
    stream_->writer_ = nullptr;
    stream_->out_count_ = 0;
    stream_->broken_ = true;  // the output is torn: nothing sensible can follow
  }
  bool await_ready() { return stream_->BeginWrite(*this); }
  void await_suspend(std::coroutine_handle<> handle) { handle_ = handle; }
  bool await_resume() const { return ok_; }

 private:
  friend class Stream;
  Stream* stream_;
  Duration stall_;
  bool only_wait_;
  bool ok_ = false;
  std::coroutine_handle<> handle_;
};

inline Stream::InputAwaiter Stream::MoreInput(TimePoint until, size_t buffer_bytes_max) { return {*this, until, buffer_bytes_max}; }
inline Stream::WriteAwaiter Stream::WaitWritable() { return {*this, Duration::max(), true}; }

}  // namespace mayfly::net
