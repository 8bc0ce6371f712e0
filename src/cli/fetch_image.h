// What `mayfly runtime` needs of container images.
#pragma once

#include <string>

#include "catalog/runtimes.h"
#include "mayflyd/daemon_options.h"
#include "mayflyd/fetch_runtime.h"

namespace mayfly::cli {

// Brings an image for `identifier`, and tells on standard error how far it has come. Errors: as daemon::FetchRuntimeImage, beginning with the
// image's name.
Result<daemon::FetchedRuntime> FetchImage(const daemon::Options& options, const catalog::RuntimeIdentifier& identifier, const std::string& image);

}  // namespace mayfly::cli
