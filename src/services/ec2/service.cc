#include "services/ec2/service.h"

#include <algorithm>

#include "base/loop.h"
#include "services/ec2/resource_attachments.h"
#include "services/ec2/ec2_api.h"
#include "services/ec2/function_interfaces.h"
#include "services/own_account.h"

namespace mayfly::ec2 {
namespace {

// Whether the request only asks if it might be.
bool IsDryRun(const wire::Message& request) {
  if (!request.structure()) return false;
  const auto member = std::ranges::find(request.structure()->members, std::string_view("DryRun"), &wire::Member::name);
  if (member == request.structure()->members.end()) return false;
  const auto* value = static_cast<const bool*>(wire::Structure::Get(*member, request.get()));
  return value && *value;
}

class Ec2Service final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports) {
    auto service = std::make_unique<Ec2Service>(commons);
    MF_CO_TRY_VOID(co_await service->networks_.Open(ctx));
    ports.Offer<vpc::FunctionNetworks>(service->functions_);
    ports.Offer<vpc::AttachedResources>(service->attachments_);
    co_return service;
  }

  explicit Ec2Service(const services::Commons& commons)
      : networks_(*commons.store, *commons.random, *commons.calendar),
        handlers_{{}, vpcs_, subnets_, route_tables_, gateways_, groups_, acls_, endpoints_, addresses_, interfaces_, places_, tags_},
        authorizer_(*commons.identities, *commons.calendar),
        endpoint_(
            kService, &handlers_,
            [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) {
              return Authorize(ctx, operation, request);
            },
            commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }

 private:
  Task<Result<>> Authorize(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
    if (auto allowed = authorizer_.Authorize(ctx, operation, request); !allowed) {
      Error error = std::move(allowed).error();
      if (error.IsService("AccessDeniedException")) error.message = "You are not authorized to perform this operation. " + error.message;
      co_return Fail(std::move(error));
    }
    if (IsDryRun(request)) co_return Fail(Error::Service("DryRunOperation", "Request would have succeeded, but DryRun flag is set."));
    co_return Result<>();
  }

  Networks networks_;
  FunctionInterfaces functions_{networks_};
  Attachments attachments_{networks_};
  VpcsApi vpcs_{networks_};
  SubnetsApi subnets_{networks_};
  RouteTablesApi route_tables_{networks_};
  GatewaysApi gateways_{networks_};
  SecurityGroupsApi groups_{networks_};
  NetworkAclsApi acls_{networks_};
  EndpointsApi endpoints_{networks_};
  AddressesApi addresses_{networks_};
  InterfacesApi interfaces_{networks_};
  PlacesApi places_{networks_};
  TagsApi tags_{networks_};
  Handlers handlers_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  return {
      .name = "ec2",
      .offers = {services::PortOf<vpc::FunctionNetworks>(), services::PortOf<vpc::AttachedResources>()},
      .needs = {},
      .options = {},
      .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return Ec2Service::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::ec2
