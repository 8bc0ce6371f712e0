// Admission: which invocations may run now. The one place where concurrency and request rates are limited.
//
//   account (1,000)                of an account in a region, all functions together, at every instant
//   reserved, per function         as much as that and no more; nobody else can take it
//   provisioned, per function      for invocations in environments that were initialised ahead; nobody else can take it either
//   the common pool                what is left, for everything else
//   requests per second            10 for each unit of concurrency: of a reserved function its own, of the pool for each
//                                  function in it and for all together. Only synchronous invocations count
//   new environments               1,000 per 10 s and function, refilled continuously, never more than 1,000 saved up
//
// Pure bookkeeping on one strand: no waiting, no timers. What is reserved is asked of ConcurrencyShares once, and again after
// Refresh. When shares grow while the pool is in full use, the account's limit still holds: the new share is whole as soon as
// the pool has shrunk to its new size.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/strand.h"
#include "catalog/function.h"
#include "invoke/initialization_type.h"
#include "runtime/environment_manager.h"

namespace mayfly::invoke {

struct AdmissionOptions {
  int account_concurrency = 1000;    // per account and region
  int requests_per_concurrency = 10; // a second; 0: no limit
  int starts_max = 1000;             // new environments of a function …
  Duration starts_window = std::chrono::seconds(10);  // … in this time
};

// What is set aside for functions: the settings that act.
class ConcurrencyShares {
 public:
  virtual ~ConcurrencyShares() = default;
  struct Account {
    int64_t reserved = 0;
    int64_t provisioned = 0;  // of functions without reserved concurrency
  };
  struct Function {
    std::optional<int64_t> reserved;
    int64_t provisioned = 0;
  };
  virtual Account OfAccount(const catalog::FunctionName& function) = 0;
  virtual Function OfFunction(const catalog::FunctionName& function) = 0;
};

// `amount` in each `window`, refilled continuously; what is not taken does not add up beyond one amount.
class RateBucket {
 public:
  // false: there is nothing left. A changed amount acts at once.
  bool Take(TimePoint now, double amount, Duration window);
  // Gives one back.
  void Return() { used_ = used_ > 1 ? used_ - 1 : 0; }

 private:
  double used_ = 0;
  TimePoint at_{};
};

// Asynchronous: from the queue of events, which has no rate of its own.
enum class InvocationKind : unsigned char { Synchronous, Asynchronous };

// 429 with AWS's body.
Error Throttled(std::string_view reason);

class Admission {
 public:
  struct Account;
  struct Function;
  using FunctionPointer = std::shared_ptr<Function>;

  Admission(const Clock& clock, ConcurrencyShares& shares, AdmissionOptions options);
  ~Admission();

  // The state of a function, all its versions together; kept by the caller so that a warm invocation looks nothing up.
  FunctionPointer Find(const catalog::FunctionName& function);
  // Its shares, or another function's in its account, have changed.
  void Refresh(const catalog::FunctionName& function);
  // It was deleted. What runs still counts for the account; a new function of that name begins anew.
  void Forget(const catalog::FunctionName& function);

  // One admitted invocation, while it lives. Also the gate that a new environment for it has to pass.
  class Ticket final : public runtime::StartGate {
   public:
    Ticket(Admission& admission, FunctionPointer function, InitializationType initialization);
    Ticket(Ticket&& other) noexcept = default;
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() override;
    // Error: the function has had its new environments for now.
    Result<> MayStart() override;
    InitializationType initialization() const { return initialization_; }

   private:
    Admission* admission_;
    FunctionPointer function_;  // null: moved from
    InitializationType initialization_;
  };
  // ProvisionedConcurrency: an environment that was initialised ahead is idle; where no share of it is free, the ticket is for an
  // OnDemand one. Errors: TooManyRequestsException with its Reason.
  Result<Ticket> Admit(const FunctionPointer& function, InitializationType initialization, InvocationKind kind);

  // --- for reports ---
  struct AccountUse {
    int running = 0;
    int unreserved = 0;   // in the common pool
    int64_t claimed = 0;  // AWS's ClaimedAccountConcurrency
  };
  AccountUse UseOf(const Function& function) const;
  static int RunningOf(const Function& function);

 private:
  int64_t PoolSize(const Account& account) const;
  // "": it may run.
  std::string_view RefuseConcurrency(const Function& function, InitializationType initialization) const;
  std::string_view RefuseRate(Function& function);

  Strand strand_;
  const Clock* clock_;
  ConcurrencyShares* shares_;
  AdmissionOptions options_;
  std::unordered_map<std::string, std::shared_ptr<Account>> accounts_;  // "ACCOUNT/REGION"
  std::unordered_map<std::string, FunctionPointer> functions_;          // by FunctionName::Key()
};

struct Admission::Account {
  ConcurrencyShares::Account shares;
  int running = 0;
  int pool = 0;  // the part of it that runs in the common pool
  RateBucket requests;  // of the functions in the pool
};

struct Admission::Function {
  std::shared_ptr<Account> account;
  ConcurrencyShares::Function shares;
  int running = 0;
  int provisioned = 0;  // the part of it in environments that were initialised ahead
  RateBucket requests;
  RateBucket starts;
};

}  // namespace mayfly::invoke
