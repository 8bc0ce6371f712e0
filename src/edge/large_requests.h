// LargeRequests: how many large bodies are held in memory at once; the others wait for a place.
//
// One per kind of caller, on the edge's strand. A Place is held from before a body is read until its request has been answered, so
// that uploads cannot take the machine's memory.
#pragma once

#include <utility>

#include "base/event.h"
#include "base/strand.h"

namespace mayfly::edge {

class LargeRequests {
 public:
  LargeRequests(Loop& loop, int places) : left_(places), ended_(loop) {}

  // Gives itself back. Must not outlive its LargeRequests.
  class Place {
   public:
    explicit Place(LargeRequests& all) : all_(&all) { --all.left_; }
    Place(Place&& other) noexcept : all_(std::exchange(other.all_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (!all_) return;
      ++all_->left_;
      all_->ended_.Pulse();
    }

   private:
    LargeRequests* all_;
  };

  // Waits for a place. Errors: Cancelled, DeadlineExceeded.
  Task<Result<Place>> Take(Context& ctx) {
    strand_.Check();
    while (left_ <= 0) MF_CO_TRY_VOID(co_await ended_.Wait(ctx));
    co_return Place(*this);
  }

 private:
  Strand strand_;
  int left_;
  Event ended_;
};

}  // namespace mayfly::edge
