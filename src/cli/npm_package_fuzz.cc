// A registry's description of a package, and what proves a file: whatever stands there, what is taken has an http address and a sha512.
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "cli/metrics_text.h"
#include "cli/npm_package.h"

using namespace mayfly;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto chosen = cli::ChooseVersion(text, 24);
  if (chosen) {
    cli::NpmVersion version;
    MF_ASSERT(cli::ParseNpmVersion(chosen->version, version) && version.major == 24);
    MF_ASSERT(chosen->url.starts_with("http") && chosen->url.find('\n') == std::string::npos);
    MF_ASSERT(chosen->integrity.find("sha512-") != std::string::npos);
  }
  (void)cli::ReadFunctionFigures(text);
  return 0;
}
