// An interpreter from an npm registry, laid into the daemon's data directory.
//
// Root asks for it; what strangers have written is fetched, verified and unpacked by a child that has become the daemon's user
// (mayflyd/unprivileged_child.h), into a folder that nobody else can reach. What it leaves there becomes root's own: the daemon runs it as root
// to ask for its version. It gets its name last, so that what has a name is whole.
//
// Bounds: kPackageBytesMax to fetch, kUnpackedBytesMax and kEntriesMax unpacked. Refused: links, paths that lead out of the package.
#pragma once

#include <string>

#include "base/result.h"
#include "catalog/runtimes.h"
#include "mayflyd/daemon_options.h"

namespace mayfly::cli {

inline constexpr int64_t kPackageBytesMax = 512ll << 20;
inline constexpr uint64_t kUnpackedBytesMax = 2ull << 30;
inline constexpr size_t kEntriesMax = 50'000;

// The package that holds Node.js for this machine's processor; "" where there is none.
std::string NodePackageName();

struct NodePackageSource {
  std::string registry;   // --npm-registry; "": npm's own configuration says
  std::string file;       // instead of a registry: a package that somebody has brought here
  std::string integrity;  // of that file: "sha512-…"; "" when nobody knows it
};
// As root, in one thread; blocks; tells on standard error how far it has come. What it has installed, as a person reads it; it stands among the
// added runtimes then. Errors: Fault with a hint.
Result<std::string> InstallNode(const daemon::Options& options, const catalog::RuntimeIdentifier& identifier, const NodePackageSource& source);
// The same up to the fetching: what it would take, and from where. Errors: as InstallNode, code "Unreachable" where the registry does not answer.
Result<std::string> DescribeNodeInstallation(const daemon::Options& options, const catalog::RuntimeIdentifier& identifier, const NodePackageSource& source);

}  // namespace mayfly::cli
