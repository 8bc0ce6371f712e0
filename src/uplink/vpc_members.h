// VpcMembers: environments of functions in VPCs, and the rules that hold for them.
//
// One per daemon, on its strand. Environments behind one interface (vpc/function_networks.h) share a profile: it is in the kernel as
// long as one of them is, and follows all changes of its network: whoever changed it is answered when the kernel has it. Environments of
// functions without a VPC cost nothing here.
// Nothing is ever open by mistake: an environment that cannot be joined is not made; a profile that cannot be compiled or put shuts all
// that go by it, until it can; an address whose environment has ended stays shut until it is another's.
// After a restart nothing is left of it: environments have ended with the daemon, and the router with its rules.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/context.h"
#include "uplink/router_channel.h"
#include "uplink/vpc_profile.h"
#include "vpc/function_networks.h"
#include "vpc/reachability.h"

namespace mayfly::uplink {

class VpcMembers {
 public:
  // `channel`: nullptr: functions have no network at all. Outlives it.
  explicit VpcMembers(RouterChannel* channel) : channel_(channel) {}
  // Before anybody joins.
  void Follow(vpc::FunctionNetworks& networks);

  // The environment with this address (0: it has no network) is of this version of a function, which has a VpcConfig. Before its code
  // runs. Errors: EC2UnexpectedException, when its rules cannot be enforced.
  Task<Result<>> Join(uint32_t address, vpc::FunctionMember member);
  // It is one without. Errors: likewise, if the address was shut and stays so.
  Task<Result<>> JoinEverybody(uint32_t address);
  // It ends, and begins no connection any more.
  void Leave(uint32_t address);

  // Whether a service ("sqs") is reached from where `member` is. Errors: AccessDeniedException, with the rule that does not let it.
  Result<> CheckService(const vpc::FunctionMember& member, uint32_t address, std::string_view service);

  // The rules of whoever has this address. nullptr: of no VPC's. A shut one has those of ClosedVpcProfile.
  const VpcProfile* ProfileAt(uint32_t address) const;
  size_t profiles() const { return profiles_.size(); }

 private:
  struct Profile {
    uint32_t number = 0;
    vpc::Scope scope;
    std::string vpc_id;
    std::string interface_id;
    VpcProfile made;      // as it was asked for last
    std::string failure;  // why it shuts everybody out; "": it does not
    int members = 0;
    std::map<std::string, vpc::Verdict, std::less<>> services;  // what was asked for since it was compiled
  };
  using ProfilePointer = std::shared_ptr<Profile>;

  Result<ProfilePointer> ProfileFor(const vpc::FunctionMember& member);
  VpcProfile Compile(Profile& profile) const;
  // Sends it if it has changed; whoever awaits the result has it in the kernel.
  Task<> Put(ProfilePointer profile);
  Task<> Refresh(vpc::Scope scope);
  void Drop(const ProfilePointer& profile);

  RouterChannel* channel_;
  vpc::FunctionNetworks* networks_ = nullptr;
  std::map<std::string, ProfilePointer> profiles_;           // by interface, with account and region
  std::unordered_map<uint32_t, ProfilePointer> members_;     // by address; nullptr: shut
  std::vector<uint32_t> free_numbers_;
  uint32_t next_number_ = 0;
  uint32_t turn_ = 0;  // among a function's subnets
};

}  // namespace mayfly::uplink
