#include "runtime/response_pipe.h"

namespace mayfly::runtime {

void ResponsePipe::Open(std::string content_type) {
  MF_ASSERT(!opened_);
  opened_ = true;
  content_type_ = std::move(content_type);
  changed_.Pulse();
}

Task<> ResponsePipe::Write(std::string piece) {
  MF_ASSERT(opened_);
  if (takes_nothing() || piece.empty()) co_return;
  if (waiting_.empty()) waiting_ = std::move(piece);
  else waiting_ += piece;
  changed_.Pulse();
  while (waiting_.size() >= kWaitingBytesMax && !takes_nothing()) co_await changed_.Wait();
}

void ResponsePipe::Close() {
  closed_ = true;
  changed_.Pulse();
}

Task<> ResponsePipe::AwaitBegin() {
  while (!opened_ && !closed_) co_await changed_.Wait();
}

Task<Result<std::string>> ResponsePipe::Read(Context& ctx) {
  while (waiting_.empty() && !closed_) MF_CO_TRY_VOID(co_await changed_.Wait(ctx));
  std::string taken = std::move(waiting_);
  waiting_.clear();
  changed_.Pulse();
  co_return taken;
}

void ResponsePipe::Abandon() {
  abandoned_ = true;
  waiting_ = std::string();
  changed_.Pulse();
}

}  // namespace mayfly::runtime
