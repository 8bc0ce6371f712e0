// Which registry stands for the host of an ImageUri, and what it says when it wants to know who asks. Pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "images/reference.h"

namespace mayfly::images {

// HOST=TARGET of --registry-mirror. HOST: as in URIs, '*' for any letters, digits and '-', e.g. *.dkr.ecr.*.amazonaws.com.
// TARGET: http(s)://HOST[:PORT][/PREFIX], or oci:PATH for layouts PATH/REPOSITORY in the directory of images.
struct RegistryMirror {
  std::string host;
  std::string target;
};
// Error: with what was expected.
Result<RegistryMirror> ParseRegistryMirror(std::string_view text);

// The file that `docker login` writes: by host, "user:password". Error: Fault. Without "auths" it holds nothing.
using RegistryCredentials = std::map<std::string, std::string>;
Result<RegistryCredentials> ParseRegistryCredentials(std::string_view text);

// The same file's "credHelpers", and its "credsStore" for those of "auths" that hold no password. Error: as ParseRegistryCredentials.
struct CredentialHelper {
  std::string name;        // of docker-credential-NAME: letters, digits, '-', '_' and '.'
  std::string server_url;  // as it is asked
  std::string host;        // whom the answer is for
};
Result<std::vector<CredentialHelper>> ParseCredentialHelpers(std::string_view text);
// "user:password" of a helper's answer. Error: Fault.
Result<std::string> ParseHelperAnswer(std::string_view text);

// Where an image of a registry really comes from.
struct RegistryPlace {
  std::string origin;      // http(s)://HOST[:PORT]; "" when `local` says it
  std::string repository;  // with the mirror's prefix
  std::optional<ImageReference> local;
};
// For callers only registries that are mirrored, have credentials, or are ECR's. Error: kNotAReference.
Result<RegistryPlace> FindRegistry(const ImageReference& reference, const std::vector<RegistryMirror>& mirrors, const RegistryCredentials& credentials,
                                   AskedBy asked_by);

// A WWW-Authenticate header, as far as registries use it.
struct Challenge {
  bool bearer = false;  // else Basic
  std::string realm;
  std::string service;
  std::string scope;
};
std::optional<Challenge> ParseChallenge(std::string_view header);

// The absolute URL that a Location header means, seen from `url`. Error: kInvalid for what is no http(s); https never leads to http.
Result<std::string> ResolveLocation(std::string_view url, std::string_view location);
// "http://host:port" of a URL.
std::string_view OriginOf(std::string_view url);

}  // namespace mayfly::images
