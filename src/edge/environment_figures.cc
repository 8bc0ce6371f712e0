#include "edge/environment_figures.h"

#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::edge {
namespace {

enum PartOfArn : size_t { kRegion = 3, kAccount = 4, kName = 6, kParts = 7 };  // arn:aws:lambda:REGION:ACCOUNT:function:NAME

}  // namespace

std::string WriteEnvironmentFigures(const std::map<std::string, runtime::FunctionUse>& uses, std::string_view account_id) {
  std::string environments, idle, memory;
  for (const auto& [arn, use] : uses) {
    const std::vector<std::string_view> parts = Split(arn, ':');
    if (parts.size() < kParts || (!account_id.empty() && parts[kAccount] != account_id)) continue;
    const std::string labels = fmt::format("{{account=\"{}\",region=\"{}\",function_name=\"{}\"}}", parts[kAccount], parts[kRegion], parts[kName]);
    fmt::format_to(std::back_inserter(environments), "mayfly_environments{} {}\n", labels, use.environments);
    fmt::format_to(std::back_inserter(idle), "mayfly_environments_idle{} {}\n", labels, use.idle);
    fmt::format_to(std::back_inserter(memory), "mayfly_environments_memory_bytes{} {}\n", labels, use.memory_bytes);
  }
  return environments + idle + memory;
}

}  // namespace mayfly::edge
