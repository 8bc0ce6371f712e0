// Changing one queue's row when others may be changing it, too. Private to the API's files.
#pragma once

#include "services/sqs/sqs_api.h"

namespace mayfly::sqs {

inline constexpr int kUpdateAttemptsMax = 200;
inline constexpr Duration kUpdatePause = std::chrono::milliseconds(2);

template <typename Edit>
Task<Result<>> SqsApi::Update(Context& ctx, std::string queue_url, Edit edit) {
  for (int attempt = 1;; ++attempt) {
    MF_CO_TRY(const QueuePointer queue, FindQueue(ctx, queue_url));
    Queue changed = *queue;
    MF_CO_TRY_VOID(edit(changed));
    auto replaced = co_await parts_.queues->Replace(ctx, queue, std::move(changed));
    if (replaced || !replaced.error().IsService("ResourceConflictException") || attempt >= kUpdateAttemptsMax) co_return replaced;
    MF_CO_TRY_VOID(co_await Sleep(ctx, kUpdatePause));
  }
}

}  // namespace mayfly::sqs
