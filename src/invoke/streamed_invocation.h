// StreamedInvocation: the caller's end of an invocation whose answer is taken in pieces while the function still produces it.
//
// Made by Invoker::InvokeStreaming when the answer has begun, or is over. Destroying it at any time is how a caller leaves: the
// function goes on, and its bytes are thrown away. One strand.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/invocation.h"
#include "runtime/response_pipe.h"

namespace mayfly::invoke {

class StreamedInvocation {
 public:
  // What the invocation and its caller have together; whoever is last lets it go.
  struct Shared {
    explicit Shared(const Context& from) : ctx(from), pipe(std::make_shared<runtime::ResponsePipe>(*from.loop)) {}
    Context ctx;
    std::shared_ptr<runtime::ResponsePipe> pipe;
    std::optional<Result<runtime::InvokeOutcome>> outcome;  // once the pipe is closed
  };

  explicit StreamedInvocation(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  ~StreamedInvocation() { shared_->pipe->Abandon(); }
  StreamedInvocation(const StreamedInvocation&) = delete;
  StreamedInvocation& operator=(const StreamedInvocation&) = delete;

  // The function streams its answer: Read gives it. Otherwise the invocation is over, and outcome() holds the answer or the error.
  bool begun() const { return shared_->pipe->begun(); }
  const std::string& content_type() const { return shared_->pipe->content_type(); }
  // The next bytes of a streamed answer, as soon as there are some; empty at its end, when outcome() is known.
  // Errors: Cancelled (ctx.stop, or the daemon ends); a Fault of the platform.
  Task<Result<std::string>> Read(Context& ctx) {
    MF_CO_TRY(std::string bytes, co_await shared_->pipe->Read(ctx));
    if (bytes.empty() && !*shared_->outcome) co_return Fail(shared_->outcome->error());
    co_return bytes;
  }
  // How the invocation ended. Of a streamed answer the payload is empty, unless it is the document of an error that came later.
  runtime::InvokeOutcome& outcome() { return **shared_->outcome; }

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace mayfly::invoke
