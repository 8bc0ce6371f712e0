#include "services/lambda/mapping_settling.h"

#include "base/log.h"
#include "catalog/tables.h"
#include "services/lambda/mapping_claims.h"

namespace mayfly::lambda {
namespace {

using catalog::EventSourceMapping;
namespace MappingState = catalog::MappingState;

constexpr Duration kRetryAfter = std::chrono::milliseconds(20);

// Where `current` is on its way to.
Result<> StageSettled(resources::Change& change, catalog::Tables& tables, const std::shared_ptr<const EventSourceMapping>& current) {
  MF_ASSERT(!current->is_settled());
  if (current->state == MappingState::Deleting) {
    MF_TRY_VOID(ReleaseSource(change, tables, *current));
    return change.Delete(tables.event_source_mappings, current->Key(), current);
  }
  EventSourceMapping next = *current;
  next.state = next.enabled ? MappingState::Enabled : MappingState::Disabled;
  MF_ASSERT(next.is_settled());
  return change.Replace(tables.event_source_mappings, current->Key(), current, std::move(next));
}

}  // namespace

void MappingSettling::Recover() {
  const auto& mappings = tables_.event_source_mappings;
  const auto rows = mappings.ListIf("", "", mappings.size(), [](const auto& row) { return !row.value->is_settled(); });
  for (const auto& row : rows) Later(row.key);
}

Task<> MappingSettling::Stop() {
  background_.Stop();
  co_await background_.Join();
}

Task<> MappingSettling::Settle(std::string key) {
  Context ctx(loop_);
  ctx.stop = background_.stop_token();
  for (Duration wait = delay_;; wait = kRetryAfter) {
    if (!co_await Sleep(ctx, wait)) co_return;
    const auto current = tables_.event_source_mappings.Find(key);
    if (!current || current->is_settled()) co_return;
    resources::Change change(tables_.all);
    Result<> settled = StageSettled(change, tables_, current);
    if (settled) settled = co_await change.Commit(ctx);
    if (settled) co_return;
    if (settled.error().kind == Error::Kind::Service) continue;  // another change (of tags) is on its way
    if (settled.error().kind == Error::Kind::Fault) log::Error("settle event source mapping {}: {}", key, settled.error().ToString());
    co_return;  // the next start does it
  }
}

}  // namespace mayfly::lambda
