// Feeds bytes to the reader of package signatures: as a whole zip, and as a signature inside of a good one. Nothing that a
// fuzzer makes up can be Intact, since it has no key.
#include <cstddef>
#include <cstdint>

#include "packages/package_signature.h"
#include "packages/signature_crypto.h"
#include "packages/signature_manifest.h"
#include "packages/zip_append.h"
#include "packages/zip_test_builder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  using namespace mayfly::packages;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  MF_ASSERT(ReadPackageSignature(bytes).state != SignatureState::Intact);
  (void)ParseManifestHead(bytes);
  (void)ParseProfileVersionArn(bytes);
  (void)AppendToZip(bytes, {{"a", "b"}});
  MF_ASSERT(!VerifyDetached("content", bytes));
  static const std::string plain = MakeZip({{.name = "index.py", .bytes = "code"}});
  const size_t half = bytes.find('\0') == std::string_view::npos ? size / 2 : bytes.find('\0');
  const auto with = AppendToZip(plain, {{std::string(kManifestName), std::string(bytes.substr(0, half))},
                                        {std::string(kSignatureName), std::string(bytes.substr(half))}});
  MF_ASSERT(with && ReadPackageSignature(*with).state == SignatureState::Broken);
  return 0;
}
