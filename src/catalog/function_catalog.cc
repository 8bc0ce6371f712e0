#include "catalog/function_catalog.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::catalog {
namespace {

constexpr std::string_view kUnsettledTable = "unsettled";  // keys of functions and versions that are Pending or InProgress
constexpr size_t kLoadPage = 1000;
constexpr size_t kSurveySlice = 200;

}  // namespace

void FunctionCatalog::Listen() {
  const auto listener = [this](const std::string& key, const FunctionPointer& old_state, const FunctionPointer& new_state) {
    OnRowChange(key, old_state, new_state);
  };
  tables_->functions.OnChange(listener);
  tables_->versions.OnChange(listener);
}

Task<Result<>> FunctionCatalog::Open(Context& ctx) {
  strand_.Check();
  std::string from;
  for (;;) {
    MF_CO_TRY(std::vector<store::Row> rows, co_await tables_->all.store().Scan(ctx, kUnsettledTable, "", from, kLoadPage));
    for (store::Row& row : rows) unsettled_.insert(row.key);
    if (rows.size() < kLoadPage) co_return Result<>();
    from = rows.back().key + '\0';
  }
}

FunctionPointer FunctionCatalog::FindVersion(const FunctionName& name, std::string_view version) const {
  strand_.Check();
  if (version == "$LATEST") return Find(name);
  return IsVersionNumber(version) ? tables_->versions.Find(VersionKey(name, std::stoll(std::string(version)))) : nullptr;
}

FunctionPointer FunctionCatalog::FindRow(const std::string& row_key) const {
  strand_.Check();
  if (FunctionPointer function = tables_->functions.Find(row_key)) return function;
  return tables_->versions.Find(row_key);
}

FunctionPointer FunctionCatalog::NewestVersion(const FunctionName& name) const {
  strand_.Check();
  const FunctionPointer latest = Find(name);
  for (int64_t number = latest ? latest->last_version : 0; number > 0; --number) {
    if (FunctionPointer version = tables_->versions.Find(VersionKey(name, number))) return version;
  }
  return nullptr;
}

Result<FunctionCatalog::Resolved> FunctionCatalog::Resolve(const FunctionReference& reference) const {
  strand_.Check();
  Resolved resolved;
  const std::string_view qualifier = reference.qualifier;
  if (qualifier.empty() || qualifier == "$LATEST") {
    resolved.function = Find(reference.name);
  } else if (IsVersionNumber(qualifier)) {
    resolved.function = FindVersion(reference.name, qualifier);
  } else if ((resolved.alias = FindAlias(reference.name, qualifier))) {
    resolved.function = FindVersion(reference.name, resolved.alias->function_version);
  }
  if (!resolved.function) return Fail(FunctionNotFound(reference));
  return resolved;
}

Result<FunctionCatalog::Resolved> FunctionCatalog::ResolveForInvoke(const FunctionReference& reference, Random& random) const {
  strand_.Check();
  MF_TRY(Resolved resolved, Resolve(reference));
  if (resolved.alias && resolved.alias->has_routing() && random.Unit() < resolved.alias->additional_weight) {
    resolved.function = FindVersion(reference.name, resolved.alias->additional_version);
    if (!resolved.function) return Fail(FunctionNotFound(reference));
  }
  return resolved;
}

// --- changes ---

// Keeps the list of what has to be settled in the same commit.
void FunctionCatalog::NoteSettling(resources::Change& change, const std::string& key, const Function& next) {
  const bool settled = next.is_settled();
  if (settled && unsettled_.contains(key)) change.batch().Delete(kUnsettledTable, key);
  if (!settled) change.batch().Put(kUnsettledTable, key, "");
}

Task<Result<>> FunctionCatalog::Create(Context& ctx, Function function, std::optional<Function> version, Addition with) {
  strand_.Check();
  const std::string key = function.name.Key();
  resources::Change change(tables_->all);
  NoteSettling(change, key, function);
  MF_CO_TRY_VOID(change.Create(tables_->functions, key, std::move(function)));
  if (version) {
    const std::string version_key = RowKey(*version);
    NoteSettling(change, version_key, *version);
    MF_CO_TRY_VOID(change.Create(tables_->versions, version_key, std::move(*version)));
  }
  if (with) MF_CO_TRY_VOID(with(change));
  co_return co_await change.Commit(ctx);
}

