// Prefix lists that AWS manages: the addresses of the services that gateway endpoints reach. Pure functions.
//
// Their ids and blocks are the same for ever. What they stand for is this daemon: blocks say which rules and routes mean the service.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mayfly::ec2 {

struct AwsPrefixList {
  std::string id;
  std::string name;  // that of the service: "com.amazonaws.us-east-1.s3"
  std::vector<std::string> cidrs;
};

std::vector<AwsPrefixList> PrefixListsOf(std::string_view region);
std::string PrefixListIdOf(std::string_view service_name);

}  // namespace mayfly::ec2
