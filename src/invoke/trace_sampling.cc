#include "invoke/trace_sampling.h"

#include <fmt/format.h>

#include "telemetry/trace_header.h"

namespace mayfly::invoke {
namespace {

constexpr uint64_t kSampledPercent = 5;

// What is neither Root, Parent nor Sampled, each with its semicolon: Lineage, Self.
std::string OtherFields(std::string_view header) {
  std::string others;
  while (!header.empty()) {
    const size_t end = header.find(';');
    const std::string_view field = header.substr(0, end);
    bool known = field.empty();
    for (const std::string_view name : {"Root=", "Parent=", "Sampled="}) known = known || field.find(name) != std::string_view::npos;
    if (!known) others += fmt::format(";{}", field);
    if (end == std::string_view::npos) break;
    header.remove_prefix(end + 1);
  }
  return others;
}

}  // namespace

std::string CompleteTraceHeader(const Context& ctx, Random& random) {
  if (!telemetry::TraceField(ctx.trace_header, "Root").empty()) {
    if (!telemetry::TraceField(ctx.trace_header, "Parent").empty()) return ctx.trace_header;
    return fmt::format("{};Parent={}", ctx.trace_header, random.Hex(8));
  }
  const int64_t seconds = ToEpochMillis(ctx.loop->WallNow()) / 1000;
  return fmt::format("Root=1-{:08x}-{};Parent={}", seconds, random.Hex(12), random.Hex(8));
}

std::string TraceSampler::Decide(std::string_view header, std::string_view tracing_mode, const std::string& function_arn) {
  const std::string_view decision = telemetry::TraceField(header, "Sampled");
  if (decision == "0") return std::string(header);
  const bool sampled = decision == "1" || (tracing_mode == "Active" && Sample(function_arn));
  const std::string parent = sampled ? random_->Hex(8) : std::string(telemetry::TraceField(header, "Parent"));
  return fmt::format("Root={};Parent={};Sampled={}{}", telemetry::TraceField(header, "Root"), parent, sampled ? 1 : 0, OtherFields(header));
}

bool TraceSampler::Sample(const std::string& function_arn) {
  const int64_t second = ToEpochMillis(loop_->WallNow()) / 1000;
  int64_t& last = seconds_[function_arn];
  if (last != second) {
    last = second;
    return true;
  }
  return random_->Below(100) < kSampledPercent;
}

}  // namespace mayfly::invoke
