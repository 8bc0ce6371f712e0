#include "services/lambda/function_vpcs.h"

#include <set>

#include "base/log.h"

namespace mayfly::lambda {
namespace {

constexpr std::string_view kLatestVersion = "$LATEST";

bool IsInVpc(const catalog::Function& function) { return function.has_vpc_config && !function.vpc.subnet_ids.empty(); }

vpc::FunctionWish WishOf(const catalog::Function& function) {
  return {.subnet_ids = function.vpc.subnet_ids,
          .group_ids = function.vpc.security_group_ids,
          .ipv6 = function.vpc.ipv6_allowed_for_dual_stack};
}

vpc::Scope VpcScopeOf(const catalog::FunctionName& name) { return {name.account_id, name.region}; }

vpc::FunctionMember MemberOf(const catalog::FunctionName& name, const std::string& version) {
  return {VpcScopeOf(name), name.Arn() + ':' + version};
}

// Of "arn:aws:lambda:REGION:ACCOUNT:function:NAME:VERSION".
catalog::FunctionName NameIn(const vpc::Scope& scope, const std::string& arn) {
  const size_t end = arn.rfind(':');
  const size_t begin = arn.rfind(':', end - 1) + 1;
  return {scope.account_id, scope.region, arn.substr(begin, end - begin)};
}

}  // namespace

Task<Result<>> FunctionVpcs::Join(Context& ctx, const catalog::Function& function) {
  if (!IsInVpc(function)) co_return Result<>();
  MF_CO_TRY(const std::string vpc_id, co_await networks_->Join(ctx, MemberOf(function.name, function.version), WishOf(function)));
  co_return Result<>();
}

Task<> FunctionVpcs::Keep(Context& ctx, const catalog::FunctionName& name, const std::string& version) {
  const auto function = version == kLatestVersion ? catalog_->Find(name) : catalog_->FindVersion(name, version);
  const auto wish = function && IsInVpc(*function) ? std::optional(WishOf(*function)) : std::nullopt;
  const auto kept = co_await networks_->Keep(ctx, MemberOf(name, version), wish);
  if (!kept) log::Warning("network interfaces of {}:{}: {}", name.Arn(), version, kept.error().ToString());
}

Task<> FunctionVpcs::Settle(Context& ctx, catalog::FunctionName name, std::string version) {
  Context own(*ctx.loop);  // the caller may go: this is done all the same
  const std::string prefix = name.Arn() + ':';
  std::set<std::string> versions;
  for (const std::string& arn : networks_->Attached(VpcScopeOf(name), prefix)) versions.insert(arn.substr(prefix.size()));
  if (!version.empty() && !versions.empty()) versions.insert(std::move(version));
  for (const std::string& one : versions) co_await Keep(own, name, one);
}

Task<> FunctionVpcs::Recover(Context& ctx) {
  for (const vpc::Scope& scope : networks_->ScopesWithAttached()) {
    std::set<std::string> settled;
    for (const std::string& arn : networks_->Attached(scope, "")) {
      const catalog::FunctionName name = NameIn(scope, arn);
      if (settled.insert(name.name).second && !ctx.stop.stop_requested()) co_await Settle(ctx, name);
    }
  }
}

std::string FunctionVpcs::VpcIdOf(const catalog::Function& function) const {
  return IsInVpc(function) ? networks_->VpcOf(VpcScopeOf(function.name), function.vpc.subnet_ids.front()) : "";
}

}  // namespace mayfly::lambda
