// FunctionNetwork: the daemon's side of functions' way out: the name server, the relay to this machine, and who was refused what.
//
// One per daemon, on its strand; made before what runs functions, stopped after it. Without a router it knows why there is none.
// Refused connections are counted by the kernel for each address; here they become a figure of the function that has the address, when
// somebody asks and every kCountEvery. What runs functions says who has an address (Joined). A function whose environment ended since
// is still named until its address is given to another, which the jail does as late as it can.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/json.h"
#include "base/random.h"
#include "base/real_loop.h"
#include "base/task_scope.h"
#include "telemetry/metrics.h"
#include "uplink/address_holders.h"
#include "uplink/explain.h"
#include "uplink/network_options.h"
#include "uplink/router_process.h"

namespace mayfly {
class BlockingPool;
}

namespace mayfly::vpc {
class FunctionNetworks;
}

namespace mayfly::uplink {

class MachineRelay;
class NameServer;
class RouterChannel;
class VpcMembers;
struct RelayedConnection;

inline constexpr telemetry::Metric kConnectionsRefused{"AWS/Lambda", "ConnectionsRefused", telemetry::Unit::Count};  // Mayfly's own

class FunctionNetwork final : public AddressHolders {
 public:
  static constexpr Duration kCountEvery = std::chrono::seconds(60);

  FunctionNetwork(RealLoop& loop, Random& random, telemetry::Metrics& metrics, NetworkPlan plan, RouterProcess router,
                  std::vector<sockaddr_storage> name_servers);
  ~FunctionNetwork() override;
  // Called once, when the router has died before Stop().
  void OnRouterDeath(std::function<void()> callback);
  // Before functions run.
  void Follow(vpc::FunctionNetworks& networks);
  Task<> Stop();

  Task<Result<>> Join(uint32_t address, AddressHolder holder) override;
  void Leave(uint32_t address) override;
  // Whether a service of AWS's ("sqs") is reached from the VPC that `holder` is in. Error: AccessDeniedException, with the rule.
  Result<> CheckService(const AddressHolder& holder, uint32_t address, std::string_view service) const;
  // Adds what was refused since to kConnectionsRefused.
  Task<> CountRefusals();
  // For the status page: what is reached, in words; and what keeps functions from it.
  json::Value Describe() const;
  struct ExplainedAddress {
    std::string address;
    Explanation explanation;
  };
  // For each address of `host`, a name or an address, as `holder` finds it; in a VPC, for each subnet that decides otherwise. Names are
  // looked up as the machine does, which is where functions' name server asks. Error: Fault; there is no such name.
  Task<Result<std::vector<ExplainedAddress>>> ExplainTo(Context& ctx, BlockingPool& files, AddressHolder holder, std::string host, uint16_t port) const;
  const NetworkPlan& plan() const { return plan_; }
  bool is_there() const { return channel_ != nullptr; }

 private:
  struct Counted {
    AddressHolder holder;
    uint64_t counted[2] = {};  // of the kernel's counts, IPv4 and IPv6: also what former holders of the address were refused
  };
  Task<> CountNowAndThen();
  void TakeCounts(const std::string& text);
  void TakeCount(const std::string& address, uint64_t count);
  Task<Result<std::vector<ExplainedAddress>>> ExplainFromVpc(Context& ctx, BlockingPool& files, AddressHolder holder, std::string host,
                                                            uint16_t port) const;
  std::vector<sockaddr_storage> GoalsOf(const RelayedConnection& connection) const;

  RealLoop* loop_;
  telemetry::Metrics* metrics_;
  NetworkPlan plan_;
  std::string why_not_;
  bool is_filtered_by_others_ = false;
  bool has_ipv6_ = false;
  bool stopping_ = false;
  std::unique_ptr<RouterChannel> channel_;
  std::unique_ptr<VpcMembers> members_;
  vpc::FunctionNetworks* networks_ = nullptr;
  std::unique_ptr<NameServer> name_server_;
  std::unique_ptr<MachineRelay> relay_;
  std::unordered_map<uint32_t, Counted> holders_;  // by address: at most kCageAddresses
  TaskScope tasks_;
};

}  // namespace mayfly::uplink
