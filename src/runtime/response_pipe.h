// ResponsePipe: the answer of one invocation on its way from the function to the caller, while the function still produces it.
//
// Made by whoever wants the answer in pieces (invoke::Invoker), who gives it along with the invocation. RuntimeApi writes into it;
// the caller's side reads. Held by shared_ptr, since either side may go first. One strand; one writer and one reader.
//
// Promises: bytes come in the order in which they were written, and as soon as they were. A reader that is slow slows the
// function: the writer waits while kWaitingBytesMax or more have not been read. A reader that has gone stops nothing: what comes
// for it is thrown away, as on AWS.
// Bound: kWaitingBytesMax and one piece (of the runtime's body, at most a few hundred KiB).
#pragma once

#include <string>

#include "base/event.h"

namespace mayfly::runtime {

class ResponsePipe {
 public:
  static constexpr size_t kWaitingBytesMax = 64 * 1024;

  explicit ResponsePipe(Loop& loop) : changed_(loop) {}

  // --- the function's side ---
  // The answer begins; its head is known. Once.
  void Open(std::string content_type);
  // Returns when there is room again, or nobody reads any more.
  Task<> Write(std::string piece);

  // --- whoever runs the invocation ---
  // It is over: the reader gets what is left, then the end. A writer that still waits is let go; what it writes is thrown away.
  void Close();

  // --- the caller's side ---
  // Waits until the answer begins, or is over without having begun.
  Task<> AwaitBegin();
  bool begun() const { return opened_; }
  const std::string& content_type() const { return content_type_; }
  // All that has come since; waits for the first byte of it. Empty: the end. Error: Cancelled when ctx.stop is requested.
  Task<Result<std::string>> Read(Context& ctx);
  // Nobody reads any more.
  void Abandon();

 private:
  bool takes_nothing() const { return closed_ || abandoned_; }

  Event changed_;
  std::string content_type_;
  std::string waiting_;
  bool opened_ = false;
  bool closed_ = false;
  bool abandoned_ = false;
};

}  // namespace mayfly::runtime
