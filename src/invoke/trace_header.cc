#include "invoke/trace_header.h"

#include <fmt/format.h>

namespace mayfly::invoke {

std::string CompleteTraceHeader(const Context& ctx, Random& random) {
  if (ctx.trace_header.find("Root=") != std::string::npos) {
    return ctx.trace_header.find("Parent=") == std::string::npos ? fmt::format("{};Parent={};Sampled=0", ctx.trace_header, random.Hex(8))
                                                                 : ctx.trace_header;
  }
  const int64_t seconds = ToEpochMillis(ctx.loop->WallNow()) / 1000;
  return fmt::format("Root=1-{:08x}-{};Parent={};Sampled=0", seconds, random.Hex(12), random.Hex(8));
}

}  // namespace mayfly::invoke
