// Feeds bytes to the zip reader and the package plan. What passes must keep every promise about names and sizes.
#include <cstddef>
#include <cstdint>

#include "packages/package_writer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  using namespace mayfly::packages;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto zip = ZipReader::Open(bytes, 1000);
  if (!zip) return 0;
  MF_ASSERT(zip->entries().size() <= 1000);
  const auto plan = PlanPackage(*zip);
  if (plan) {
    for (const auto& [path, kind] : plan->tree.nodes()) {
      MF_ASSERT(!path.empty() && path[0] != '/' && path.find('\0') == std::string::npos);
      MF_ASSERT(("/" + path + "/").find("/../") == std::string::npos);
    }
  }
  for (const ZipEntry& entry : zip->entries()) {
    uint64_t count = 0;
    const auto read = zip->Read(entry, [&](std::string_view piece) -> Result<> {
      count += piece.size();
      MF_ASSERT(count <= entry.unpacked_bytes);
      if (count > 1'000'000) return Fail(Error::Fault("enough"));
      return {};
    });
    MF_ASSERT(!read || count == entry.unpacked_bytes);
  }
  return 0;
}
