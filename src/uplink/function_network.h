// FunctionNetwork: the daemon's side of functions' way out: the name server, the relay to this machine, and who was refused what.
//
// One per daemon, on its strand; made before what runs functions, stopped after it. Without a router it knows why there is none.
// Refused connections are counted by the kernel for each address; here they become a figure of the function that has the address, when
// somebody asks and every kCountEvery. What runs functions says who has an address (Joined). A function whose environment ended since
// is still named until its address is given to another, which the jail does as late as it can.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/event.h"
#include "base/json.h"
#include "base/random.h"
#include "base/real_loop.h"
#include "base/task_scope.h"
#include "net/polled_descriptor.h"
#include "telemetry/metrics.h"
#include "uplink/address_holders.h"
#include "uplink/explain.h"
#include "uplink/machine_relay.h"
#include "uplink/name_server.h"
#include "uplink/network_options.h"
#include "uplink/router_process.h"

namespace mayfly::uplink {

inline constexpr telemetry::Metric kConnectionsRefused{"AWS/Lambda", "ConnectionsRefused", telemetry::Unit::Count};  // Mayfly's own

class FunctionNetwork final : public AddressHolders {
 public:
  static constexpr Duration kCountEvery = std::chrono::seconds(60);

  FunctionNetwork(RealLoop& loop, Random& random, telemetry::Metrics& metrics, NetworkPlan plan, RouterProcess router,
                  std::vector<sockaddr_storage> name_servers);
  // Called once, when the router has died before Stop().
  void OnRouterDeath(std::function<void()> callback) { on_death_ = std::move(callback); }
  Task<> Stop();

  void Joined(uint32_t address, const AddressHolder& holder) override;
  // Adds what was refused since to kConnectionsRefused.
  Task<> CountRefusals();
  // For the status page: what is reached, in words; and what keeps functions from it.
  json::Value Describe() const;
  // `host`: an address.
  Result<Explanation> Explain(const std::string& host, uint16_t port) const;
  const NetworkPlan& plan() const { return plan_; }
  bool is_there() const { return control_ != nullptr; }

 private:
  struct Counted {
    AddressHolder holder;
    uint64_t counted[2] = {};  // of the kernel's counts, IPv4 and IPv6: also what former holders of the address were refused
  };
  Task<> ReadAnswers();
  Task<> CountNowAndThen();
  void TakeCounts(const std::string& text);
  void TakeCount(const std::string& address, uint64_t count);

  RealLoop* loop_;
  telemetry::Metrics* metrics_;
  NetworkPlan plan_;
  std::string why_not_;
  bool is_filtered_by_others_ = false;
  bool has_ipv6_ = false;
  bool stopping_ = false;
  std::function<void()> on_death_;
  std::unique_ptr<PolledDescriptor> control_;
  std::unique_ptr<NameServer> name_server_;
  std::unique_ptr<MachineRelay> relay_;
  std::unordered_map<uint32_t, Counted> holders_;  // by address: at most kCageAddresses
  uint32_t asked_ = 0;
  uint32_t answered_ = 0;
  Event answer_;
  TaskScope tasks_;
};

}  // namespace mayfly::uplink
