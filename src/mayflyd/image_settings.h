// What the options say about registries. Read as root: the daemon's user need not be able to.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "images/image_options.h"
#include "images/registry_rules.h"

namespace mayfly::daemon {

struct ImageSettings {
  std::vector<images::RegistryMirror> mirrors;
  images::RegistryCredentials credentials;
};
// Error: an option that cannot be used.
Result<ImageSettings> ReadImageSettings(const images::ImageOptions& options);

}  // namespace mayfly::daemon
