#include "services/ec2/vpc_endpoints.h"

#include <fmt/format.h>

namespace mayfly::ec2 {
namespace {

constexpr std::string_view kInterfaceServices[] = {
    "dynamodb",       "ec2", "events", "execute-api", "kinesis-streams", "kms", "lambda", "logs", "monitoring", "s3",
    "secretsmanager", "sns", "sqs",    "ssm",         "states",          "sts", "xray"};

}  // namespace

std::vector<EndpointService> EndpointServicesOf(std::string_view region) {
  std::vector<EndpointService> services;
  for (const std::string_view name : kInterfaceServices) {
    services.push_back({.name = fmt::format("com.amazonaws.{}.{}", region, name),
                        .short_name = std::string(name),
                        .has_gateway = name == "s3" || name == "dynamodb"});
  }
  return services;
}

std::string PrivateDnsNameOf(std::string_view short_name, std::string_view region) {
  if (short_name == "kinesis-streams") short_name = "kinesis";
  return fmt::format("{}.{}.amazonaws.com", short_name, region);
}

}  // namespace mayfly::ec2
