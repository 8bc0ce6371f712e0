// What an npm registry says of a package, read with suspicion: which version to take, where its file is, and what proves that it is the right one.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::cli {

struct NpmTarball {
  std::string version;    // "24.22.3"
  std::string url;
  std::string integrity;  // "sha512-…", as the registry gives it
};

inline constexpr size_t kPackumentBytesMax = 64 << 20;

// The newest version of `major` in a package's document (abbreviated or whole): no pre-releases, and no deprecated one where another is there.
// Errors: Fault: it is no such document; it has no such version; the version has no address under http(s), or no sha512.
Result<NpmTarball> ChooseVersion(std::string_view packument, int major);

// "1.2.3" → its numbers; false for anything else, pre-releases among it.
struct NpmVersion {
  int major = 0, minor = 0, patch = 0;
  auto operator<=>(const NpmVersion&) const = default;
};
bool ParseNpmVersion(std::string_view text, NpmVersion& version);

// Whether the file at `descriptor`, from its start, is what `integrity` says: one of its sha512 hashes fits. Leaves the position at the start.
// Errors: Fault (it is not; there is no sha512 among them; it cannot be read).
Result<> CheckIntegrity(int descriptor, std::string_view integrity);

}  // namespace mayfly::cli
