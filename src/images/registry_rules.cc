#include "images/registry_rules.h"

#include <cctype>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "images/image_error.h"
#include "net/http_message.h"

namespace mayfly::images {
namespace {

constexpr std::string_view kEcrHosts[] = {"*.dkr.ecr.*.amazonaws.com", "*.dkr.ecr.*.amazonaws.com.cn", "public.ecr.aws"};

bool IsHttp(std::string_view url) { return url.starts_with("http://") || url.starts_with("https://"); }

bool MatchesHost(std::string_view pattern, std::string_view host) {
  if (pattern.empty()) return host.empty();
  if (pattern[0] != '*') return !host.empty() && host[0] == pattern[0] && MatchesHost(pattern.substr(1), host.substr(1));
  for (size_t taken = 0;; ++taken) {
    if (MatchesHost(pattern.substr(1), host.substr(taken))) return true;
    if (taken == host.size() || (!std::isalnum(static_cast<unsigned char>(host[taken])) && host[taken] != '-')) return false;
  }
}

// host[/path] of docker's file; hub's old address keeps its path.
std::string HostOfAuth(std::string_view key) {
  if (IsHttp(key)) key.remove_prefix(key.find("//") + 2);
  return std::string(key.substr(0, key.find('/')));
}

bool IsHelperName(std::string_view name) {
  return name.size() <= 64 && ConsistsOf(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
}

std::string_view SkipSeparators(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == ',')) text.remove_prefix(1);
  return text;
}

// One name=value or name="value", taken off `text`.
bool TakeParameter(std::string_view& text, std::string& name, std::string& value) {
  text = SkipSeparators(text);
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals > 64) return false;
  name = LowerCase(text.substr(0, equals));
  text.remove_prefix(equals + 1);
  value.clear();
  if (!text.starts_with('"')) {
    const size_t end = std::min(text.find_first_of(", "), text.size());
    value.assign(text.substr(0, end));
    text.remove_prefix(end);
    return true;
  }
  text.remove_prefix(1);
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
    value += text.front();
    text.remove_prefix(1);
  }
  if (text.empty()) return false;
  text.remove_prefix(1);
  return true;
}

Result<RegistryPlace> PlaceOf(const ImageReference& reference, const std::string& target) {
  RegistryPlace place;
  if (!IsHttp(target)) {
    ImageReference local = reference;
    local.transport = ImageReference::Transport::OciLayout;
    local.location = target.substr(4) + '/' + reference.repository;
    place.local = std::move(local);
    return place;
  }
  place.origin = OriginOf(target);
  const std::string_view prefix = std::string_view(target).substr(place.origin.size());
  place.repository = prefix.size() > 1 ? fmt::format("{}/{}", prefix.substr(1), reference.repository) : reference.repository;
  return place;
}

}  // namespace

std::string_view OriginOf(std::string_view url) {
  const size_t host = url.find("//");
  if (host == std::string_view::npos) return {};
  return url.substr(0, url.find_first_of("/?#", host + 2));
}

