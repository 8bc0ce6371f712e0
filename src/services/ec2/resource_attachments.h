// Attachments: resources of the developer in networks (vpc/attached_resources.h), as interfaces that lead somewhere.
#pragma once

#include "services/ec2/networks.h"
#include "vpc/attached_resources.h"

namespace mayfly::ec2 {

class Attachments final : public vpc::AttachedResources {
 public:
  // Outlives it.
  explicit Attachments(Networks& networks) : networks_(&networks) {}

  Task<Result<vpc::AttachedResource>> Attach(Context& ctx, vpc::Scope scope, vpc::AttachmentWish wish) override;
  std::vector<vpc::AttachedResource> List(const vpc::Scope& scope) const override;
  Task<Result<>> Detach(Context& ctx, vpc::Scope scope, std::string interface_id) override;

 private:
  Networks* networks_;
};

}  // namespace mayfly::ec2
