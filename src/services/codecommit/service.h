// AWS CodeCommit as the daemon has it, as far as it triggers functions: repositories, their triggers, and pushes to the bare git repositories in
// the operator's folder (--codecommit-repositories). Git itself is git's.
//
// Offers nothing, needs no service.
#pragma once

#include "services/service.h"

namespace mayfly::codecommit {

services::Declaration Declare();

}  // namespace mayfly::codecommit
