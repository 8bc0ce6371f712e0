#include "services/lambda/mapping_settling.h"

#include "base/log.h"
#include "catalog/tables.h"
#include "resources/edit.h"
#include "services/lambda/mapping_claims.h"

namespace mayfly::lambda {
namespace {

using catalog::EventSourceMapping;
namespace MappingState = catalog::MappingState;

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
  strand_.Check();
  const auto& mappings = tables_.event_source_mappings;
  const auto rows = mappings.ListIf("", "", mappings.size(), [](const auto& row) { return !row.value->is_settled(); });
  for (const auto& row : rows) Later(row.key);
}

void MappingSettling::Later(std::string key) {
  strand_.Check();
  background_.Spawn(Settle(std::move(key)));
}

Task<> MappingSettling::Stop() {
  strand_.Check();
  background_.Stop();
  co_await background_.Join();
}

Task<> MappingSettling::Settle(std::string key) {
  Context ctx(loop_);
  ctx.stop = background_.stop_token();
  if (!co_await Sleep(ctx, delay_)) co_return;
  const auto settle = [this](resources::Change& change, const std::shared_ptr<const EventSourceMapping>& current) -> Result<> {
    if (!current || current->is_settled()) return {};
    return StageSettled(change, tables_, current);
  };
  const auto settled = co_await resources::EditWith(ctx, tables_.event_source_mappings, key, settle);
  // The next start does it.
  if (!settled && settled.error().kind != Error::Kind::Cancelled) log::Error("settle event source mapping {}: {}", key, settled.error().ToString());
}

}  // namespace mayfly::lambda
