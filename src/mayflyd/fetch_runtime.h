// `mayfly runtime add --image` fetches a container image into DATA/runtimes (images/runtime_images.h); once it is written down among the
// added runtimes, the daemon has it for functions from its next start on.
//
// Whoever adds one is root, but what strangers have written is fetched and unpacked by a child that has become the daemon's user.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "catalog/added_runtimes.h"
#include "catalog/runtimes.h"
#include "images/image_store.h"
#include "mayflyd/daemon_options.h"
#include "mayflyd/privileges.h"

namespace mayfly::daemon {

// An image that is there, and the lock on its folder: nobody takes it away before it is written down.
struct FetchedRuntime {
  catalog::AddedRuntime runtime;
  DataDirectory data;
};
// Told in the child, again and again, how far it has come.
using OnImageProgress = std::function<void(const images::Progress&)>;
// As root, in one thread; blocks. `image` as functions' ImageUri, but of any registry and any path.
// Errors: as images::ImageStore; Fault with a hint (not root, another adding at work, an image that has nothing to start).
Result<FetchedRuntime> FetchRuntimeImage(const Options& options, const catalog::RuntimeIdentifier& identifier, const std::string& image,
                                         OnImageProgress on_progress);

}  // namespace mayfly::daemon
