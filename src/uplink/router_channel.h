// RouterChannel: what is asked of mayfly-router, which works it off in order, and its answers.
//
// One per daemon with a router, on its strand. What is asked takes effect in the order of Ask() and Tell(), whoever waits for what.
// Bound: kAskedMax at once; a router that does not answer for kPatience counts as one that refuses.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/event.h"
#include "base/real_loop.h"
#include "base/task_scope.h"
#include "net/polled_descriptor.h"
#include "sandbox/router_protocol.h"

namespace mayfly::uplink {

struct RouterQuestion {
  sandbox::RouterOperation operation{};
  uint32_t profile = 0;
  uint32_t address = 0;
};

struct RouterAnswer {
  int error = 0;     // an errno
  std::string text;  // of CountRefusals
};

class RouterChannel {
 public:
  static constexpr size_t kAskedMax = 65536;
  static constexpr Duration kPatience = std::chrono::seconds(20);

  RouterChannel(RealLoop& loop, UniqueFd control);
  // Called once, when the router has died before Stop().
  void OnDeath(std::function<void()> callback) { on_death_ = std::move(callback); }
  Task<> Stop();

  // Asks now; AnswerTo() takes the answer, once. `file`: what goes with it.
  uint32_t Ask(const RouterQuestion& question, UniqueFd file = {});
  // Errors: EPIPE, the router is dead; ETIMEDOUT; EAGAIN, kAskedMax.
  Task<RouterAnswer> AnswerTo(uint32_t sequence);
  // Nobody waits for the answer: a refusal is logged.
  void Tell(const RouterQuestion& question);

 private:
  struct Asked {
    sandbox::RouterRequest request{};
    UniqueFd file;
  };
  Task<> WriteQuestions();
  Task<> ReadAnswers();
  void Die();
  // 0 or an errno.
  int Queue(uint32_t sequence, const RouterQuestion& question, UniqueFd file);

  RealLoop* loop_;
  PolledDescriptor control_;
  std::function<void()> on_death_;
  bool is_dead_ = false;
  bool stopping_ = false;
  uint32_t asked_ = 0;
  std::deque<Asked> queue_;
  std::map<uint32_t, std::optional<RouterAnswer>> waited_for_;  // by sequence
  Event queued_;
  Event answered_;
  TaskScope tasks_;
};

// A file of these bytes, in memory. Empty, with errno, when there is none.
UniqueFd FileOf(std::string_view bytes);

}  // namespace mayfly::uplink
