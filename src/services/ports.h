// Ports: what services have for each other and for the rest of the daemon, found by its type.
//
// A service offers objects by the interface that others know them by (sources::QueueSource), and says in its declaration
// (service.h) which it will offer and which it needs. mayflyd opens services so that what one needs is there (Order), and puts
// what is offered where it belongs: targets of deliveries into the router, say. One per daemon, on its strand.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mayfly::services {

struct PortId {
  std::type_index type;
  std::string name;  // of one among several of the type (delivery::Target by the service of its ARNs); "" of an only one

  auto operator<=>(const PortId&) const = default;
};

template <typename Port>
PortId PortOf(std::string_view name = {}) {
  return {typeid(Port), std::string(name)};
}

class Ports {
 public:
  // `port` outlives what finds it here. Offered once.
  template <typename Port>
  void Offer(Port& port, std::string_view name = {}) {
    const bool is_new = ports_.emplace(PortOf<Port>(name), &port).second;
    MF_ASSERT(is_new);
  }
  // It is there: whoever asks has declared to need it.
  template <typename Port>
  Port& Get(std::string_view name = {}) const {
    const auto found = ports_.find(PortOf<Port>(name));
    MF_ASSERT(found != ports_.end());
    return *static_cast<Port*>(found->second);
  }
  // All of one type, by name.
  template <typename Port>
  std::vector<std::pair<std::string, Port*>> All() const {
    std::vector<std::pair<std::string, Port*>> all;
    for (auto at = ports_.lower_bound(PortOf<Port>()); at != ports_.end() && at->first.type == typeid(Port); ++at) {
      all.emplace_back(at->first.name, static_cast<Port*>(at->second));
    }
    return all;
  }
  bool Has(const PortId& id) const { return ports_.contains(id); }

 private:
  std::map<PortId, void*> ports_;  // each of exactly its id's type
};

}  // namespace mayfly::services
