// StartQueue: how many execution environments may be starting at once, and whose turn it is.
//
// Starting takes the machine's processors: a thousand starts at once would only make each other late, up to Init's limit. So
// there are some places, and functions that wait for one get it in turns, whatever the number that each of them wants.
// A place is left when Init has ended, or when it used no CPU to speak of in four looks, `look_every` apart: one that waits for something else must
// not stop the others; one that works keeps its place, since more of them would only reach Init's limit together.
// Used by EnvironmentManager, on its strand. Bounded by the callers: one waiter for each invocation that was admitted.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/event.h"
#include "base/strand.h"

namespace mayfly::runtime {

class StartQueue {
 public:
  struct Options {
    int places = 16;
    Duration look_every = std::chrono::milliseconds(50);
  };
  StartQueue(Loop& loop, Options options) : loop_(&loop), options_(options), free_(options.places) {}
  StartQueue(const StartQueue&) = delete;
  StartQueue& operator=(const StartQueue&) = delete;

  // Left when destroyed.
  class Place {
   public:
    explicit Place(StartQueue& queue);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    // Tells how much CPU time the start has used so far; there is no looking before. It must stay callable while the place exists.
    void SetMeter(std::function<Duration()> meter) { meter_ = std::move(meter); }

   private:
    void Wait();
    void Check();
    void Leave();
    StartQueue* queue_;
    Loop::TimerId timer_ = 0;
    std::function<Duration()> meter_;
    Duration used_{};
    int idle_looks_ = 0;
  };
  // Waits for a place. `function`: who is to have turns of its own. Errors: DeadlineExceeded, Cancelled.
  Task<Result<std::unique_ptr<Place>>> Take(Context& ctx, const std::string& function);
  size_t waiting() const { return waiting_; }

 private:
  struct Waiter;
  using Line = std::list<Waiter*>;
  void Free();
  void Leave(Waiter& waiter);

  Strand strand_;
  Loop* loop_;
  Options options_;
  int free_;
  size_t waiting_ = 0;
  std::unordered_map<std::string, Line> lines_;  // by function; none is empty
  std::list<std::string> turns_;                 // functions that wait, the next one first
};

}  // namespace mayfly::runtime
