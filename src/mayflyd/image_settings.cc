#include "mayflyd/image_settings.h"

#include "base/files.h"

namespace mayfly::daemon {

Result<ImageSettings> ReadImageSettings(const Options& options) {
  ImageSettings settings;
  for (const std::string& text : options.registry_mirrors) {
    MF_TRY(images::RegistryMirror mirror, images::ParseRegistryMirror(text));
    settings.mirrors.push_back(std::move(mirror));
  }
  if (options.registry_credentials.empty()) return settings;
  MF_TRY(const std::string text, ReadFile(options.registry_credentials));
  auto credentials = images::ParseRegistryCredentials(text);
  if (!credentials) return Fail(std::move(credentials).error().Wrap("--registry-credentials " + options.registry_credentials));
  settings.credentials = std::move(*credentials);
  return settings;
}

}  // namespace mayfly::daemon