Result<RegistryMirror> ParseRegistryMirror(std::string_view text) {
  const size_t equals = text.find('=');
  RegistryMirror mirror;
  if (equals != std::string_view::npos) mirror = {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
  while (mirror.target.ends_with('/')) mirror.target.pop_back();
  const bool remote = IsHttp(mirror.target) && OriginOf(mirror.target).size() > 8 && mirror.target.find_first_of("?#@ ") == std::string::npos;
  const bool local = mirror.target.starts_with("oci:") && mirror.target.find(':', 4) == std::string::npos && ParseImageUri(mirror.target).has_value();
  if (mirror.host.empty() || (!remote && !local)) {
    return Fail(Error::Fault(fmt::format("--registry-mirror {}: expected HOST=http(s)://HOST[:PORT][/PREFIX] or HOST=oci:PATH", text)));
  }
  return mirror;
}

Result<RegistryCredentials> ParseRegistryCredentials(std::string_view text) {
  MF_TRY(const json::Value value, json::Parse(text));
  RegistryCredentials credentials;
  const json::Value* auths = value.Find("auths");
  if (!auths || !auths->is_object()) return credentials;
  for (const auto& [key, entry] : auths->object()) {
    const std::optional<std::string> decoded = Base64Decode(entry.StringOr("auth", ""));
    if (!decoded || decoded->find(':') == std::string::npos) continue;
    credentials[HostOfAuth(key)] = *decoded;
  }
  return credentials;
}

Result<std::vector<CredentialHelper>> ParseCredentialHelpers(std::string_view text) {
  MF_TRY(const json::Value value, json::Parse(text));
  std::vector<CredentialHelper> helpers;
  const auto add = [&helpers](std::string_view name, const std::string& server_url) {
    if (IsHelperName(name)) helpers.push_back({std::string(name), server_url, HostOfAuth(server_url)});
  };
  const json::Value* auths = value.Find("auths");
  const std::string_view store = value.StringOr("credsStore", "");
  if (auths && auths->is_object()) {
    for (const auto& [key, entry] : auths->object()) {
      if (entry.StringOr("auth", "").empty()) add(store, key);
    }
  }
  const json::Value* by_host = value.Find("credHelpers");
  if (by_host && by_host->is_object()) {
    for (const auto& [key, name] : by_host->object()) {
      if (name.is_string()) add(name.string(), key);
    }
  }
  return helpers;
}

Result<std::string> ParseHelperAnswer(std::string_view text) {
  MF_TRY(const json::Value value, json::Parse(text));
  const std::string_view user = value.StringOr("Username", ""), secret = value.StringOr("Secret", "");
  if (user.empty() || secret.empty() || user.find(':') != std::string_view::npos) return Fail(Error::Fault("it names no user and password"));
  if (user == "<token>") return Fail(Error::Fault("it gives an identity token, which is not used here"));
  return fmt::format("{}:{}", user, secret);
}

Result<RegistryPlace> FindRegistry(const ImageReference& reference, const std::vector<RegistryMirror>& mirrors, const RegistryCredentials& credentials,
                                   AskedBy asked_by) {
  for (const RegistryMirror& mirror : mirrors) {
    if (MatchesHost(mirror.host, reference.location)) return PlaceOf(reference, mirror.target);
  }
  bool known = asked_by == AskedBy::Operator || credentials.contains(reference.location);
  for (const std::string_view host : kEcrHosts) known = known || MatchesHost(host, reference.location);
  if (known) return PlaceOf(reference, "https://" + reference.location);
  return Fail(ImageError(kNotAReference, fmt::format("{} is no registry that this daemon uses: name it with --registry-mirror", reference.location)));
}

std::optional<Challenge> ParseChallenge(std::string_view header) {
  header = SkipSeparators(header);
  const size_t space = std::min(header.find(' '), header.size());
  const std::string_view scheme = header.substr(0, space);
  Challenge challenge;
  challenge.bearer = EqualIgnoringCase(scheme, "Bearer");
  if (!challenge.bearer) return EqualIgnoringCase(scheme, "Basic") ? std::optional(challenge) : std::nullopt;
  header.remove_prefix(space);
  std::string name, value;
  while (TakeParameter(header, name, value)) {
    if (name == "realm") challenge.realm = value;
    if (name == "service") challenge.service = value;
    if (name == "scope") challenge.scope = value;
  }
  if (!IsHttp(challenge.realm)) return std::nullopt;
  return challenge;
}

Result<std::string> ResolveLocation(std::string_view url, std::string_view location) {
  std::string target(location);
  if (location.starts_with("//")) target = fmt::format("{}:{}", url.substr(0, url.find(':')), location);
  else if (location.starts_with('/')) target = fmt::format("{}{}", OriginOf(url), location);
  if (!IsHttp(target)) return Fail(Invalid("the registry leads to what is no URL"));
  if (url.starts_with("https://") && !target.starts_with("https://")) return Fail(Invalid("the registry leads from https to http"));
  return target;
}

}  // namespace mayfly::images
