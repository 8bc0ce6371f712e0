// What the command's exit codes mean. Scripts rely on them: `mayfly help exit-codes` and mayfly(1) print this table.
#pragma once

#include <array>
#include <string_view>

namespace mayfly::cli {

enum ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kNoDaemon = 3,
  kRefused = 4,
  kNotFound = 5,
  kFunctionError = 6,
};

struct ExitCodeMeaning {
  ExitCode code;
  std::string_view meaning;
};
inline constexpr std::array<ExitCodeMeaning, 7> kExitCodes = {{
    {kDone, "done"},
    {kFailed, "it failed, or a check of 'mayfly doctor' did: standard error says why"},
    {kUsage, "the command line cannot be understood: nothing was done"},
    {kNoDaemon, "no daemon answers at the endpoint"},
    {kRefused, "the daemon does not let this caller do it: credentials are missing, wrong or not enough"},
    {kNotFound, "what was named (a function, a version, an alias) is not there"},
    {kFunctionError, "'mayfly invoke': the function was run and failed; its answer is on standard output"},
}};

}  // namespace mayfly::cli
