#include "services/lambda/settling.h"

#include <optional>

#include "base/log.h"
#include "catalog/function_catalog.h"
#include "services/lambda/function_images.h"
#include "services/lambda/revisions.h"

namespace mayfly::lambda {

void Settling::Recover() {
  strand_.Check();
  for (const std::string& row_key : parts_.catalog.unsettled()) background_.Spawn(Settle(row_key, {}, Rest::No));
}

void Settling::Later(const catalog::Function& function) {
  strand_.Check();
  MF_ASSERT(!function.is_settled());
  const Rest rest = parts_.delay == Duration::zero() ? Rest::Yes : Rest::No;
  background_.Spawn(Settle(catalog::RowKey(function), function.content_id, rest));
}

Task<> Settling::Look(Context& ctx, catalog::FunctionPointer& function) {
  strand_.Check();
  if (function->is_settled()) co_return;
  const std::string row_key = catalog::RowKey(*function);
  const auto found = resting_.find(row_key);
  if (found == resting_.end()) co_return;  // it has work to do
  const std::shared_ptr<Resting> resting = found->second;
  resting->seen.Set();
  if (!co_await resting->over.Wait(ctx)) co_return;
  if (catalog::FunctionPointer now = parts_.catalog.FindRow(row_key)) function = std::move(now);
}

Task<> Settling::Stop() {
  strand_.Check();
  background_.Stop();
  co_await background_.Join();
}

// Where Look finds a resting change, for as long as this lives.
class Settling::Place {
 public:
  Place(Settling& owner, std::string row_key)
      : owner_(&owner), row_key_(std::move(row_key)), resting_(std::make_shared<Resting>(owner.parts_.loop)) {
    owner_->resting_.insert_or_assign(row_key_, resting_);
  }
  ~Place() {
    const auto found = owner_->resting_.find(row_key_);
    if (found != owner_->resting_.end() && found->second == resting_) owner_->resting_.erase(found);
    resting_->over.Set();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  // Until somebody has looked, or it is late enough. False: the daemon ends.
  Task<bool> UntilSeen(Context& ctx, TimePoint until) {
    Context waiting = ctx.WithDeadline(until);
    const auto seen = co_await resting_->seen.Wait(waiting);
    co_return seen || !ctx.stop.stop_requested();
  }

 private:
  Settling* owner_;
  std::string row_key_;
  std::shared_ptr<Resting> resting_;
};

Task<> Settling::Settle(std::string row_key, std::string content_id, Rest rest) {
  Context ctx(parts_.loop);
  ctx.stop = background_.stop_token();
  const TimePoint rest_until = parts_.loop.Now() + kRest;
  std::optional<Place> place;
  if (!co_await Sleep(ctx, parts_.delay)) co_return;
  for (;;) {
    const catalog::FunctionPointer current = parts_.catalog.FindRow(row_key);
    if (!current || current->is_settled()) co_return;
    if (!content_id.empty() && current->content_id != content_id) co_return;  // another function of that name: its own change settles it
    FunctionImages::Brought image;
    if (current->image) {
      auto brought = co_await parts_.images.Bring(ctx, current);
      if (!brought) co_return;  // the daemon ends: the next one brings it
      image = std::move(*brought);
    }
    if (rest == Rest::Yes) {
      rest = Rest::No;
      place.emplace(*this, row_key);
      if (!co_await place->UntilSeen(ctx, rest_until)) co_return;
      if (parts_.catalog.FindRow(row_key) != current) continue;  // its tags have changed, or it has gone
    }
    catalog::Function next = *current;
    image.failure ? parts_.revisions.MarkFailed(next, *image.failure) : parts_.revisions.MarkSettled(next);
    auto settled = co_await parts_.catalog.Replace(ctx, current, std::move(next));
    if (settled) co_return;
    // A conflict is another change on its way (of tags, the policy, a delete). Otherwise the store failed: the next start settles it.
    if (settled.error().kind == Error::Kind::Fault) co_return log::Error("settle {}: {}", row_key, settled.error().ToString());
    if (!co_await parts_.catalog.WaitUntilFree(ctx, row_key)) co_return;
  }
}

}  // namespace mayfly::lambda
