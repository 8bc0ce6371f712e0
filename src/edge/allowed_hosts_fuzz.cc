// Feeds Host fields to the list of allowed hosts: what is taken is an address of this machine or ends with a domain that is allowed, and
// is taken again.
#include <cstddef>
#include <cstdint>

#include "base/sim_loop.h"
#include "base/text.h"
#include "edge/allowed_hosts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  static SimLoop loop;
  const std::string_view field(reinterpret_cast<const char*>(data), size);
  edge::AllowedHosts hosts(loop, {.listen_host = "127.0.0.1", .url_domain = "fn.test", .allowed = {"*.lan"}}, [] { return std::vector<std::string>{"192.0.2.1"}; });
  const auto is_service = [](std::string_view name) { return name.starts_with("sqs."); };
  const bool taken = hosts.Allow(field, is_service);
  MF_ASSERT(hosts.Allow(field, is_service) == taken);
  (void)edge::AllowedHosts::CheckOption(std::string(field));
  if (!taken || field.starts_with('[')) return 0;
  std::string name = LowerCase(field.substr(0, field.find(':')));
  if (name.ends_with('.')) name.pop_back();
  bool is_known = name == "192.0.2.1" || name.starts_with("127.") || name == "0.0.0.0";
  for (const std::string_view end : {"localhost", "ip6-loopback", "fn.test", ".lan", ".amazonaws.com", ".amazonaws.com.cn", ".api.aws"}) is_known = is_known || name.ends_with(end);
  MF_ASSERT(is_known);
  return 0;
}
