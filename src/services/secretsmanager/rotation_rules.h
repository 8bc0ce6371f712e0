// When a secret rotates: after so many days, or by a schedule, in UTC. Pure functions.
// Source: Secrets Manager user guide, "Schedule expressions in Secrets Manager rotation".
#pragma once

#include "base/clock.h"
#include "services/secretsmanager/secret_row.h"

namespace mayfly::secretsmanager {

// Whether a plan's times make sense. Error: InvalidParameterException.
Result<> CheckPlan(const RotationPlan& plan);
// The first time after `now`; nullopt: never by itself.
std::optional<WallTime> NextRotation(const RotationPlan& plan, WallTime now);

}  // namespace mayfly::secretsmanager
