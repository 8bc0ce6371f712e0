// Manual pages, made of the rows of options: what they say cannot differ from what the program does.
#pragma once

#include <string>
#include <string_view>

#include "mayflyd/daemon_options.h"

namespace mayfly::daemon {

// As text of a manual page (troff): nothing in it is a command.
std::string TroffText(std::string_view text);
// The beginning of a page: `.TH` with the version, and NAME.
std::string TroffHead(std::string_view page, int section, std::string_view summary);
// One option with what it takes, says, has as default, and is called in the environment.
std::string TroffOption(const Option& option);

// mayflyd(8)
std::string WriteDaemonManual(const Options& options);

}  // namespace mayfly::daemon
