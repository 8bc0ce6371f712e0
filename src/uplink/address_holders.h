// AddressHolders: told who has which address in the functions' network, by what runs functions.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/task.h"

namespace mayfly::uplink {

struct AddressHolder {
  std::string account_id;
  std::string region;
  std::string function_name;
  std::string vpc_member;  // of a function in a VPC: its ARN with its version; "": it is in none
};

class AddressHolders {
 public:
  virtual ~AddressHolders() = default;
  // An environment of `holder` has this address from now on (0: it has no network), and reaches what `holder` may, and nothing else.
  // Before its code runs. Errors: EC2UnexpectedException, that cannot be enforced: it must not run.
  virtual Task<Result<>> Join(uint32_t address, AddressHolder holder) = 0;
  // It ends.
  virtual void Leave(uint32_t address) = 0;
};

}  // namespace mayfly::uplink
