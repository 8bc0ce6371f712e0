#include "mayflyd/network_wiring.h"

#include "edge/edge.h"
#include "runtime/endpoint_caller.h"
#include "services/ports.h"
#include "uplink/function_network.h"
#include "vpc/attached_resources.h"
#include "vpc/function_networks.h"

namespace mayfly::daemon {

void ConnectNetworks(const services::Ports& ports, uplink::FunctionNetwork& network, edge::Edge& edge) {
  network.Follow(ports.Get<vpc::FunctionNetworks>());
  edge.LimitFunctions([&network](const runtime::EndpointCaller& caller, std::string_view service) {
    return network.CheckService({caller.account_id, caller.region, {}, caller.vpc_member}, caller.address, service);
  });
}

vpc::AttachedResources& AttachedResourcesOf(const services::Ports& ports) { return ports.Get<vpc::AttachedResources>(); }

}  // namespace mayfly::daemon
