#include "mayflyd/image_settings.h"

#include "base/files.h"
#include "base/log.h"
#include "mayflyd/credential_helper.h"

namespace mayfly::daemon {
namespace {

constexpr Duration kHelperPatience = std::chrono::seconds(10);
constexpr size_t kHelpersMax = 32;

// A helper that fails does not keep the daemon from starting: its registry says what it thinks of that.
Result<> AskHelpers(std::string_view file, images::RegistryCredentials& credentials) {
  MF_TRY(const std::vector<images::CredentialHelper> helpers, images::ParseCredentialHelpers(file));
  if (helpers.size() > kHelpersMax) return Fail(Error::Fault("--registry-credentials: more registries with helpers than can be asked at every start"));
  for (const images::CredentialHelper& helper : helpers) {
    auto asked = AskCredentialHelper(helper, kHelperPatience);
    if (asked) credentials[helper.host] = std::move(*asked);
    else log::Warning("credentials for {}: {}", helper.host, asked.error().message);
  }
  return {};
}

}  // namespace

Result<ImageSettings> ReadImageSettings(const images::ImageOptions& options) {
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
  MF_TRY_VOID(AskHelpers(text, settings.credentials));
  return settings;
}

}  // namespace mayfly::daemon
