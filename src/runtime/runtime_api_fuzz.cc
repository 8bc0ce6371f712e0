// A hostile runtime: any sequence of calls, bodies and ids. Whatever it does, an invocation is answered at most once, nothing of
// an earlier one counts for a later one, and every request gets an answer or waits as GET /next does.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/sim_loop.h"
#include "base/task_scope.h"
#include "runtime/response_pipe.h"
#include "runtime/runtime_api.h"
#include "runtime/testing_choices.h"

namespace {

using namespace mayfly;
using namespace mayfly::runtime;

class Watcher final : public RuntimeEvents {
 public:
  void OnReady() override {}
  void OnAnswer(RuntimeAnswer answer) override {
    MF_ASSERT(offered);  // an answer without an invocation
    offered = false;
    MF_ASSERT(answer.payload.size() <= kResponseBytesMax);
  }
  void OnInitError(std::string, std::string payload) override { MF_ASSERT(payload.size() <= kErrorBytesMax); }
  bool offered = false;
};

// A body that comes in pieces, breaks off, or ends with trailers.
class Pieces final : public http::BodyReader {
 public:
  explicit Pieces(Choices& choices) {
    for (int count = choices.Byte() % 8; count > 0; --count) {
      const uint8_t times = choices.Byte();
      std::string piece = choices.Text(100);
      while (times > 200 && !piece.empty() && piece.size() < 60'000) piece += piece;
      pieces_.push_back(std::move(piece));
    }
    breaks_off_ = (choices.Byte() & 3) == 0;
    if (choices.Byte() & 1) trailers_.Add("Lambda-Runtime-Function-Error-Type", choices.Text(40));
    if (choices.Byte() & 1) trailers_.Add("Lambda-Runtime-Function-Error-Body", choices.Text(40));
  }
  Task<Result<std::string>> Read(Context& ctx) override {
    MF_CO_TRY_VOID(co_await Sleep(ctx, std::chrono::milliseconds(1)));
    while (next_ < pieces_.size() && pieces_[next_].empty()) ++next_;
    if (next_ < pieces_.size()) co_return pieces_[next_++];
    if (breaks_off_) co_return Fail(Error::Cancelled());
    co_return std::string();
  }
  const http::Headers& trailers() const override { return trailers_; }

 private:
  std::vector<std::string> pieces_;
  size_t next_ = 0;
  bool breaks_off_ = false;
  http::Headers trailers_;
};

http::Request MakeRequest(Choices& choices, const std::string& request_id) {
  http::Request request;
  static constexpr const char* kPaths[] = {"/2018-06-01/runtime/invocation/next", "/2018-06-01/runtime/init/error", "/2018-06-01/runtime/restore/next",
                                           "/2018-06-01/runtime/restore/error", "/ping"};
  const uint8_t kind = choices.Byte();
  request.method = kind & 1 ? "POST" : "GET";
  if (kind < 100) request.target = kPaths[kind % 5];
  else if (kind < 180) request.target = "/2018-06-01/runtime/invocation/" + request_id + (kind & 2 ? "/response" : "/error");
  else request.target = "/" + choices.Text(64);
  if (kind & 4) request.headers.Add("Lambda-Runtime-Function-Error-Type", choices.Text(32));
  if (kind & 8) request.headers.Add("Lambda-Runtime-Function-Response-Mode", kind & 32 ? "streaming" : choices.Text(16));
  if (kind & 16) request.headers.Add("Lambda-Runtime-Invocation-Id", choices.Text(64));
  if (kind & 64) request.body_reader = std::make_unique<Pieces>(choices);
  else request.body = choices.Text(200);
  return request;
}

Task<> Send(RuntimeApi& api, Loop& loop, http::Request request, std::stop_token stop) {
  Context ctx(loop);
  ctx.stop = stop;
  const http::Response response = co_await api.Handle(ctx, request);
  MF_ASSERT(response.status >= 200 && response.status < 500);
}

Task<> ReadSome(std::shared_ptr<ResponsePipe> pipe, Loop& loop, std::stop_token stop) {
  Context ctx(loop);
  ctx.stop = stop;
  auto bytes = co_await pipe->Read(ctx);
  MF_ASSERT(!bytes || bytes->size() <= ResponsePipe::kWaitingBytesMax + 64 * 1024);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  SimLoop loop;
  Watcher watcher;
  RuntimeApi api(loop, watcher);
  TaskScope requests(loop);
  Choices choices(data, size);
  std::string request_id = "request-0";
  std::shared_ptr<ResponsePipe> pipe;
  for (int step = 0; step < 200 && !choices.empty(); ++step) {
    const uint8_t action = choices.Byte();
    if (action < 30 && !watcher.offered) {
      request_id = "request-" + std::to_string(step);
      watcher.offered = true;
      if (pipe) pipe->Close();  // the one before is over
      pipe = action & 1 ? std::make_shared<ResponsePipe>(loop) : nullptr;
      api.Offer({.request_id = request_id, .payload = "{}", .stream = pipe}, loop.WallNow());
    } else if (action < 45) {
      api.Restart();
      watcher.offered = false;
    } else if (action < 60 && pipe) {
      if (action & 1) pipe->Abandon();
      else requests.Spawn(ReadSome(pipe, loop, requests.stop_token()));
    } else {
      requests.Spawn(Send(api, loop, MakeRequest(choices, request_id), requests.stop_token()));
    }
    loop.RunFor(std::chrono::milliseconds(1));
  }
  if (pipe) pipe->Close();
  requests.Stop();
  loop.RunUntilIdle();
  MF_ASSERT(requests.size() == 0);
  return 0;
}
