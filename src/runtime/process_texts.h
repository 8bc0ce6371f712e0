// How the end of a process, and a start that failed, are told: in the words of Go, in which AWS's supervisor is written.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/sandbox.h"

namespace mayfly::runtime {

// "signal: killed" or "exit status 1".
std::string DescribeEnd(const sandbox::ProcessExit& exit);
// "Runtime exited with error: exit status 1"; of a process that ended without one: "Runtime exited without providing a reason".
std::string DescribeEndOfRuntime(const sandbox::ProcessExit& exit);
// "fork/exec PROGRAM: permission denied". `code`: of the error that Cage::Start gave.
std::string DescribeFailedStart(std::string_view program, std::string_view code);

}  // namespace mayfly::runtime
