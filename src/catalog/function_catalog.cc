#include "catalog/function_catalog.h"

#include <fmt/format.h>

namespace mayfly::catalog {
namespace {

constexpr std::string_view kTable = "functions";
constexpr size_t kLoadPage = 1000;

Error Conflict(std::string message) { return Error::Service("ResourceConflictException", std::move(message)); }

}  // namespace

Task<Result<>> FunctionCatalog::Open(Context& ctx) {
  std::string from;
  for (;;) {
    MF_CO_TRY(std::vector<store::Row> rows, co_await store_->Scan(ctx, kTable, "", from, kLoadPage));
    for (store::Row& row : rows) {
      MF_CO_TRY(json::Value document, json::Parse(row.value));
      MF_CO_TRY(Function function, FunctionFromJson(document));
      functions_[row.key] = Entry{std::make_shared<const Function>(std::move(function))};
    }
    if (rows.size() < kLoadPage) co_return Result<>();
    from = rows.back().key + '\0';
  }
}

FunctionPointer FunctionCatalog::Find(const FunctionName& name) const {
  const auto found = functions_.find(name.Key());
  return found == functions_.end() ? nullptr : found->second.function;
}

std::vector<FunctionPointer> FunctionCatalog::List(std::string_view account_id, std::string_view region, std::string_view after,
                                                   size_t limit) const {
  const std::string prefix = fmt::format("{}/{}/", account_id, region);
  std::vector<FunctionPointer> page;
  for (auto entry = functions_.upper_bound(prefix + std::string(after)); entry != functions_.end() && page.size() < limit; ++entry) {
    if (!entry->first.starts_with(prefix)) break;
    if (entry->second.function) page.push_back(entry->second.function);
  }
  return page;
}

std::vector<FunctionPointer> FunctionCatalog::All() const {
  std::vector<FunctionPointer> all;
  for (const auto& [key, entry] : functions_) {
    if (entry.function) all.push_back(entry.function);
  }
  return all;
}

std::unordered_set<std::string> FunctionCatalog::CodeInUse() const {
  std::unordered_set<std::string> packages;
  for (const auto& [key, entry] : functions_) {
    if (entry.function) packages.insert(entry.function->code_sha256);
  }
  return packages;
}

FunctionCatalog::Usage FunctionCatalog::UsageOf(std::string_view account_id, std::string_view region) const {
  Usage usage;
  const std::string prefix = fmt::format("{}/{}/", account_id, region);
  for (auto entry = functions_.lower_bound(prefix); entry != functions_.end() && entry->first.starts_with(prefix); ++entry) {
    if (!entry->second.function) continue;
    usage.code_bytes += entry->second.function->code_bytes;
    ++usage.functions;
  }
  return usage;
}

Task<Result<>> FunctionCatalog::Create(Context& ctx, Function function) {
  const std::string key = function.name.Key();
  const Error exists = Conflict(fmt::format("Function already exist: {}", function.name.name));
  if (functions_.contains(key)) co_return Fail(exists);
  functions_[key] = Entry{nullptr, true};  // holds the name; not found by readers yet
  store::Batch batch;
  batch.RequireAbsent(kTable, key).Put(kTable, key, json::Write(ToJson(function)));
  auto committed = co_await store_->Commit(ctx, std::move(batch));
  if (!committed) {
    functions_.erase(key);
    if (committed.error().code == "PreconditionFailed") co_return Fail(exists);
    co_return Fail(std::move(committed).error().Wrap("create function"));
  }
  const FunctionPointer created = std::make_shared<const Function>(std::move(function));
  functions_[key] = Entry{created};
  Notify(nullptr, created);
  co_return Result<>();
}

Result<FunctionCatalog::Entry*> FunctionCatalog::Lock(const FunctionPointer& old) {
  const auto found = functions_.find(old->name.Key());
  if (found == functions_.end()) return Fail(Error::Service("ResourceNotFoundException", "Function not found: " + old->name.Arn()));
  if (found->second.busy || found->second.function != old) {
    return Fail(Conflict("The operation cannot be performed at this time. An update is in progress for resource: " + old->name.Arn()));
  }
  return &found->second;
}

Task<Result<>> FunctionCatalog::Replace(Context& ctx, const FunctionPointer& old, Function next) {
  const std::string key = old->name.Key();
  MF_CO_TRY(Entry* entry, Lock(old));
  entry->busy = true;
  store::Batch batch;
  batch.Put(kTable, key, json::Write(ToJson(next)));
  auto committed = co_await store_->Commit(ctx, std::move(batch));
  const auto found = functions_.find(key);
  if (found == functions_.end()) co_return Fail(Error::Service("ResourceNotFoundException", "Function not found: " + old->name.Arn()));
  found->second.busy = false;
  if (!committed) co_return Fail(std::move(committed).error().Wrap("update function"));
  const FunctionPointer replaced = std::make_shared<const Function>(std::move(next));
  found->second.function = replaced;
  Notify(old, replaced);
  co_return Result<>();
}

Task<Result<>> FunctionCatalog::Delete(Context& ctx, const FunctionPointer& old) {
  const std::string key = old->name.Key();
  MF_CO_TRY(Entry* entry, Lock(old));
  entry->busy = true;
  store::Batch batch;
  batch.Delete(kTable, key);
  auto committed = co_await store_->Commit(ctx, std::move(batch));
  const auto found = functions_.find(key);
  if (!committed) {
    if (found != functions_.end()) found->second.busy = false;
    co_return Fail(std::move(committed).error().Wrap("delete function"));
  }
  if (found != functions_.end()) functions_.erase(found);
  Notify(old, nullptr);
  co_return Result<>();
}

void FunctionCatalog::Notify(const FunctionPointer& old_state, const FunctionPointer& new_state) {
  for (const Listener& listener : listeners_) listener(old_state, new_state);
}

void FunctionCatalog::Clear() {
  const std::vector<FunctionPointer> all = All();
  functions_.clear();
  for (const FunctionPointer& function : all) Notify(function, nullptr);
}

}  // namespace mayfly::catalog
