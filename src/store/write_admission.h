// WriteAdmission: the bound on work that waits for a writer. One strand.
#pragma once

#include <list>

#include "base/context.h"
#include "base/event.h"
#include "base/result.h"
#include "base/strand.h"
#include "base/task.h"

namespace mayfly::store {

// Room is given in order of arrival: a large request is not overtaken by small ones. A request that is larger than all the
// room enters alone. Outlives the tasks that wait in Enter(), or they are destroyed without being resumed.
class WriteAdmission {
 public:
  struct Limits {
    size_t bytes;
    size_t count;
  };
  WriteAdmission(Loop& loop, Limits limits) : loop_(&loop), limits_(limits) { MF_ASSERT(limits.bytes > 0 && limits.count > 0); }
  WriteAdmission(const WriteAdmission&) = delete;
  WriteAdmission& operator=(const WriteAdmission&) = delete;

  // Takes room for one request of `bytes`, to be given back by Leave(). Errors: Cancelled or DeadlineExceeded by ctx;
  // no room is held then.
  Task<Result<>> Enter(Context& ctx, size_t bytes);
  // Gives back the room of one request.
  void Leave(size_t bytes);

  size_t waiting() const { return line_.size(); }

 private:
  struct Ticket;
  bool Fits(size_t bytes) const {
    return count_ == 0 || (count_ < limits_.count && bytes_ <= limits_.bytes && bytes <= limits_.bytes - bytes_);
  }
  void Take(size_t bytes) {
    bytes_ += bytes;
    ++count_;
  }
  void AdmitNext();

  Strand strand_;
  Loop* loop_;
  Limits limits_;
  size_t bytes_ = 0;
  size_t count_ = 0;
  std::list<Ticket*> line_;
};

}  // namespace mayfly::store
