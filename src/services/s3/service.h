// Amazon S3 as one of the daemon's services.
//
// Offers packages::OwnBuckets (what S3Bucket and S3Key name, for Lambda). Needs no service; what it tells of changes goes out by the
// daemon's lanes.
#pragma once

#include "services/service.h"

namespace mayfly::s3 {

services::Declaration Declare();

}  // namespace mayfly::s3
