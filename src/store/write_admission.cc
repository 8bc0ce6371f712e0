#include "store/write_admission.h"

namespace mayfly::store {

// Lives in the frame of the waiting task, which may be destroyed at any time: then it leaves the line, or gives back the
// room that it was given and never used.
struct WriteAdmission::Ticket {
  Ticket(WriteAdmission& admission, size_t bytes) : admission(admission), bytes(bytes), admitted(*admission.loop_) {
    position = admission.line_.insert(admission.line_.end(), this);
  }
  ~Ticket() {
    if (kept) return;
    if (admitted.IsSet()) {
      admission.Leave(bytes);
    } else {
      admission.line_.erase(position);
      admission.AdmitNext();
    }
  }

  WriteAdmission& admission;
  size_t bytes;
  Event admitted;
  std::list<Ticket*>::iterator position;
  bool kept = false;
};

Task<Result<>> WriteAdmission::Enter(Context& ctx, size_t bytes) {
  strand_.Check();
  if (line_.empty() && Fits(bytes)) {
    Take(bytes);
    co_return Result<>();
  }
  Ticket ticket(*this, bytes);
  auto waited = co_await ticket.admitted.Wait(ctx);
  if (!waited) co_return waited;
  MF_ASSERT(count_ > 0 && bytes_ >= bytes);  // given by AdmitNext
  ticket.kept = true;
  co_return Result<>();
}

void WriteAdmission::Leave(size_t bytes) {
  strand_.Check();
  MF_ASSERT(count_ > 0 && bytes_ >= bytes);
  bytes_ -= bytes;
  --count_;
  MF_ASSERT(count_ > 0 || bytes_ == 0);
  AdmitNext();
}

void WriteAdmission::AdmitNext() {
  while (!line_.empty() && Fits(line_.front()->bytes)) {
    Ticket& next = *line_.front();
    MF_ASSERT(&next.admission == this && !next.admitted.IsSet());
    line_.pop_front();
    Take(next.bytes);
    next.admitted.Set();
  }
}

}  // namespace mayfly::store
