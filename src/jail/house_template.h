// What is in the template root and in the masks. Used while the house is built, below `site`.
#pragma once

#include <string>

#include "jail/house.h"

namespace mayfly::jail {

// Fills in what of this machine's /proc a cage must not see.
void FindMasks(House& house);
// Folders, made-up files of /etc, device nodes, masks. "" or what went wrong.
std::string BuildTemplate(const std::string& site);
// As on Amazon Linux; where this machine has bash. After /usr has been attached. "" or what went wrong.
std::string LetShellBeBash(const std::string& site);
// Where names are asked for: the router's name server. Without a network nobody listens there, and names fail at once. "" or what went wrong.
std::string WriteResolverFile(const std::string& site, const Options& options);
// Makes everything read-only, for good.
std::string CloseTemplate(const std::string& site);

}  // namespace mayfly::jail
