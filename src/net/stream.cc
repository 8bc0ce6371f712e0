#include "net/stream.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace mayfly::net {
namespace {

constexpr size_t kTlsInputBytes = 8 * 1024;
constexpr size_t kTlsChunkBytes = 64 * 1024;
// What may wait for a peer that sends but does not read (answers to its key updates): beyond, the connection is cut.
constexpr size_t kTlsOutputBytesMax = 256 * 1024;

}  // namespace

Stream::Stream(RealLoop& loop, std::unique_ptr<TlsEngine> tls) : loop_(&loop), tls_(std::move(tls)) {
  if (tls_) tls_in_ = std::make_unique_for_overwrite<char[]>(kTlsInputBytes);
}

void Stream::Consume(size_t bytes) {
  MF_ASSERT(bytes <= end_ - begin_);
  begin_ += bytes;
}

// ---- input ----

// Leaves the buffer alone while a plain read is pending: the kernel may write behind end_ at any moment.
void Stream::MakeRoom(size_t bytes_max) {
  MF_ASSERT(begin_ <= end_ && end_ <= capacity_);
  if (read_pending_ && !tls_) return;
  const size_t held = end_ - begin_;
  if (held == 0) begin_ = end_ = 0;
  if (begin_ > 0 && capacity_ - end_ < capacity_ / 4) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, held);
    begin_ = 0;
    end_ = held;
  }
  if (capacity_ > 0 && !last_read_full_ && held <= capacity_ / 2) return;
  const size_t wanted = capacity_ == 0 ? kBufferBytesSmall : std::min(capacity_ * 16, bytes_max);
  last_read_full_ = false;
  if (wanted <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<char[]>(wanted);
  MF_ASSERT(wanted > held);
  if (held > 0) std::memcpy(larger.get(), buffer_.get() + begin_, held);
  buffer_ = std::move(larger);
  capacity_ = wanted;
  begin_ = 0;
  end_ = held;
}

void Stream::ReadMore() {
  if (read_pending_ || ended_ || end_ == capacity_) return;
  read_pending_ = true;
  if (tls_) {
    StartRead(tls_in_.get(), kTlsInputBytes);
  } else {
    StartRead(buffer_.get() + end_, capacity_ - end_);
  }
}

void Stream::ReadAhead() {
  if (ended_ || read_pending_) return;
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ == end_ && capacity_ > kBufferBytesKept) capacity_ = 0;
  if (capacity_ == 0) {
    buffer_ = std::make_unique_for_overwrite<char[]>(kBufferBytesSmall);
    capacity_ = kBufferBytesSmall;
  }
  if (tls_) Decrypt();
  ReadMore();
}

bool Stream::BeginInput(InputAwaiter& awaiter) {
  strand_.Check();
  MF_ASSERT(reader_ == nullptr);
  if (ended_) return awaiter.wake_ = Wake::End, true;
  MakeRoom(awaiter.buffer_bytes_max_);
  if (tls_) {
    const size_t decrypted = Decrypt();
    if (decrypted > 0) return awaiter.wake_ = Wake::Data, true;
    if (ended_) return awaiter.wake_ = Wake::End, true;
  }
  MF_ASSERT(read_pending_ || end_ < capacity_);
  reader_ = &awaiter;
  ReadMore();
  return false;
}

void Stream::OnRead(int error_number, size_t bytes) {
  strand_.Check();
  MF_ASSERT(read_pending_);
  read_pending_ = false;
  if (closed_) return;
  if (error_number == ECANCELED && trim_wanted_) {
    trim_wanted_ = false;
    Trim();
    if (reader_) MakeRoom(reader_->buffer_bytes_max_);
    return ReadMore();
  }
  trim_wanted_ = false;
  if (error_number != 0 || bytes == 0) {
    MarkEnded(error_number != 0 ? std::strerror(error_number) : tls_ ? "the peer has closed without ending TLS" : "");
    return WakeReader(Wake::End);
  }
  if (!tls_) {
    end_ += bytes;
    MF_ASSERT(end_ <= capacity_);
    last_read_full_ = end_ == capacity_;
    return WakeReader(Wake::Data);
  }
  const bool was_shaking_hands = !tls_->handshake_done();
  tls_->Feed({tls_in_.get(), bytes});
  if (reader_) MakeRoom(reader_->buffer_bytes_max_);
  const size_t decrypted = Decrypt();
  if (decrypted > 0 || (was_shaking_hands && tls_->handshake_done())) return WakeReader(Wake::Data);
  if (ended_) return WakeReader(Wake::End);
  ReadMore();
}

