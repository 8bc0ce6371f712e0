// CORS rules of a bucket, as far as S3 checks them before it keeps them. Pure functions, any thread.
// Source: Amazon S3 user guide, "Using cross-origin resource sharing".
#pragma once

#include <vector>

#include "base/result.h"
#include "model/s3.h"

namespace mayfly::s3 {

// Errors: InvalidRequest, MalformedXML.
Result<> CheckCorsRules(const std::vector<CORSRule>& rules);

}  // namespace mayfly::s3
