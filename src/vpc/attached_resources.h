// AttachedResources: what functions in VPCs reach there: a database in a container, on this machine, or elsewhere, under an address of a
// subnet. Who has networks offers it; the daemon's pages need it (`mayfly vpc attach`).
//
// What is attached has an interface, as an instance has on AWS: its groups and its subnet's ACL decide who reaches it. Durable. All on
// the daemon's strand.
#pragma once

#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "vpc/rows.h"

namespace mayfly::vpc {

struct AttachmentWish {
  std::string place;                   // id of a VPC or a subnet
  std::string address;                 // in it; "": of a subnet, one that is free
  std::string real;                    // IPv4: where it is
  int real_port = 0;                   // 0: the one that was asked for
  std::vector<std::string> group_ids;  // empty: as before, or the VPC's default group
};

struct AttachedResource {
  std::string interface_id;
  std::string vpc_id;
  std::string subnet_id;
  std::string address;
  std::string real;
  int real_port = 0;
  std::vector<std::string> group_ids;
};

class AttachedResources {
 public:
  virtual ~AttachedResources() = default;

  // An address that is an interface's of the account's own already is attached, or leads elsewhere from now on. Errors: EC2's, as
  // CreateNetworkInterface; InvalidParameterValue: `real` cannot be reached by functions.
  virtual Task<Result<AttachedResource>> Attach(Context& ctx, Scope scope, AttachmentWish wish) = 0;
  virtual std::vector<AttachedResource> List(const Scope& scope) const = 0;
  // By its interface's id. The interface goes if Attach made it. Errors: EC2's; InvalidParameterValue, nothing is attached to it.
  virtual Task<Result<>> Detach(Context& ctx, Scope scope, std::string interface_id) = 0;
};

}  // namespace mayfly::vpc