// Moves plaintext into the buffer as far as it has room. What is left stays with the engine; no more is read then.
size_t Stream::Decrypt() {
  MF_ASSERT(tls_ != nullptr);
  size_t total = 0;
  while (end_ < capacity_) {
    size_t bytes = 0;
    const TlsEngine::State state = tls_->Read(buffer_.get() + end_, capacity_ - end_, bytes);
    if (state == TlsEngine::State::Done) {
      end_ += bytes;
      total += bytes;
      continue;
    }
    FlushTls();
    if (state == TlsEngine::State::Closed) MarkEnded("");
    if (state == TlsEngine::State::Failed) MarkEnded(tls_->failure());
    break;
  }
  last_read_full_ = end_ == capacity_;
  return total;
}

void Stream::MarkEnded(std::string failure) {
  if (ended_) return;
  ended_ = true;
  if (failure_.empty()) failure_ = std::move(failure);
  if (observer_) observer_->OnEnd();
}

void Stream::WakeReader(Wake wake) {
  if (!reader_ || !reader_->handle_) return;
  InputAwaiter* const reader = std::exchange(reader_, nullptr);
  reader->wake_ = wake;
  reader->handle_.resume();
}

void Stream::Trim() {
  if (begin_ != end_ || capacity_ <= kBufferBytesKept) return;
  if (read_pending_ && !tls_) {
    trim_wanted_ = true;
    return CancelRead();
  }
  begin_ = end_ = 0;
  capacity_ = kBufferBytesSmall;
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
  last_read_full_ = false;
}

Task<Result<>> Stream::HandshakeTls() {
  MF_ASSERT(tls_ != nullptr);
  tls_->Handshake();
  FlushTls();
  while (!tls_->handshake_done()) {
    if (co_await MoreInput(TimePoint::max(), kBufferBytesSmall) != Wake::Data) {
      co_return Fail(Error::Fault("TLS handshake: " + (failure_.empty() ? "the peer has closed" : failure_)));
    }
  }
  co_return Result<>();
}

// ---- output ----

Stream::WriteAwaiter Stream::Write(Duration stall, std::string_view first, std::string_view second, std::string_view third) {
  strand_.Check();
  MF_ASSERT(writer_ == nullptr);
  out_count_ = 0;
  for (const std::string_view bytes : {third, second, first}) {
    if (bytes.empty()) continue;
    ++out_count_;
    out_[out_.size() - out_count_] = {const_cast<char*>(bytes.data()), bytes.size()};
  }
  return {*this, stall, false};
}

bool Stream::BeginWrite(WriteAwaiter& awaiter) {
  MF_ASSERT(writer_ == nullptr);
  if (closed_ || broken_) {
    out_count_ = 0;
    return awaiter.ok_ = false, true;
  }
  if (!awaiter.only_wait_) {
    const Pump pumped = PumpOutput();
    if (pumped != Pump::Blocked) return awaiter.ok_ = pumped == Pump::Done, true;
  }
  writer_ = &awaiter;
  write_until_ = awaiter.stall_ == Duration::max() ? TimePoint::max() : loop_->Now() + awaiter.stall_;
  if (!write_wait_pending_) {
    write_wait_pending_ = true;
    StartWaitWritable();
  }
  return false;
}

void Stream::OnWritable() {
  strand_.Check();
  MF_ASSERT(write_wait_pending_);
  write_wait_pending_ = false;
  if (closed_) return;
  switch (PumpOutput()) {
    case Pump::Blocked:
      if (writer_ && writer_->stall_ != Duration::max()) write_until_ = loop_->Now() + writer_->stall_;
      write_wait_pending_ = true;
      return StartWaitWritable();
    case Pump::Done: return WakeWriter(true);
    case Pump::Broken: return WakeWriter(false);
  }
}

void Stream::WakeWriter(bool ok) {
  if (!writer_ || !writer_->handle_) return;
  WriteAwaiter* const writer = std::exchange(writer_, nullptr);
  writer->ok_ = ok;
  writer->handle_.resume();
}

