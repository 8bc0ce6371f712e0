#include "catalog/concurrency_ledger.h"

#include <algorithm>

namespace mayfly::catalog {
namespace {

std::string AccountKey(const FunctionName& function) { return function.account_id + '/' + function.region; }

}  // namespace

ConcurrencyLedger::ConcurrencyLedger(Tables& tables) : tables_(&tables) {
  tables.reserved_concurrency.OnChange([this](const std::string&, const auto& old_value, const auto& new_value) {
    if (!read_) return;
    const FunctionName& function = (new_value ? new_value : old_value)->owner.function;
    Share next = ShareOf(function);
    next.has_reserved = new_value != nullptr;
    next.reserved = new_value ? new_value->executions : 0;
    Change(function, next);
  });
  tables.provisioned_concurrency.OnChange([this](const std::string&, const auto& old_value, const auto& new_value) {
    if (!read_) return;
    const FunctionName& function = (new_value ? new_value : old_value)->owner.function;
    Share next = ShareOf(function);
    next.provisioned += (new_value ? new_value->requested : 0) - (old_value ? old_value->requested : 0);
    Change(function, next);
  });
}

void ConcurrencyLedger::Count(const FunctionName& function, const Share& share, int sign) {
  Sums& sums = sums_[AccountKey(function)];
  sums.reserved += sign * share.reserved;
  if (!share.has_reserved) sums.provisioned += sign * share.provisioned;
  if (sums == Sums()) sums_.erase(AccountKey(function));
}

void ConcurrencyLedger::Change(const FunctionName& function, const Share& next) {
  Share& share = ShareOf(function);
  Count(function, share, -1);
  Count(function, next, +1);
  share = next;
  if (!share.has_reserved && share.provisioned == 0) shares_.erase(function.Key());
}

void ConcurrencyLedger::Read() {
  if (read_) return;
  read_ = true;
  tables_->reserved_concurrency.ListIf("", "", SIZE_MAX, [this](const auto& row) {
    Share& share = ShareOf(row.value->owner.function);
    share.has_reserved = true;
    share.reserved = row.value->executions;
    Count(row.value->owner.function, share, +1);
    return false;  // looked at, not kept
  });
  tables_->provisioned_concurrency.ListIf("", "", SIZE_MAX, [this](const auto& row) {
    Share next = ShareOf(row.value->owner.function);
    next.provisioned += row.value->requested;
    Change(row.value->owner.function, next);
    return false;
  });
}

ConcurrencyLedger::Sums ConcurrencyLedger::Of(const FunctionName& function) {
  strand_.Check();
  Read();
  const auto found = sums_.find(AccountKey(function));
  return found == sums_.end() ? Sums{} : found->second;
}

int64_t ConcurrencyLedger::ProvisionedOf(const FunctionName& function) {
  strand_.Check();
  Read();
  const auto found = shares_.find(function.Key());
  return found == shares_.end() ? 0 : found->second.provisioned;
}

std::optional<int64_t> ConcurrencyLedger::ReservedOf(const FunctionName& function) {
  strand_.Check();
  Read();
  const auto found = shares_.find(function.Key());
  return found == shares_.end() || !found->second.has_reserved ? std::nullopt : std::optional(found->second.reserved);
}

ConcurrencyLedger::Claim::Claim(ConcurrencyLedger& ledger, const FunctionName& function, int64_t executions)
    : ledger_(&ledger), account_(AccountKey(function)), executions_(std::max<int64_t>(executions, 0)) {
  ledger_->sums_[account_].claimed += executions_;
}

ConcurrencyLedger::Claim::~Claim() {
  const auto sums = ledger_->sums_.try_emplace(account_).first;
  sums->second.claimed -= executions_;
  if (sums->second == Sums()) ledger_->sums_.erase(sums);
}

}  // namespace mayfly::catalog
