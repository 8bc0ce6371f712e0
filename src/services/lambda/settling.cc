#include "services/lambda/settling.h"

#include "base/log.h"
#include "catalog/function_catalog.h"
#include "services/lambda/function_images.h"
#include "services/lambda/revisions.h"

namespace mayfly::lambda {

void Settling::Recover() {
  strand_.Check();
  for (const std::string& row_key : parts_.catalog.unsettled()) background_.Spawn(Settle(row_key));
}

void Settling::Later(const catalog::Function& function) {
  strand_.Check();
  MF_ASSERT(!function.is_settled());
  background_.Spawn(Settle(catalog::RowKey(function)));
}

Task<> Settling::Stop() {
  strand_.Check();
  background_.Stop();
  co_await background_.Join();
}

Task<> Settling::Settle(std::string row_key) {
  Context ctx(parts_.loop);
  ctx.stop = background_.stop_token();
  if (!co_await Sleep(ctx, parts_.delay)) co_return;
  for (;;) {
    const catalog::FunctionPointer current = parts_.catalog.FindRow(row_key);
    if (!current || current->is_settled()) co_return;
    FunctionImages::Brought image;
    if (current->image) {
      auto brought = co_await parts_.images.Bring(ctx, current);
      if (!brought) co_return;  // the daemon ends: the next one brings it
      image = std::move(*brought);
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
