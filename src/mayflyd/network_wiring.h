// Networks of functions, put together: who has VPCs (services), who enforces them (uplink), and whom that refuses (edge).
#pragma once

namespace mayfly::services {
class Ports;
}
namespace mayfly::uplink {
class FunctionNetwork;
}
namespace mayfly::edge {
class Edge;
}
namespace mayfly::vpc {
class AttachedResources;
}

namespace mayfly::daemon {

// Services are open, and no function runs yet.
void ConnectNetworks(const services::Ports& ports, uplink::FunctionNetwork& network, edge::Edge& edge);
vpc::AttachedResources& AttachedResourcesOf(const services::Ports& ports);

}  // namespace mayfly::daemon
