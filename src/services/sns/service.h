// Amazon SNS as the daemon has it: topics and subscriptions, what is published and owed, its API, its outbox and its links.
//
// Offers delivery::Target "sns" (destinations, dead letters, events of other services), services::Page "outbox" and "sns". Needs no service.
#pragma once

#include "services/service.h"

namespace mayfly::sns {

services::Declaration Declare();

}  // namespace mayfly::sns
