#include "cli/aws_settings.h"

#include <cstdlib>

#include "base/files.h"
#include "base/text.h"

namespace mayfly::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr size_t kFileBytesMax = 1 << 20;

struct Profile {
  std::string credentials;  // texts of the two files
  std::string config;
  std::string name;

  // In the configuration file a profile is called [profile NAME], but for the default.
  std::string Find(std::string_view key) const {
    std::string value = FindInProfile(credentials, name, key);
    if (value.empty()) value = FindInProfile(config, name == "default" ? name : "profile " + name, key);
    return value;
  }
};

std::string ReadOr(const FileReader& read_file, const std::string& path) {
  auto text = read_file(path);
  return text && text->size() <= kFileBytesMax ? std::move(*text) : std::string();
}

}  // namespace

std::string FindInProfile(std::string_view text, std::string_view section, std::string_view key) {
  bool inside = false;
  for (const std::string_view raw : Split(text, '\n')) {
    const std::string_view line = Trim(raw, kBlanks);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      const size_t close = line.find(']');
      inside = close != std::string_view::npos && Trim(line.substr(1, close - 1), kBlanks) == section;
      continue;
    }
    const size_t equals = line.find('=');
    if (inside && equals != std::string_view::npos && Trim(line.substr(0, equals), kBlanks) == key) return std::string(Trim(line.substr(equals + 1), kBlanks));
  }
  return {};
}

AwsSettings ReadAwsSettings(const Variables& variables, const FileReader& read_file) {
  const auto variable = [&](const char* name) { return variables(name).value_or(""); };
  const std::string home = variable("HOME") + "/.aws/";
  const auto path_or = [&](const char* name, const char* usual) {
    const std::string path = variable(name);
    return path.empty() ? home + usual : path;
  };
  Profile profile{.credentials = ReadOr(read_file, path_or("AWS_SHARED_CREDENTIALS_FILE", "credentials")),
                  .config = ReadOr(read_file, path_or("AWS_CONFIG_FILE", "config")),
                  .name = variable("AWS_PROFILE")};
  if (profile.name.empty()) profile.name = "default";

  AwsSettings settings;
  identity::SigningIdentity identity{variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"), variable("AWS_SESSION_TOKEN")};
  if (identity.access_key_id.empty() || identity.secret_access_key.empty()) {
    identity = {profile.Find("aws_access_key_id"), profile.Find("aws_secret_access_key"), profile.Find("aws_session_token")};
  }
  if (!identity.access_key_id.empty() && !identity.secret_access_key.empty()) settings.identity = std::move(identity);
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (settings.region.empty()) settings.region = variable(name);
  }
  if (settings.region.empty()) settings.region = profile.Find("region");
  return settings;
}

AwsSettings ReadAwsSettings() {
  return ReadAwsSettings(
      [](const char* name) -> std::optional<std::string> {
        const char* value = std::getenv(name);
        return value ? std::optional<std::string>(value) : std::nullopt;
      },
      [](const std::string& path) { return ReadFile(path); });
}

}  // namespace mayfly::cli
