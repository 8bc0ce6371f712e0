// The metadata endpoint of an environment: GET /2026-01-15/metadata/execution-environment at AWS_LAMBDA_METADATA_API.
//
// Pure functions; ExecutionEnvironment::HandleRuntimeRequest calls them. Source: AWS "Metadata endpoint" (the reference, §2.2).
#pragma once

#include <string>
#include <string_view>

#include "net/http_message.h"

namespace mayfly::runtime {

bool IsMetadataPath(std::string_view path);

// `token`: what AWS_LAMBDA_METADATA_TOKEN says. 401 without it, 405 for another method, 404 for another page.
http::Response AnswerMetadata(const http::Request& request, std::string_view token, std::string_view region);

// The id of a region's first availability zone: "use1-az1" of us-east-1, "apse2-az1" of ap-southeast-2, "usgw1-az1" of us-gov-west-1.
std::string AvailabilityZoneId(std::string_view region);

}  // namespace mayfly::runtime
