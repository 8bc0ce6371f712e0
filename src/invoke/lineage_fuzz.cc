// The trace header comes from callers: any bytes are taken, and the lineage that comes out is well formed and bounded.
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "invoke/lineage.h"

using namespace mayfly::invoke;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view header(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kArn = "arn:aws:lambda:us-east-1:000000000000:function:f";
  const Hop first = AddHop(header, kArn);
  MF_ASSERT(first.earlier >= 0 && first.earlier <= kLineageCountMax);
  MF_ASSERT(first.trace_header.size() <= size + 9 + size_t{kLineageFunctionsMax} * 15);
  MF_ASSERT(IsLoop(first.trace_header, kArn) == first.is_loop());
  const Hop second = AddHop(first.trace_header, kArn);
  MF_ASSERT(second.earlier == first.earlier + 1 || second.earlier == kLineageCountMax);
  return 0;
}
