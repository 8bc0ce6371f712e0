// The services of this daemon that VPC endpoints can be made for. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mayfly::ec2 {

struct EndpointService {
  std::string name;        // "com.amazonaws.us-east-1.s3"
  std::string short_name;  // "s3"
  bool has_gateway = false;
};

std::vector<EndpointService> EndpointServicesOf(std::string_view region);

// "sqs.us-east-1.amazonaws.com"
std::string PrivateDnsNameOf(std::string_view short_name, std::string_view region);

}  // namespace mayfly::ec2