Task<Result<>> FunctionCatalog::Replace(Context& ctx, const FunctionPointer& old, Function next) {
  strand_.Check();
  const std::string key = RowKey(*old);
  resources::Change change(tables_->all);
  NoteSettling(change, key, next);
  MF_CO_TRY_VOID(change.Replace(TableOf(*old), key, old, std::move(next)));
  co_return co_await change.Commit(ctx);
}

Task<Result<>> FunctionCatalog::Publish(Context& ctx, const FunctionPointer& latest, Function next_latest, Function version) {
  strand_.Check();
  const std::string version_key = RowKey(version);
  resources::Change change(tables_->all);
  NoteSettling(change, latest->name.Key(), next_latest);
  NoteSettling(change, version_key, version);
  MF_CO_TRY_VOID(change.Replace(tables_->functions, latest->name.Key(), latest, std::move(next_latest)));
  MF_CO_TRY_VOID(change.Create(tables_->versions, version_key, std::move(version)));
  co_return co_await change.Commit(ctx);
}

Result<> FunctionCatalog::StageDelete(resources::Change& change, const FunctionPointer& old) {
  strand_.Check();
  const std::string key = RowKey(*old);
  change.batch().DeleteUnder(kUnsettledTable, key);  // of a function that of its versions, too
  return change.Delete(TableOf(*old), key, old);
}

// Only one of the tables has rows of such a key.
Task<Result<>> FunctionCatalog::WaitUntilFree(Context& ctx, std::string row_key) {
  MF_CO_TRY_VOID(co_await tables_->functions.WaitUntilFree(ctx, row_key));
  co_return co_await tables_->versions.WaitUntilFree(ctx, row_key);
}

void FunctionCatalog::OnRowChange(const std::string& key, const FunctionPointer& old_state, const FunctionPointer& new_state) {
  if (new_state && !new_state->is_settled()) unsettled_.insert(key);
  else unsettled_.erase(key);
  // What the survey has not come to yet will be counted there.
  const bool is_version = (new_state ? new_state : old_state)->version != "$LATEST";
  const bool counted = surveyed_ || (is_version ? survey_in_versions_ && key <= survey_at_ : survey_in_versions_ || key <= survey_at_);
  if (counted && old_state) Count(*old_state, -1);
  if (counted && new_state) Count(*new_state, +1);
  for (const Listener& listener : listeners_) listener(old_state, new_state);
}

void FunctionCatalog::Count(const Function& function, int sign) {
  const auto usage = usage_.try_emplace(function.name.account_id + '/' + function.name.region).first;
  if (!function.s3_reference) usage->second.code_bytes += sign * function.code_bytes;  // the client keeps that one
  if (function.is_latest()) usage->second.functions += sign;
  if (usage->second == Usage()) usage_.erase(usage);
  uses_.Count(function.code_sha256, sign);
  if (function.next_image) uses_.Count(function.next_image->tree, sign);
  uses_.Count(function.layers_sha256, sign);
  for (const LayerUse& layer : function.layers) uses_.Count(layer.code_sha256, sign);
}

// --- what takes a look at everything ---

Task<> FunctionCatalog::Survey(Context& ctx, std::function<void(const Function&)> look) {
  strand_.Check();
  for (const bool in_versions : {false, true}) {
    survey_in_versions_ = in_versions;
    survey_at_.clear();
    const resources::ResourceTable<Function>& table = in_versions ? tables_->versions : tables_->functions;
    for (;;) {
      const auto slice = table.List("", survey_at_, kSurveySlice);
      for (const auto& row : slice) {
        Count(*row.value, +1);
        if (look) look(*row.value);
      }
      if (slice.size() < kSurveySlice) break;
      survey_at_ = slice.back().key;
      co_await ctx.loop->Yield();
      if (ctx.stop.stop_requested()) co_return;
    }
  }
  surveyed_ = true;
  surveyed_event_.Set();
}

Task<Result<FunctionCatalog::Usage>> FunctionCatalog::UsageOf(Context& ctx, std::string_view account_id, std::string_view region) {
  strand_.Check();
  if (!surveyed_) MF_CO_TRY_VOID(co_await surveyed_event_.Wait(ctx));
  co_return KnownUsageOf(account_id, region);
}

FunctionCatalog::Usage FunctionCatalog::KnownUsageOf(std::string_view account_id, std::string_view region) const {
  strand_.Check();
  const auto found = usage_.find(fmt::format("{}/{}", account_id, region));
  return found == usage_.end() ? Usage{} : found->second;
}

}  // namespace mayfly::catalog
