// Who calls AWS's services from inside of an environment (environment_factory.h).
#pragma once

#include <cstdint>
#include <string>

namespace mayfly::runtime {

struct EndpointCaller {
  std::string access_key_id;  // of the environment's own session
  std::string account_id;
  std::string region;
  std::string vpc_member;  // of a function in a VPC: its ARN with its version; "": it is in none
  uint32_t address = 0;    // in the router's network; 0: none
};

}  // namespace mayfly::runtime
