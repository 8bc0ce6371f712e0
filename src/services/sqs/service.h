// Amazon SQS as the daemon has it: its store (DATA/queues.db), its queues, its API, and the queues as others know them.
//
// Offers sources::QueueSource (event source mappings) and delivery::Target "sqs" (dead letters, destinations). Needs no service.
#pragma once

#include "services/service.h"

namespace mayfly::sqs {

services::Declaration Declare();

}  // namespace mayfly::sqs
