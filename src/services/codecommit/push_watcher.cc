#include "services/codecommit/push_watcher.h"

#include "base/event.h"
#include "base/log.h"
#include "resources/edit.h"

namespace mayfly::codecommit {

void PushWatcher::Start() {
  if (!folder_.empty()) tasks_.Spawn(LookForEver());
}

Task<> PushWatcher::Stop() {
  tasks_.Stop();
  co_await tasks_.Join();
}

Task<std::optional<GitRefs>> PushWatcher::ReadIfThere(RepositoryName name) {
  if (folder_.empty()) co_return std::nullopt;
  co_return co_await parts_.files->Run(*parts_.loop, [path = PathOf(folder_, name)] { return ReadGitRefs(path); });
}

Task<GitRefs> PushWatcher::Read(RepositoryName name) {
  auto found = co_await ReadIfThere(std::move(name));
  co_return found ? std::move(*found) : GitRefs{};
}

Task<Result<>> PushWatcher::Know(Context& ctx, const RepositoryName& name, const Refs& refs) {
  const std::string key = name.Key();
  KnownRefsRow known{.refs = {refs.begin(), refs.end()}};
  const auto stage = [&](resources::Change& change, const auto&) { return change.Put(parts_.tables->known, key, known); };
  co_return co_await resources::EditWith(ctx, parts_.tables->known, key, stage);
}

Task<Result<>> PushWatcher::Look(Context& ctx, const RepositoryRow& repository) {
  const auto now = co_await ReadIfThere(repository.name);
  if (!now) co_return Result<>();
  const auto known = parts_.tables->known.Find(repository.name.Key());
  const Refs before = known ? Refs(known->refs.begin(), known->refs.end()) : Refs();
  const std::vector<RefChange> changes = ChangesBetween(before, now->refs);
  if (changes.empty()) co_return Result<>();
  std::vector<delivery::LaneItem> owed;
  for (const RepositoryTrigger& trigger : ReadTriggers(repository.triggers)) {
    std::vector<RefChange> wanted = WantedBy(trigger, changes);
    if (wanted.empty()) continue;
    const TriggerEvent event{.repository = repository, .trigger = trigger, .changes = std::move(wanted), .time = parts_.calendar->WallNow(), .name = "ReferenceChanges"};
    owed.push_back(delivery::ItemOf({.sender = std::string(kTriggerSender), .owner_arn = repository.name.Arn(),
                                     .delivery = MakeTriggerDelivery(event, parts_.random->Uuid()), .attempts = 0, .accepted_at = parts_.lanes->Time()}));
  }
  MF_CO_TRY_VOID(co_await parts_.lanes->AppendAll(ctx, std::move(owed)));
  co_return co_await Know(ctx, repository.name, now->refs);
}

Task<> PushWatcher::LookForEver() {
  Context ctx(*parts_.loop);
  ctx.stop = tasks_.stop_token();
  while (co_await Sleep(ctx, kLookEvery)) {
    for (const auto& row : parts_.tables->repositories.List("", "", SIZE_MAX)) {
      if (row.value->triggers.empty() || ctx.stop.stop_requested()) continue;
      const auto looked = co_await Look(ctx, *row.value);
      if (!looked && parts_.tables->repositories.Find(row.key)) log::Warning("pushes to {} are told of later: {}", row.value->name.Arn(), looked.error().ToString());
    }
  }
}

}  // namespace mayfly::codecommit
