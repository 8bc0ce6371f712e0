// What both stores do with a batch before it is accepted.
#pragma once

#include "store/store.h"

namespace mayfly::store {

// Error: a Fault with code "InvalidBatch" that names the limit.
Result<> ValidateBatch(const Batch& batch);
// What the batch counts for in kWaitingBytesMax.
size_t BatchBytes(const Batch& batch);
bool IsPrecondition(Batch::Step::Kind kind);
bool ChangesRows(Batch::Step::Kind kind);
bool ChangesRows(const Batch& batch);
Error PreconditionFailed(const Batch::Step& step);
bool IsPreconditionFailed(const Error& error);
// Of a batch that has been applied, deletions that found no row: what stays has changed something.
void ForgetVainDeletes(Batch& batch);
// In place of a DeleteUnder that has been applied: the rows that it found.
Batch::Step DeletedUnder(const Batch::Step& step, std::string key);
// The first key after all keys that start with `prefix`; "" when there is none (the prefix is empty or all 0xff).
std::string EndOfPrefix(std::string_view prefix);
// `now` + `lease`, or the last instant that fits.
WallTime LeaseEnd(WallTime now, Duration lease);
// Of a batch that has been committed, in the order of its steps.
std::vector<int64_t> AppendedIds(const Batch& batch);
std::vector<Committed::Repeated> RepeatedAppends(const Batch& batch);

// What the batch, committed as `version`, has changed, by table, each table once.
std::vector<std::pair<std::string, RowChanges>> ChangesOf(const Batch& batch, int64_t version);

}  // namespace mayfly::store
