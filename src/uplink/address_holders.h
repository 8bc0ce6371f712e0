// AddressHolders: told who has which address in the functions' network, by what runs functions.
#pragma once

#include <cstdint>
#include <string>

namespace mayfly::uplink {

struct AddressHolder {
  std::string account_id;
  std::string region;
  std::string function_name;
};

class AddressHolders {
 public:
  virtual ~AddressHolders() = default;
  // An environment of `holder` has this address from now on; 0: it has no network.
  virtual void Joined(uint32_t address, const AddressHolder& holder) = 0;
};

}  // namespace mayfly::uplink
