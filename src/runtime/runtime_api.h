// The Runtime API of one execution environment: the state machine behind http://127.0.0.1:9001/2018-06-01/runtime/….
//
// Owned by its ExecutionEnvironment, which offers invocations and hears of answers through RuntimeEvents. Requests come in
// from the http::Server on the environment's listener, or directly in simulation. One strand. What comes in is written by
// hostile code: sizes are bounded, ids are compared, states are checked.
// A runtime may stream its answer (Lambda-Runtime-Function-Response-Mode: streaming): where the invocation has a ResponsePipe the
// bytes go into it as they come, otherwise they are collected as those of any answer.
// Source: AWS "Using the Lambda runtime API"; states and texts in the reference, §2.1.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/event.h"
#include "base/strand.h"
#include "net/http_message.h"
#include "runtime/invocation.h"
#include "runtime/stream_pace.h"

namespace mayfly::runtime {

inline constexpr size_t kResponseBytesMax = 6 * 1024 * 1024 + 100;
inline constexpr size_t kErrorBytesMax = 256 * 1024;

// What a runtime said about the invocation it has.
struct RuntimeAnswer {
  enum class Kind : unsigned char { Response, Error, ResponseTooLarge, TruncatedResponse };
  Kind kind = Kind::Response;
  std::string payload;
  std::string content_type;
  std::string error_type;  // Error: the header, normalised to "Runtime.X" or "Function.X", else "Function.Unknown"
  bool streaming_mode = false;
  int64_t streamed_bytes = -1;  // what went into the invocation's pipe; -1: it has none, or the answer came in one piece
  int64_t bytes_max = 0;        // ResponseTooLarge: the limit
  TimePoint began{};            // when a streamed answer's head came
};

// Called on the strand, from inside a request.
class RuntimeEvents {
 public:
  virtual ~RuntimeEvents() = default;
  virtual void OnReady() = 0;  // GET /next: the runtime waits for work
  virtual void OnAnswer(RuntimeAnswer answer) = 0;
  virtual void OnInitError(std::string error_type, std::string payload) = 0;
};

class RuntimeApi {
 public:
  RuntimeApi(Loop& loop, RuntimeEvents& events, const StreamLimits& stream_limits = {}) : events_(&events), stream_limits_(stream_limits), work_(loop), delivery_known_(loop) {}

  // A new runtime process is about to start: forgets the old one's state. Nothing that comes for the invocation in hand counts
  // any more (timeout, crash).
  void Restart();
  // Hands work to the runtime: answers the waiting GET /next, or the next one. Only when nothing is in hand.
  void Offer(Invocation invocation, WallTime deadline);
  // Waits until it is known whether the runtime, which has ended, had read the invocation in hand, but not beyond `until`.
  Task<> AwaitFateOfDelivery(TimePoint until);
  // A connection has ended; `torn`: its other side had not read all that it was sent.
  void OnConnectionEnd(std::string_view peer, bool torn);
  // The invocation in hand, when the runtime has not taken it: it was not sent, or never read. Nothing is in hand then.
  std::optional<Invocation> TakeBack();
  // Whether a GET /next is waiting and nothing is in hand.
  bool idle() const { return state_ == State::Ready && !in_hand_; }

  Task<http::Response> Handle(Context& ctx, http::Request& request);

 private:
  enum class State : unsigned char { Started, InitError, Ready, Running, InvocationResponse, InvocationErrorResponse, ResponseSent, RestoreReady };

  enum class StreamEnd : unsigned char { Whole, TooLarge, Truncated, Outdated };

  Task<http::Response> Next(Context& ctx, const http::Request& request);
  Task<http::Response> Respond(Context& ctx, http::Request& request, std::string_view request_id);
  Task<http::Response> Stream(Context& ctx, http::Request& request);
  Task<StreamEnd> Forward(Context& ctx, http::Request& request, ResponsePipe& pipe, int64_t& bytes, uint64_t generation);
  Task<> DiscardRest(Context& ctx, http::Request& request, uint64_t generation);
  Task<http::Response> ReportError(Context& ctx, http::Request& request, std::string_view request_id);
  Task<http::Response> ReportInitError(Context& ctx, http::Request& request);
  std::optional<http::Response> CheckInvocation(const http::Request& request, std::string_view request_id, State wanted);
  http::Response NextResponse();
  void ForgetPayload();
  http::Response Refuse(State wanted) const;

  RuntimeEvents* events_;
  StreamLimits stream_limits_;
  State state_ = State::Started;
  uint64_t generation_ = 0;  // of the runtime process: a request of an old one finds another number
  bool in_hand_ = false;
  bool delivered_ = false;
  // Who has been sent the invocation, and what became of it.
  enum class Delivery : unsigned char { Open, Read, Lost };
  Delivery delivery_ = Delivery::Open;
  std::string delivered_to_;
  std::shared_ptr<const std::string> large_payload_;
  Invocation invocation_;
  std::string request_id_;
  std::string invocation_id_;
  uint64_t invocation_count_ = 0;
  WallTime deadline_{};
  Strand strand_;
  Event work_;
  Event delivery_known_;
};

}  // namespace mayfly::runtime
