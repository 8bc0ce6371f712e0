// Where an exact runtime may come from: for each family the sources in the order in which they are tried.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "catalog/runtimes.h"

namespace mayfly::cli {

enum class RuntimeSource : unsigned char {
  Host,    // an interpreter that is on this machine already, and only has to be found
  Npm,     // the npm registry that npm is configured for
  Debian,  // a package of the sources that apt knows
  Image,   // AWS's base image of the runtime, from a container registry
};
std::string_view NameOf(RuntimeSource source);  // "host", as --from has it

// None of provided.* and go1.x: the package's own program runs.
std::span<const RuntimeSource> SourcesOf(catalog::RuntimeFamily family);

// "python3.14", "nodejs", "openjdk-25-jre-headless", "ruby3.3", "dotnet-runtime-8.0"; "" where Debian has none under any name.
std::string DebianPackageOf(const catalog::RuntimeIdentifier& identifier);
// AWS's base image.
std::string BaseImageOf(const catalog::RuntimeIdentifier& identifier);
// The program on PATH: "python3.14", "node", "java", "ruby", "dotnet".
std::string ProgramOf(const catalog::RuntimeIdentifier& identifier);
// "Python 3.14", "Node.js 24", "Java 25", ".NET 8", "Ruby 3.4"
std::string TitleOf(const catalog::RuntimeIdentifier& identifier);

// "12.22.9~dfsg-1ubuntu3" of `apt-cache policy`; "" when there is no candidate. Pure.
std::string CandidateOf(std::string_view apt_policy);

}  // namespace mayfly::cli
