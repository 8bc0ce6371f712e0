#include "invoke/admission.h"

#include <algorithm>

#include "base/json.h"

namespace mayfly::invoke {
namespace {

constexpr std::string_view kReservedConcurrency = "ReservedFunctionConcurrentInvocationLimitExceeded";
constexpr Duration kSecond = std::chrono::seconds(1);

std::string AccountKey(const catalog::FunctionName& function) { return function.account_id + '/' + function.region; }

}  // namespace

Error Throttled(std::string_view reason) {
  Error error = Error::Service("TooManyRequestsException", "Rate Exceeded.");
  error.members.emplace_back("Reason", json::Quote(reason));
  // Nobody can say when one of the function's own places becomes free.
  if (reason != kReservedConcurrency) error.members.emplace_back("retryAfterSeconds", json::Quote("1"));
  error.retryable = true;
  return error;
}

bool RateBucket::Take(TimePoint now, double amount, Duration window) {
  MF_ASSERT(window > Duration::zero() && used_ >= 0);
  const double refilled = amount * std::chrono::duration<double>(now - at_).count() / std::chrono::duration<double>(window).count();
  used_ = std::max(0.0, used_ - refilled);
  at_ = now;
  if (used_ + 1 > amount) return false;
  used_ += 1;
  return true;
}

Admission::Admission(const Clock& clock, ConcurrencyShares& shares, AdmissionOptions options)
    : clock_(&clock), shares_(&shares), options_(options) {}

Admission::~Admission() = default;

Admission::FunctionPointer Admission::Find(const catalog::FunctionName& name) {
  strand_.Check();
  FunctionPointer& function = functions_[name.Key()];
  if (function) return function;
  std::shared_ptr<Account>& account = accounts_[AccountKey(name)];
  if (!account) account = std::make_shared<Account>(Account{.shares = shares_->OfAccount(name)});
  function = std::make_shared<Function>(Function{.account = account, .shares = shares_->OfFunction(name)});
  return function;
}

void Admission::Refresh(const catalog::FunctionName& name) {
  strand_.Check();
  if (const auto account = accounts_.find(AccountKey(name)); account != accounts_.end()) account->second->shares = shares_->OfAccount(name);
  const auto found = functions_.find(name.Key());
  if (found == functions_.end()) return;
  Function& function = *found->second;
  const ConcurrencyShares::Function next = shares_->OfFunction(name);
  // What runs on demand counts for the pool only while its function has nothing of its own.
  const int on_demand = function.running - function.provisioned;
  MF_ASSERT(on_demand >= 0 && function.account->pool >= 0);
  if (next.reserved && !function.shares.reserved) function.account->pool -= on_demand;
  if (!next.reserved && function.shares.reserved) function.account->pool += on_demand;
  function.shares = next;
}

void Admission::Forget(const catalog::FunctionName& name) {
  strand_.Check();
  functions_.erase(name.Key());
  const auto account = accounts_.find(AccountKey(name));
  const bool is_last = account != accounts_.end() && account->second.use_count() == 1;  // neither a function nor a ticket holds it
  if (is_last) accounts_.erase(account);
}

int64_t Admission::PoolSize(const Account& account) const {
  return std::max<int64_t>(0, options_.account_concurrency - account.shares.reserved - account.shares.provisioned);
}

std::string_view Admission::RefuseConcurrency(const Function& function, InitializationType initialization) const {
  const Account& account = *function.account;
  if (function.shares.reserved) {
    if (function.running >= *function.shares.reserved) return kReservedConcurrency;
    const int64_t on_demand_max = *function.shares.reserved - function.shares.provisioned;
    if (initialization == InitializationType::OnDemand && function.running - function.provisioned >= on_demand_max) return kReservedConcurrency;
  } else if (initialization == InitializationType::OnDemand && account.pool >= PoolSize(account)) {
    return "ConcurrentInvocationLimitExceeded";
  }
  return account.running >= options_.account_concurrency ? "ConcurrentInvocationLimitExceeded" : "";
}

std::string_view Admission::RefuseRate(Function& function) {
  if (options_.requests_per_concurrency == 0) return "";
  const TimePoint now = clock_->Now();
  const double per_unit = options_.requests_per_concurrency;
  if (function.shares.reserved) {
    if (function.requests.Take(now, per_unit * static_cast<double>(*function.shares.reserved), kSecond)) return "";
    return "ReservedFunctionInvocationRateLimitExceeded";
  }
  Account& account = *function.account;
  const double pool_rate = per_unit * static_cast<double>(options_.account_concurrency - account.shares.reserved);
  if (!function.requests.Take(now, pool_rate, kSecond)) return "FunctionInvocationRateLimitExceeded";
  if (account.requests.Take(now, pool_rate, kSecond)) return "";
  function.requests.Return();
  return "CallerRateLimitExceeded";
}

Result<Admission::Ticket> Admission::Admit(const FunctionPointer& function, InitializationType initialization, InvocationKind kind) {
  strand_.Check();
  if (initialization == InitializationType::ProvisionedConcurrency && function->provisioned >= function->shares.provisioned) {
    initialization = InitializationType::OnDemand;
  }
  std::string_view reason = RefuseConcurrency(*function, initialization);
  if (reason.empty() && kind == InvocationKind::Synchronous) reason = RefuseRate(*function);
  if (!reason.empty()) return Fail(Throttled(reason));
  return Ticket(*this, function, initialization);
}

Admission::Ticket::Ticket(Admission& admission, FunctionPointer function, InitializationType initialization)
    : admission_(&admission), function_(std::move(function)), initialization_(initialization) {
  ++function_->running;
  ++function_->account->running;
  if (initialization_ == InitializationType::ProvisionedConcurrency) ++function_->provisioned;
  else if (!function_->shares.reserved) ++function_->account->pool;
}

Admission::Ticket::~Ticket() {
  if (!function_) return;
  MF_ASSERT(function_->running > 0 && function_->account->running > 0);
  --function_->running;
  --function_->account->running;
  if (initialization_ == InitializationType::ProvisionedConcurrency) --function_->provisioned;
  else if (!function_->shares.reserved) --function_->account->pool;
  MF_ASSERT(function_->provisioned >= 0 && function_->provisioned <= function_->running && function_->account->pool >= 0);
}

Result<> Admission::Ticket::MayStart() {
  const AdmissionOptions& options = admission_->options_;
  if (function_->starts.Take(admission_->clock_->Now(), options.starts_max, options.starts_window)) return {};
  return Fail(Throttled("ConcurrentInvocationLimitExceeded"));
}

Admission::AccountUse Admission::UseOf(const Function& function) const {
  const Account& account = *function.account;
  return {.running = account.running, .unreserved = account.pool, .claimed = account.pool + account.shares.reserved + account.shares.provisioned};
}

int Admission::RunningOf(const Function& function) { return function.running; }

}  // namespace mayfly::invoke