Stream::Pump Stream::SendSome(const iovec* vectors, size_t count, size_t& sent) {
  MF_ASSERT(count > 0 && !closed_);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(vectors);
  message.msg_iovlen = count;
  for (;;) {
    const ssize_t bytes = ::sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (bytes >= 0) return sent = static_cast<size_t>(bytes), Pump::Done;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Pump::Blocked;
    if (failure_.empty()) failure_ = std::strerror(errno);
    broken_ = true;
    out_count_ = 0;
    tls_out_.clear();
    tls_sent_ = 0;
    return Pump::Broken;
  }
}

void Stream::SkipSent(size_t bytes) {
  while (bytes > 0) {
    MF_ASSERT(out_count_ > 0 && out_count_ <= out_.size());
    iovec& front = out_[out_.size() - out_count_];
    const size_t part = std::min(bytes, front.iov_len);
    front.iov_base = static_cast<char*>(front.iov_base) + part;
    front.iov_len -= part;
    bytes -= part;
    if (front.iov_len == 0) --out_count_;
  }
}

Stream::Pump Stream::PumpOutput() {
  while (HasOutput()) {
    size_t sent = 0;
    if (!tls_) {
      if (const Pump pumped = SendSome(&out_[out_.size() - out_count_], out_count_, sent); pumped != Pump::Done) return pumped;
      SkipSent(sent);
      continue;
    }
    if (tls_sent_ == tls_out_.size()) EncryptSome();
    if (broken_) return Pump::Broken;
    const iovec cipher{tls_out_.data() + tls_sent_, tls_out_.size() - tls_sent_};
    if (const Pump pumped = SendSome(&cipher, 1, sent); pumped != Pump::Done) return pumped;
    tls_sent_ += sent;
    if (tls_sent_ < tls_out_.size()) continue;
    tls_sent_ = 0;
    tls_out_.size() > kBufferBytesKept ? std::string().swap(tls_out_) : tls_out_.clear();
  }
  return Pump::Done;
}

void Stream::EncryptSome() {
  MF_ASSERT(out_count_ > 0 && tls_sent_ == tls_out_.size());
  tls_out_.clear();
  tls_sent_ = 0;
  const iovec& front = out_[out_.size() - out_count_];
  const size_t part = std::min(front.iov_len, kTlsChunkBytes);
  if (tls_->Write({static_cast<const char*>(front.iov_base), part}) != TlsEngine::State::Done) {
    if (failure_.empty()) failure_ = tls_->failure();
    broken_ = true;
    out_count_ = 0;
    return;
  }
  tls_->TakeOutput(tls_out_);
  SkipSent(part);
}

// Sends what TLS itself has to say (handshake, alerts), beside or between writes.
void Stream::FlushTls() {
  MF_ASSERT(tls_ != nullptr);
  tls_->TakeOutput(tls_out_);
  if (tls_out_.size() > kTlsOutputBytesMax + kTlsChunkBytes) return Close();
  if (closed_ || broken_ || writer_ || write_wait_pending_ || tls_sent_ == tls_out_.size()) return;
  if (PumpOutput() == Pump::Blocked) {
    write_wait_pending_ = true;
    StartWaitWritable();
  }
}

// ---- time and end ----

bool Stream::HasExpired(TimePoint now) const {
  return (reader_ && reader_->until_ <= now) || (writer_ && write_until_ <= now);
}

void Stream::Expire(TimePoint now) {
  if (writer_ && write_until_ <= now) {
    if (failure_.empty()) failure_ = "the peer does not read";
    return Abort();
  }
  if (reader_ && reader_->until_ <= now) WakeReader(Wake::Timeout);
}

void Stream::ShutdownWrite() {
  if (closed_) return;
  if (tls_) {
    tls_->Shutdown();
    FlushTls();
  }
  if (!closed_) ::shutdown(fd(), SHUT_WR);
}

void Stream::Close() {
  strand_.Check();
  if (closed_) return;
  if (tls_ && !broken_ && !writer_) {
    tls_->Shutdown();
    tls_->TakeOutput(tls_out_);
    PumpOutput();
  }
  closed_ = ended_ = broken_ = true;
  CloseSocket();
  if (!reader_ && !writer_) return;
  loop_->Post([self = shared_from_this()] {
    self->WakeWriter(false);
    self->WakeReader(Wake::End);
  });
}

void Stream::Abort() {
  if (closed_) return;
  const linger reset{1, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  broken_ = true;
  Close();
}

}  // namespace mayfly::net
