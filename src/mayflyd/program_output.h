// What another program of this machine says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace mayfly::daemon {

struct ProgramCall {
  std::vector<std::string> arguments;                       // the first one: the program, absolute or found on PATH
  std::vector<std::string> environment = {"PATH=/usr/bin:/bin"};
  Duration patience = std::chrono::seconds(20);
  size_t bytes_max = 4096;                                  // what is more is cut off
};

// Its standard output, when it ends with 0 in time; the rest goes nowhere. Blocks. nullopt: it is not there, fails, or is killed for its slowness.
std::optional<std::string> ReadProgramOutput(const ProgramCall& call);
// The environment of this process.
std::vector<std::string> OwnEnvironment();

}  // namespace mayfly::daemon
