#include "resources/row_waits.h"

namespace mayfly::resources {

// In the frame of an editor that waits. The frame may be destroyed at any time: then it leaves the line, or passes on the turn
// that it was given and never used.
struct RowWaits::Place {
  Place(Row& row, Loop& loop) : row(row), given(loop), position(row.line.insert(row.line.end(), this)) {}
  ~Place() {
    if (used) return;
    if (given.IsSet()) row.GiveTurn();
    else row.line.erase(position);
  }

  Row& row;
  Event given;
  std::list<Place*>::iterator position;
  bool used = false;
};

void RowWaits::Row::GiveTurn() {
  MF_ASSERT(is_taken);
  is_taken = !line.empty();
  if (!is_taken) return;
  Place& next = *line.front();
  line.pop_front();
  next.given.Set();
}

RowWaits::Hold::Hold(RowWaits& waits, Loop& loop, std::string_view key) : waits_(&waits) {
  row_ = waits.rows_.find(key);
  if (row_ == waits.rows_.end()) row_ = waits.rows_.try_emplace(std::string(key), loop).first;
  ++row().users;
}

RowWaits::Hold::~Hold() {
  if (waits_ && --row().users == 0) waits_->rows_.erase(row_);
}

RowWaits::Turn::~Turn() {
  if (hold_) hold_.row().GiveTurn();
}

Task<Result<RowWaits::Turn>> RowWaits::TakeTurn(Context& ctx, std::string key) {
  Hold hold(*this, *ctx.loop, key);
  Row& row = hold.row();
  if (!row.is_taken) {
    MF_ASSERT(row.line.empty());
    row.is_taken = true;
    co_return Turn(std::move(hold));
  }
  if (row.line.size() >= kLineMax) {
    Error error = Error::Fault("too many wait for their turn to edit " + key);
    error.code = "TooManyEditors";
    co_return Fail(std::move(error));
  }
  Place place(row, *ctx.loop);
  MF_CO_TRY_VOID(co_await place.given.Wait(ctx));
  place.used = true;
  co_return Turn(std::move(hold));
}

Task<Result<>> RowWaits::Wait(Context& ctx, std::string key) {
  const Hold hold(*this, *ctx.loop, key);
  co_return co_await hold.row().changed.Wait(ctx);
}

void RowWaits::Pulse(std::string_view key) {
  if (const auto row = rows_.find(key); row != rows_.end()) row->second.changed.Pulse();
}

}  // namespace mayfly::resources
