// ServiceList: the services of the daemon, opened, and their life together (service.h).
//
// One per daemon, on its strand. What it takes each step in is the order in which the services were opened; back when it ends.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/service.h"

namespace mayfly::services {

class ServiceList {
 public:
  ServiceList() = default;
  ~ServiceList();  // those that need others go before them
  ServiceList(const ServiceList&) = delete;
  ServiceList& operator=(const ServiceList&) = delete;

  // Opens all of them, in Order. `commons` and `ports` outlive it. Error: of Order, or of the service that could not be opened; the
  // daemon cannot start then.
  Task<Result<>> Open(Context& ctx, const std::vector<Declaration>& declarations, const Commons& commons, Ports& ports);
  void Start();
  void Pause();
  Task<> Drain(TimePoint until);
  Task<> Stop();
  // Error: the first one's; the others are reset all the same.
  Task<Result<>> Reset(Context& ctx);

  std::vector<wire::Endpoint*> endpoints() const;
  // The declared service is there.
  wire::Endpoint& EndpointOf(std::string_view name) const;

 private:
  struct Opened {
    std::string name;
    std::unique_ptr<Service> service;
  };
  std::vector<Opened> opened_;
};

}  // namespace mayfly::services
