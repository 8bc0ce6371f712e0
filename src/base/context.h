// Context: what an operation carries on its way down: who asks, until when, and whether the caller is still there.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/loop.h"

namespace mayfly {

// Who the caller is, after authentication.
struct Principal {
  std::string account_id = "000000000000";
  std::string region = "us-east-1";
  std::string access_key_id;
  std::string arn;  // e.g. arn:aws:iam::000000000000:root
};

// Passed by reference as the first argument of every asynchronous call; it outlives the call. Belongs to one strand.
// Deadlines only shrink on the way down (WithDeadline).
struct Context {
  explicit Context(Loop& loop) : loop(&loop) {}

  Loop* loop;
  TimePoint deadline = TimePoint::max();
  std::stop_token stop;  // requested when the caller has gone
  std::string request_id;
  std::string trace_header;  // X-Amzn-Trace-Id as the caller sent it; may be empty
  Principal principal;

  Context WithDeadline(TimePoint until) const {
    Context child = *this;
    if (until < child.deadline) child.deadline = until;
    return child;
  }
  Context WithStop(std::stop_token token) const {
    Context child = *this;
    child.stop = std::move(token);
    return child;
  }
};

}  // namespace mayfly
