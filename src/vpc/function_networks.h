// FunctionNetworks: how functions come into VPCs. Who has networks offers it; who has functions needs it.
//
// On AWS functions with the same subnet and the same groups share an interface; so do they here. An interface exists as long as a version
// of a function is attached to it, and as long is its subnet, and are its groups, in use.
// Whoever changes a function joins first, stores the function, and then says what is the case (Keep): between the two both the old and the
// new interfaces are kept, so that a crash leaves too many and never too few. All on the daemon's strand.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "vpc/network.h"

namespace mayfly::vpc {

// What a function's VpcConfig says.
struct FunctionWish {
  std::vector<std::string> subnet_ids;  // not empty
  std::vector<std::string> group_ids;   // not empty
  bool ipv6 = false;                    // dual stack

  bool operator==(const FunctionWish&) const = default;
};

// A version of a function, by its ARN: "arn:aws:lambda:REGION:ACCOUNT:function:NAME:VERSION".
struct FunctionMember {
  Scope scope;
  std::string arn;
};

// What an environment of such a version may be joined to, one for each of its subnets.
struct FunctionLink {
  std::string vpc_id;
  std::string interface_id;
  std::string subnet_id;
  std::string address;  // of the interface: what all environments behind it go out with
  std::string subnet_cidr;
  std::string gateway;   // the first address of the subnet
  std::string resolver;  // the second one of the VPC, where its DNS is
  std::vector<std::string> group_ids;
};

// What names mean inside of a VPC.
struct NetworkNames {
  bool resolves = true;  // enableDnsSupport
  std::string domain;    // of the hosts in it, "ec2.internal": what has no address there has none anywhere
  std::vector<std::pair<std::string, std::string>> addresses;  // by name, lower case, to IPv4: of hosts, and of services with endpoints
};

class FunctionNetworks {
 public:
  virtual ~FunctionNetworks() = default;

  // Makes what `member` will need, beside what it has. Gives the VPC's id. Errors: InvalidParameterValueException in Lambda's words, when
  // a subnet or a group does not exist, or they are of several VPCs; a subnet has no free address; RequestLimitExceeded.
  virtual Task<Result<std::string>> Join(Context& ctx, FunctionMember member, FunctionWish wish) = 0;
  // What `member` has is just this; nullopt: nothing. Interfaces that nobody has any more are deleted. Errors: as Join.
  virtual Task<Result<>> Keep(Context& ctx, FunctionMember member, std::optional<FunctionWish> wish) = 0;
  // ARNs of all that are attached, of those that begin with `arn_prefix`.
  virtual std::vector<std::string> Attached(const Scope& scope, std::string_view arn_prefix) const = 0;
  virtual std::vector<Scope> ScopesWithAttached() const = 0;
  // Of a subnet; "": there is none.
  virtual std::string VpcOf(const Scope& scope, const std::string& subnet_id) const = 0;
  virtual std::vector<FunctionLink> LinksOf(const FunctionMember& member) const = 0;
  // All that decides about connections in a VPC (reachability.h, ruleset.h). nullopt: there is none of that id.
  virtual std::optional<Network> NetworkOf(const Scope& scope, const std::string& vpc_id) const = 0;
  // Of a network of NetworkOf's.
  virtual NetworkNames NamesOf(const Network& network) const = 0;
  // Who enforces the rules: called after each change of the networks of an account in a region, which is answered when that is done. Once.
  virtual void OnChange(std::function<Task<>(Context& ctx, Scope scope)> follower) = 0;
};

}  // namespace mayfly::vpc
