// What both stores do with a batch before it is accepted.
#pragma once

#include "store/store.h"

namespace mayfly::store {

inline constexpr size_t kNameBytesMax = 512;
inline constexpr size_t kKeyBytesMax = 2'048;
inline constexpr size_t kValueBytesMax = 64u << 20;

// Error: a Fault with code "InvalidBatch" that names the limit.
Result<> ValidateBatch(const Batch& batch);
// What the batch counts for in kWaitingBytesMax.
size_t BatchBytes(const Batch& batch);
bool IsPrecondition(Batch::Step::Kind kind);
Error PreconditionFailed(const Batch::Step& step);
bool IsPreconditionFailed(const Error& error);
// Of a batch that has been applied, deletions that found no row: what stays has changed something.
void ForgetVainDeletes(Batch& batch);
// The first key after all keys that start with `prefix`; "" when there is none (the prefix is empty or all 0xff).
std::string EndOfPrefix(std::string_view prefix);
// `now` + `lease`, or the last instant that fits.
WallTime LeaseEnd(WallTime now, Duration lease);
// Of a batch that has been committed, in the order of its steps.
std::vector<int64_t> AppendedIds(const Batch& batch);

// The changed keys of the batch by table, each table once.
std::vector<std::pair<std::string, std::vector<std::string>>> ChangedKeys(const Batch& batch);

}  // namespace mayfly::store
