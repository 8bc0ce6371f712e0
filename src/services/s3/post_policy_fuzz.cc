// Any text may come as a form's policy, and as the tags of a request.
#include <cstddef>
#include <cstdint>

#include "services/s3/object_fields.h"
#include "services/s3/post_policy.h"
#include "services/s3/ranges.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto policy = mayfly::s3::PostPolicy::Parse(text)) (void)policy->Check({{"key", "k"}}, {});
  if (const auto tags = mayfly::s3::ParseTagging(text)) MF_ASSERT(tags->size() <= mayfly::s3::kObjectTagsMax);
  const auto range = mayfly::s3::ParseRange(text, 100);
  if (range && *range) MF_ASSERT((*range)->offset >= 0 && (*range)->size > 0 && (*range)->offset + (*range)->size <= 100);
  return 0;
}
