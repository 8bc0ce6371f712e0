#include "services/kms/key_runner.h"

#include <algorithm>

#include "base/log.h"
#include "resources/edit.h"

namespace mayfly::kms {
namespace {

constexpr int64_t kDayInMillis = 86'400'000;
constexpr std::chrono::minutes kTryAgain{1};  // after a fault of the store

bool IsPending(const KeyRow& key) { return key.state == "PendingDeletion"; }

}  // namespace

KeyRunner::KeyRunner(Loop& calendar, KeyTables& tables, KeyVault& vault)
    : calendar_(&calendar), tables_(&tables), vault_(&vault), due_(calendar, [this](const std::string& key, WallTime) { tasks_.Spawn(Run(key)); }), tasks_(calendar) {
  tables.keys.OnChange([this](const std::string& key, const auto&, const auto& row) { Follow(key, row.get()); });
}

void KeyRunner::Start() {
  is_running_ = true;
  for (const auto& row : tables_->keys.List("", "", SIZE_MAX)) Follow(row.key, row.value.get());
  due_.Start();
}

Task<> KeyRunner::Stop() {
  is_running_ = false;
  due_.Stop();
  tasks_.Stop();
  co_await tasks_.Join();
}

void KeyRunner::Follow(const std::string& key, const KeyRow* row) {
  due_.Forget(key);
  if (!is_running_ || !row) return;
  const int64_t due = IsPending(*row) ? row->deletion_millis : row->next_rotation_millis;
  if (due > 0) due_.Plan(key, WallTime(std::chrono::milliseconds(due)));
}

Task<> KeyRunner::Run(std::string key) {
  const KeyPointer row = tables_->keys.Find(key);
  if (!row) co_return;
  Context ctx(*calendar_);
  ctx.stop = tasks_.stop_token();
  const auto done = IsPending(*row) ? co_await Delete(ctx, key) : co_await Rotate(ctx, key);
  if (done || !is_running_ || !tables_->keys.Find(key)) co_return;
  log::Error("key {} has not been changed in time and will be tried again: {}", row->name.Arn(), done.error().ToString());
  due_.Plan(key, calendar_->WallNow() + kTryAgain);
}

Task<Result<>> KeyRunner::Delete(Context& ctx, std::string key) {
  co_return co_await resources::EditWith(ctx, tables_->keys, key, [&](resources::Change& change, const KeyPointer& row) -> Result<> {
    if (!row || !IsPending(*row) || row->deletion_millis > vault_->NowMillis()) return {};
    for (const auto& alias : tables_->aliases.ListIf(row->name.Place(), "", SIZE_MAX, [&](const auto& one) { return one.value->target_id == row->name.id; })) {
      MF_TRY_VOID(change.Delete(tables_->aliases, alias.key, alias.value));
    }
    return change.Delete(tables_->keys, key, row);
  });
}

// One rotation for all that were missed.
Task<Result<>> KeyRunner::Rotate(Context& ctx, std::string key) {
  co_return co_await resources::Edit(ctx, tables_->keys, key, [&](KeyRow& row) -> Result<> {
    const int64_t now = vault_->NowMillis();
    if (row.rotation_days == 0 || row.next_rotation_millis > now || IsPending(row)) return {};
    if (row.state == "Enabled") row.materials.push_back(vault_->Keep(row.name, MakeMaterial(*FindSpec(row.spec)), RotationKind::Automatic));
    row.next_rotation_millis = now + row.rotation_days * kDayInMillis;
    return {};
  });
}

}  // namespace mayfly::kms
