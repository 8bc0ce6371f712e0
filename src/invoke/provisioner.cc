#include "invoke/provisioner.h"

#include <algorithm>

#include "base/log.h"

namespace mayfly::invoke {
namespace {

constexpr int kMakingAtOnceMax = 32;  // of one version or alias; EnvironmentManager has its own bound on starts

// AWS knows one reason; what the machine cannot hold is ours.
std::string StatusReason(const Error& error) {
  if (error.code == "InitFailed") return "FUNCTION_ERROR_INIT_FAILURE";
  if (error.code == "NoMemory" || error.code == "NoCage") return "MACHINE_CAPACITY_EXCEEDED: " + error.message;
  return "INTERNAL_ERROR";
}

}  // namespace

// What one version or alias has and is to have.
struct Provisioner::Entry {
  catalog::SettingOwner owner;
  int requested = 0;
  PoolPointer current;
  std::string current_version;   // environment key
  PoolPointer previous;          // of the version that the alias pointed to before; until `current` is there
  std::string previous_version;
  bool making_spec = false;
  bool renewing = false;
  bool settled = false;          // there have been enough since the last change
  int failures = 0;              // in a row
  std::string failure;           // "" while nothing is wrong
  Loop::TimerId retry = 0;       // set: nothing is made until then
};

Provisioner::Provisioner(Loop& loop, catalog::Tables& tables, catalog::FunctionCatalog& catalog, runtime::EnvironmentManager& environments,
                         ProvisionerOptions options)
    : loop_(&loop), tables_(&tables), catalog_(&catalog), environments_(&environments), options_(std::move(options)), tasks_(std::make_unique<TaskScope>(loop)) {
  tables.provisioned_concurrency.OnChange([this](const std::string& key, const auto&, const auto&) { Reconcile(key); });
  tables.aliases.OnChange([this](const std::string& key, const auto&, const auto&) { Reconcile(key); });  // keys are alike
  catalog.OnChange([this](const auto& old_state, const auto& new_state) { ReconcileFunction((new_state ? new_state : old_state)->name); });
  environments.OnProvisionedLoss([this](const std::string& pool_key) {
    if (const auto owner = owners_.find(pool_key); owner != owners_.end()) Reconcile(std::string(owner->second));
  });
}

Provisioner::~Provisioner() {
  environments_->OnProvisionedLoss({});
  loop_->CancelTimer(renew_timer_);
  for (auto& [key, entry] : entries_) loop_->CancelTimer(entry.retry);
}

void Provisioner::Open() {
  strand_.Check();
  open_ = true;
  std::vector<std::string> keys;
  tables_->provisioned_concurrency.ListIf("", "", SIZE_MAX, [&](const auto& row) {
    keys.push_back(row.key);
    return false;  // looked at, not kept
  });
  for (const std::string& key : keys) Reconcile(key);
}

void Provisioner::Stop() {
  strand_.Check();
  open_ = false;
  tasks_ = nullptr;
  for (auto& [key, entry] : entries_) loop_->CancelTimer(std::exchange(entry.retry, 0));
}

catalog::FunctionPointer Provisioner::VersionOf(const catalog::SettingOwner& owner) const {
  if (const catalog::AliasPointer alias = catalog_->FindAlias(owner.function, owner.qualifier)) {
    return catalog_->FindVersion(owner.function, alias->function_version);
  }
  return catalog_->FindVersion(owner.function, owner.qualifier);
}

// --- from what is asked for to what is there ---------------------------------------------------------------------------

void Provisioner::ReconcileFunction(const catalog::FunctionName& function) {
  const std::string prefix = function.Key() + '/';
  std::vector<std::string> keys;
  for (auto entry = entries_.lower_bound(prefix); entry != entries_.end() && entry->first.starts_with(prefix); ++entry) keys.push_back(entry->first);
  for (const std::string& key : keys) Reconcile(key);
}

void Provisioner::Reconcile(const std::string& owner_key) {
  if (!open_) return;
  const auto config = tables_->provisioned_concurrency.Find(owner_key);
  if (!config) return Drop(owner_key);
  Entry& entry = entries_[owner_key];
  entry.owner = config->owner;
  if (entry.requested != config->requested) {
    entry.requested = config->requested;
    entry.settled = false;
    loop_->CancelTimer(std::exchange(entry.retry, 0));
    entry.failure.clear();
    if (entry.current) environments_->KeepProvisioned(entry.current->key, entry.requested);
  }
  if (!renew_timer_) renew_timer_ = loop_->CallAfter(options_.renew_check, [this] { RenewOld(); });
  const catalog::FunctionPointer version = VersionOf(entry.owner);
  if (!version || version->state == "Pending") return;  // another change is on its way, and will be heard of
  Follow(entry, *version);
  if (entry.current->spec) return Fill(entry);
  if (std::exchange(entry.making_spec, true) || entry.retry) return;
  tasks_->Spawn(MakeSpec(owner_key, entry.current, version));
}

// The pool of the version that is provisioned now.
void Provisioner::Follow(Entry& entry, const catalog::Function& version) {
  if (entry.current && entry.current_version == version.environment_key) return;
  const bool goes_back = entry.previous && entry.previous_version == version.environment_key;
  if (entry.previous && !goes_back) Retire(std::exchange(entry.previous, nullptr));
  std::swap(entry.previous, entry.current);
  entry.previous_version = std::exchange(entry.current_version, version.environment_key);
  if (!goes_back) {
    entry.current = std::make_shared<Pool>(Pool{.key = version.environment_key + "+provisioned:" + entry.owner.qualifier});
    by_version_[version.environment_key].push_back(entry.current);
    owners_[entry.current->key] = entry.owner.Key();
  }
  MF_ASSERT(entry.current && entry.current != entry.previous);
  entry.failures = 0;
  entry.making_spec = entry.settled = false;
  entry.failure.clear();
  loop_->CancelTimer(std::exchange(entry.retry, 0));
  environments_->KeepProvisioned(entry.current->key, entry.requested);
}

void Provisioner::Fill(Entry& entry) {
  MF_ASSERT(entry.current && entry.current->spec);
  const int ready = environments_->CountProvisioned(entry.current->key).ready;
  if (ready >= entry.requested) return Settle(entry);
  if (entry.retry) return;
  const std::string owner_key = entry.owner.Key();
  const PoolPointer pool = entry.current;
  int missing = std::min(entry.requested - ready - pool->making, kMakingAtOnceMax - pool->making);
  while (missing-- > 0) {
    ++pool->making;
    tasks_->Spawn(MakeOne(owner_key, pool));
  }
}

void Provisioner::Settle(Entry& entry) {
  MF_ASSERT(entry.current != nullptr);
  entry.settled = true;
  entry.failures = 0;
  entry.failure.clear();
  if (entry.previous) Retire(std::exchange(entry.previous, nullptr));
}

Provisioner::Entry* Provisioner::FindEntry(const std::string& owner_key, const PoolPointer& pool) {
  const auto found = entries_.find(owner_key);
  return found != entries_.end() && found->second.current == pool ? &found->second : nullptr;
}

Task<> Provisioner::MakeSpec(std::string owner_key, PoolPointer pool, catalog::FunctionPointer version) {
  auto spec = co_await options_.make_spec(version);
  Entry* entry = FindEntry(owner_key, pool);
  if (!entry) co_return;
  entry->making_spec = false;
  if (!spec) co_return Suspend(*entry, spec.error());
  pool->spec = std::move(*spec);
  Reconcile(owner_key);
}

Task<> Provisioner::MakeOne(std::string owner_key, PoolPointer pool) {
  Context ctx(*loop_);
  auto made = co_await environments_->Provision(ctx, pool->key, pool->spec);
  MF_ASSERT(pool->making > 0 && pool->making <= kMakingAtOnceMax);
  --pool->making;
  Entry* entry = FindEntry(owner_key, pool);
  if (!entry) co_return;
  if (!made) Suspend(*entry, made.error());
  Reconcile(owner_key);
}

// Something could not be made: a pause, so that a function that cannot start does not keep the machine busy.
void Provisioner::Suspend(Entry& entry, const Error& error) {
  entry.failure = StatusReason(error);
  entry.settled = false;
  if (entry.retry) return;  // others that were under way failed too
  log::Info("provisioned concurrency of {}: {}", entry.owner.Arn(), error.ToString());
  if (entry.previous) Retire(std::exchange(entry.previous, nullptr));
  const Duration pause = std::min(options_.retry_after * (int64_t{1} << std::min(entry.failures++, 20)), options_.retry_after_max);
  entry.retry = loop_->CallAfter(pause, [this, key = entry.owner.Key()] {
    entries_[key].retry = 0;
    Reconcile(key);
  });
}

void Provisioner::Drop(const std::string& owner_key) {
  const auto found = entries_.find(owner_key);
  if (found == entries_.end()) return;
  Entry entry = std::move(found->second);
  entries_.erase(found);
  loop_->CancelTimer(entry.retry);
  for (PoolPointer& pool : {std::ref(entry.previous), std::ref(entry.current)}) {
    if (pool) Retire(std::move(pool));
  }
}

void Provisioner::Retire(PoolPointer pool) {
  MF_ASSERT(pool != nullptr);
  owners_.erase(pool->key);
  for (auto version = by_version_.begin(); version != by_version_.end(); ++version) {
    if (std::erase(version->second, pool) == 0) continue;
    if (version->second.empty()) by_version_.erase(version);
    break;
  }
  environments_->Retire(pool->key);
}

// --- environments end before their credentials do ------------------------------------------------------------------------

void Provisioner::RenewOld() {
  renew_timer_ = 0;
  for (auto& [key, entry] : entries_) {
    if (!entry.current || !entry.current->spec || entry.renewing || entry.retry) continue;
    if (!environments_->HasOldProvisioned(entry.current->key)) continue;
    entry.renewing = true;
    tasks_->Spawn(Renew(key, entry.current));
  }
  if (!entries_.empty() && open_) renew_timer_ = loop_->CallAfter(options_.renew_check, [this] { RenewOld(); });
}

// One after the other: the new one is there before the old one goes.
Task<> Provisioner::Renew(std::string owner_key, PoolPointer pool) {
  Context ctx(*loop_);
  while (Entry* entry = FindEntry(owner_key, pool)) {
    if (!environments_->HasOldProvisioned(pool->key)) break;
    environments_->KeepProvisioned(pool->key, entry->requested + 1);
    auto made = co_await environments_->Provision(ctx, pool->key, pool->spec);
    entry = FindEntry(owner_key, pool);
    if (!entry) co_return;
    environments_->KeepProvisioned(pool->key, entry->requested);
    if (!made) {
      log::Warning("renew provisioned concurrency of {}: {}", entry->owner.Arn(), made.error().ToString());
      break;  // the next check tries again
    }
  }
  if (Entry* entry = FindEntry(owner_key, pool)) entry->renewing = false;
}

// --- what others ask -----------------------------------------------------------------------------------------------------

const Provisioner::Pool* Provisioner::FindIdle(const catalog::Function& function) const {
  strand_.Check();
  if (by_version_.empty()) return nullptr;
  const auto pools = by_version_.find(function.environment_key);
  if (pools == by_version_.end()) return nullptr;
  for (const PoolPointer& pool : pools->second) {
    if (pool->spec && environments_->HasIdleProvisioned(pool->key)) return pool.get();
  }
  return nullptr;
}

Provisioner::State Provisioner::StateOf(const catalog::SettingOwner& owner) const {
  strand_.Check();
  State state;
  const auto found = entries_.find(owner.Key());
  if (found == entries_.end()) return state;
  const Entry& entry = found->second;
  if (entry.current) {
    const auto counts = environments_->CountProvisioned(entry.current->key);
    state.available = std::min(counts.ready, entry.requested);
    state.busy = counts.busy;
  }
  if (!entry.failure.empty()) state.status = "FAILED";
  else if (entry.settled) state.status = "READY";
  state.status_reason = entry.failure;
  return state;
}

void Provisioner::NoteUse(const Pool& pool) {
  strand_.Check();
  pool.busy_peak = std::max(pool.busy_peak, environments_->CountProvisioned(pool.key).busy + 1);
}

double Provisioner::TakeUtilization(const catalog::SettingOwner& owner) {
  strand_.Check();
  const auto found = entries_.find(owner.Key());
  if (found == entries_.end() || !found->second.current || found->second.requested == 0) return 0;
  const Pool& pool = *found->second.current;
  const int busy = environments_->CountProvisioned(pool.key).busy;
  return static_cast<double>(std::max(std::exchange(pool.busy_peak, 0), busy)) / found->second.requested;
}

Provisioner::Use Provisioner::UseOf(const catalog::Function& function) const {
  strand_.Check();
  Use use;
  const auto pools = by_version_.find(function.environment_key);
  if (pools == by_version_.end()) return use;
  for (const PoolPointer& pool : pools->second) {
    const auto counts = environments_->CountProvisioned(pool->key);
    use.busy += counts.busy;
    use.available += counts.ready;
  }
  return use;
}

}  // namespace mayfly::invoke
