// AWS IoT's topic rules as the daemon has them: rules, and what they do with messages that are published. There is no broker of MQTT, and
// there are no devices.
//
// Offers delivery::Target "iot": topics (iot-data's Publish, deliveries of other services) and rules. Needs no service.
#pragma once

#include "services/service.h"

namespace mayfly::iot {

services::Declaration Declare();

}  // namespace mayfly::iot
