// Fuzz target: names and ARNs of layers. Whatever the text, an ARN that is understood is the one that was given, and its key
// leads back to the same version.
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "catalog/layer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly::catalog;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ParseLayerName(text, "111122223333", "eu-west-1").Arn();
  const auto version = ParseLayerVersionArn(text);
  if (!version) return 0;
  MF_ASSERT(version->Arn() == text);
  // The model's pattern keeps '/' out of names; keys are made of what has passed it.
  if (text.find('/') != std::string_view::npos || version->number < 0) return 0;
  LayerVersion stored;
  stored.code_sha256 = "x";
  LayerVersion read;
  MF_ASSERT(FromJson(version->Key(), ToJson(stored), read));
  MF_ASSERT(read.name.Arn() == text);
  return 0;
}
