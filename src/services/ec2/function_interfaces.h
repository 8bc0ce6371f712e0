// FunctionInterfaces: the interfaces of functions in VPCs (vpc/function_networks.h), and who is attached to them.
#pragma once

#include "services/ec2/networks.h"
#include "vpc/function_networks.h"

namespace mayfly::ec2 {

class FunctionInterfaces final : public vpc::FunctionNetworks {
 public:
  // Outlives it.
  explicit FunctionInterfaces(Networks& networks) : networks_(&networks) {}

  Task<Result<std::string>> Join(Context& ctx, vpc::FunctionMember member, vpc::FunctionWish wish) override;
  Task<Result<>> Keep(Context& ctx, vpc::FunctionMember member, std::optional<vpc::FunctionWish> wish) override;
  std::vector<std::string> Attached(const vpc::Scope& scope, std::string_view arn_prefix) const override;
  std::vector<vpc::Scope> ScopesWithAttached() const override;
  std::string VpcOf(const vpc::Scope& scope, const std::string& subnet_id) const override;
  std::vector<vpc::FunctionLink> LinksOf(const vpc::FunctionMember& member) const override;
  std::optional<vpc::Network> NetworkOf(const vpc::Scope& scope, const std::string& vpc_id) const override;
  vpc::NetworkNames NamesOf(const vpc::Network& network) const override;
  void OnChange(std::function<Task<>(Context& ctx, vpc::Scope scope)> follower) override { networks_->OnChange(std::move(follower)); }

 private:
  Networks* networks_;
};

}  // namespace mayfly::ec2
