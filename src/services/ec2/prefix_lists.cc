#include "services/ec2/prefix_lists.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace mayfly::ec2 {

std::string PrefixListIdOf(std::string_view service_name) {
  if (service_name == "com.amazonaws.us-east-1.s3") return "pl-63a5400a";
  if (service_name == "com.amazonaws.us-east-1.dynamodb") return "pl-02cd2c6b";
  return "pl-" + Sha256Hex(service_name).substr(0, 8);
}

std::vector<AwsPrefixList> PrefixListsOf(std::string_view region) {
  const std::string s3 = fmt::format("com.amazonaws.{}.s3", region);
  const std::string dynamodb = fmt::format("com.amazonaws.{}.dynamodb", region);
  return {
      {.id = PrefixListIdOf(s3), .name = s3, .cidrs = {"3.5.0.0/19", "52.216.0.0/15", "54.231.0.0/16"}},
      {.id = PrefixListIdOf(dynamodb), .name = dynamodb, .cidrs = {"3.218.180.0/23", "3.218.182.0/24", "52.94.0.0/22", "52.119.224.0/20"}}};
}

}  // namespace mayfly::ec2
