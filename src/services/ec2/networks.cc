#include "services/ec2/networks.h"

#include "resources/edit.h"
#include "services/ec2/default_vpc.h"

namespace mayfly::ec2 {
namespace {

constexpr std::string_view kRegionId = "region";

Error TooManyChanges(std::string_view) { return Error::Service("RequestLimitExceeded", "Request limit exceeded."); }

constexpr resources::RowErrors kNetworkErrors{.missing = &TooManyChanges, .exists = &TooManyChanges, .busy = &TooManyChanges};

}  // namespace

vpc::Scope ScopeOf(const Context& ctx) { return {ctx.principal.account_id, ctx.principal.region}; }

Networks::Networks(store::Store& store, Random& random, const Clock& clock)
    : resource_tables_(store),
      tables_(
          resource_tables_, kNetworkErrors,
          {"ec2_regions", "ec2_vpcs", "ec2_subnets", "ec2_route_tables", "ec2_internet_gateways", "ec2_nat_gateways", "ec2_security_groups",
           "ec2_network_acls", "ec2_vpc_endpoints", "ec2_addresses", "ec2_network_interfaces", "ec2_function_attachments"}),
      random_(&random),
      clock_(&clock) {}

Task<Result<RegionState>> Networks::Enter(Context& ctx) {
  const vpc::Scope scope = ScopeOf(ctx);
  if (!tables_.Of<vpc::RegionRow>().Find(scope.KeyOf(kRegionId))) {
    MF_CO_TRY_VOID(co_await Edit(ctx, scope, [](RegionState&) { return Result<>(); }));
  }
  co_return Look(scope);
}

Task<Result<>> Networks::Edit(Context& ctx, Change change) { return Edit(ctx, ScopeOf(ctx), std::move(change)); }

Task<Result<>> Networks::Edit(Context& ctx, vpc::Scope scope, Change change) {
  auto& regions = tables_.Of<vpc::RegionRow>();
  const std::string key = scope.KeyOf(kRegionId);
  bool has_changed = false;
  const auto done = co_await resources::EditWith(ctx, regions, key,
                                                 [&](resources::Change& staged, const std::shared_ptr<const vpc::RegionRow>& row) -> Result<> {
                                                   RegionState region = Look(scope);
                                                   vpc::RegionRow next = row ? *row : vpc::RegionRow();
                                                   next.id = kRegionId;
                                                   if (!next.has_default_vpc) MakeDefaultVpc(region);
                                                   next.has_default_vpc = true;
                                                   MF_TRY_VOID(change(region));
                                                   has_changed = !row || region.has_changes();
                                                   if (!has_changed) return {};
                                                   ++next.generation;
                                                   region.Put(std::move(next));
                                                   return region.Stage(staged);
                                                 });
  if (done && has_changed && follower_) co_await follower_(ctx, scope);
  co_return done;
}

}  // namespace mayfly::ec2
