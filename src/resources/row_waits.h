// RowWaits: who waits for a row of one table: editors for their turn, and whoever met a change of it for that change to end.
//
// One per table, on its strand; outlives those who wait, or their tasks are destroyed without being resumed.
// Editors of one row take turns in the order in which they came. Bound: kLineMax of them wait per row; the next is refused.
#pragma once

#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/context.h"
#include "base/event.h"
#include "base/result.h"

namespace mayfly::resources {

class RowWaits {
 private:
  struct Place;
  struct Row {
    explicit Row(Loop& loop) : changed(loop) {}
    // To whoever has waited longest.
    void GiveTurn();

    int users = 0;
    bool is_taken = false;
    std::list<Place*> line;
    Event changed;
  };
  // Keeps what is known of a row while somebody uses it.
  class Hold {
   public:
    Hold(RowWaits& waits, Loop& loop, std::string_view key);
    Hold(Hold&& other) noexcept : waits_(std::exchange(other.waits_, nullptr)), row_(other.row_) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold();
    explicit operator bool() const { return waits_ != nullptr; }
    Row& row() const { return row_->second; }

   private:
    RowWaits* waits_;
    std::map<std::string, Row, std::less<>>::iterator row_;
  };

 public:
  static constexpr size_t kLineMax = 1000;

  RowWaits() = default;
  RowWaits(const RowWaits&) = delete;
  RowWaits& operator=(const RowWaits&) = delete;

  // The right to edit a row. The next editor's turn comes when this is destroyed.
  class Turn {
   public:
    Turn(Turn&& other) = default;
    ~Turn();

   private:
    friend class RowWaits;
    explicit Turn(Hold hold) : hold_(std::move(hold)) {}
    Hold hold_;
  };
  // Errors: Cancelled, DeadlineExceeded by ctx; Fault "TooManyEditors".
  Task<Result<Turn>> TakeTurn(Context& ctx, std::string key);

  // Until Pulse(key). Errors by ctx.
  Task<Result<>> Wait(Context& ctx, std::string key);
  // A change of the row has ended.
  void Pulse(std::string_view key);

  size_t size() const { return rows_.size(); }

 private:
  std::map<std::string, Row, std::less<>> rows_;
};

}  // namespace mayfly::resources
