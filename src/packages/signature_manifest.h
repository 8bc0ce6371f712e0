// The text that a package's signature covers. Private to this room; docs/code-signing.md has the format.
#pragma once

#include <string>
#include <string_view>

#include "packages/package_signature.h"
#include "packages/zip_reader.h"

namespace mayfly::packages {

// The manifest for the entries of `zip`, but for manifest and signature themselves. Errors (Fault): an entry twice, or one
// that cannot be unpacked.
Result<std::string> MakeManifest(const ZipReader& zip, const SignatureStatement& statement);

// The statement at the head of a manifest. What follows it is not looked at: it is compared with MakeManifest's. Errors (Fault).
Result<SignatureStatement> ParseManifestHead(std::string_view manifest);

}  // namespace mayfly::packages
