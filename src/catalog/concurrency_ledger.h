// ConcurrencyLedger: how much of each account's concurrency is spoken for, in each region.
//
// Running sums over the tables of reserved and provisioned concurrency: they are read once, when somebody asks first; from
// then on each change moves the sums. One per daemon, on the strand of the tables, which it outlives never.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/strand.h"
#include "catalog/tables.h"

namespace mayfly::catalog {

class ConcurrencyLedger {
 public:
  explicit ConcurrencyLedger(Tables& tables);
  ConcurrencyLedger(const ConcurrencyLedger&) = delete;
  ConcurrencyLedger& operator=(const ConcurrencyLedger&) = delete;

  struct Sums {
    int64_t reserved = 0;
    int64_t provisioned = 0;  // of functions without reserved concurrency: it comes out of the common pool
    int64_t claimed = 0;      // on its way to the store (Claim)

    int64_t taken() const { return reserved + provisioned + claimed; }
    bool operator==(const Sums&) const = default;
  };
  Sums Of(const FunctionName& function);
  // Of one function: all its versions and aliases.
  int64_t ProvisionedOf(const FunctionName& function);
  // nullopt: it has no concurrency of its own.
  std::optional<int64_t> ReservedOf(const FunctionName& function);

  // Keeps `executions` from being given to others while a change is on its way to the store. Negative amounts count as none:
  // what is given back is free only when that is durable.
  class Claim {
   public:
    Claim(ConcurrencyLedger& ledger, const FunctionName& function, int64_t executions);
    ~Claim();
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

   private:
    ConcurrencyLedger* ledger_;
    std::string account_;
    int64_t executions_;
  };

 private:
  struct Share {  // of one function
    int64_t reserved = 0;
    bool has_reserved = false;
    int64_t provisioned = 0;
  };

  void Read();
  Share& ShareOf(const FunctionName& function) { return shares_[function.Key()]; }
  void Count(const FunctionName& function, const Share& share, int sign);
  void Change(const FunctionName& function, const Share& next);

  Strand strand_;
  Tables* tables_;
  bool read_ = false;
  std::unordered_map<std::string, Sums> sums_;     // by ACCOUNT/REGION
  std::unordered_map<std::string, Share> shares_;  // by function key; only of functions that have something
};

}  // namespace mayfly::catalog
