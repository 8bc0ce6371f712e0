// AWS Lambda as the daemon has it: what there is of functions (holdings.h), what runs them (execution.h), its API, and what is tidied
// while it serves.
//
// Needs sources::QueueSource (event source mappings) and packages::OwnBuckets (S3Bucket and S3Key). Offers delivery::Target "lambda" (a function is invoked with what is delivered),
// invoke::ProvisionedCapacity (scaling), and what the edge works with: the catalog's and the runtime's parts, by their own types.
#pragma once

#include "services/lambda/premises.h"
#include "services/service.h"

namespace mayfly::lambda {

// `premises` outlives the service, and is complete when it opens.
services::Declaration Declare(Premises& premises);

}  // namespace mayfly::lambda
