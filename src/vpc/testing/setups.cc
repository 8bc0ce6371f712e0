// vpc_setups SEED COUNT: generated networks, for a test that holds the rule model against the kernel. A line of JSON for each seed from
// SEED on: the ruleset, the interfaces with their addresses, the addresses outside, and connections with what the model says of them.
#include <fmt/format.h>

#include <cstdlib>

#include "base/json.h"
#include "vpc/ruleset.h"
#include "vpc/testing/setup.h"

namespace mayfly::vpc::testing {
namespace {

json::Value ShowConnection(const Network& network, const Connection& connection) {
  const Verdict verdict = Decide(network, connection);
  json::Value probe;
  probe.Set("from", connection.interface_id);
  probe.Set("to", connection.destination.Text());
  probe.Set("port", static_cast<int64_t>(connection.port));
  probe.Set("protocol", std::string(connection.protocol));
  probe.Set("source_port", static_cast<int64_t>(connection.source_port));
  probe.Set("passes", verdict.passes);
  probe.Set("rule", verdict.rule);
  return probe;
}

json::Value ShowInterface(const Interface& interface) {
  json::Value shown;
  shown.Set("id", interface.id);
  shown.Set("address", interface.private_ips.front());
  return shown;
}

json::Value ShowSetup(uint64_t seed) {
  const Setup setup(seed);
  json::Array interfaces, probes;
  for (const Interface& one : setup.network().interfaces) interfaces.push_back(ShowInterface(one));
  for (const Connection& one : setup.connections()) probes.push_back(ShowConnection(setup.network(), one));
  json::Value out;
  out.Set("seed", static_cast<int64_t>(seed));
  out.Set("rules", Ruleset(setup.network()));
  out.Set("interfaces", json::Value(std::move(interfaces)));
  out.Set("outside", json::Value(json::Array(std::begin(kOutside), std::end(kOutside))));
  out.Set("probes", json::Value(std::move(probes)));
  return out;
}

}  // namespace
}  // namespace mayfly::vpc::testing

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: vpc_setups SEED COUNT\n");
    return 2;
  }
  const uint64_t first = std::strtoull(argv[1], nullptr, 10);
  const uint64_t count = std::strtoull(argv[2], nullptr, 10);
  for (uint64_t seed = first; seed < first + count; ++seed) fmt::print("{}\n", mayfly::json::Write(mayfly::vpc::testing::ShowSetup(seed)));
  return 0;
}
