// PolledDescriptor: a non-blocking file descriptor (pipe, seqpacket socket, pidfd, eventfd) on a loop.
//
// Owns the descriptor. Destroying it while a task waits in WaitReadable is a bug: Cancel() first, then let the task end.
#pragma once

#include <memory>

#include "base/context.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly {

class RealLoop;

class PolledDescriptor {
 public:
  // Sets O_NONBLOCK.
  PolledDescriptor(RealLoop& loop, UniqueFd fd);
  ~PolledDescriptor();
  PolledDescriptor(PolledDescriptor&&) noexcept;
  PolledDescriptor& operator=(PolledDescriptor&&) noexcept;

  int get() const;
  // One waiter per direction at a time. Errors: Cancelled after Cancel().
  Task<Result<>> WaitReadable();
  Task<Result<>> WaitWritable();
  // Ends the waits with Cancelled; also later ones.
  void Cancel();
  // Reads what is there, at most `size` bytes; 0 at the end of file. Waits when nothing is there.
  Task<Result<size_t>> ReadSome(char* buffer, size_t size);
  // Reads what is there without waiting: bytes, 0 at the end of file, -1 when nothing is there.
  ssize_t ReadNow(char* buffer, size_t size);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mayfly
