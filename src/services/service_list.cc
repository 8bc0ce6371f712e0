#include "services/service_list.h"

#include <algorithm>
#include <ranges>

namespace mayfly::services {

Task<Result<>> ServiceList::Open(Context& ctx, const std::vector<Declaration>& declarations, const Commons& commons, Ports& ports) {
  MF_CO_TRY(const std::vector<size_t> order, Order(declarations));
  for (const size_t index : order) {
    const Declaration& declaration = declarations[index];
    auto service = co_await declaration.open(ctx, commons, ports);
    if (!service) co_return Fail(std::move(service).error().Wrap("open " + declaration.name));
    opened_.push_back({declaration.name, std::move(*service)});
    for (const PortId& port : declaration.offers) MF_ASSERT(ports.Has(port));
  }
  co_return Result<>();
}

ServiceList::~ServiceList() {
  while (!opened_.empty()) opened_.pop_back();
}

void ServiceList::Start() {
  for (const Opened& each : opened_) each.service->Start();
}

void ServiceList::Pause() {
  for (const Opened& each : std::views::reverse(opened_)) each.service->Pause();
}

Task<> ServiceList::Drain(TimePoint until) {
  for (const Opened& each : std::views::reverse(opened_)) co_await each.service->Drain(until);
}

Task<> ServiceList::Stop() {
  for (const Opened& each : std::views::reverse(opened_)) co_await each.service->Stop();
}

Task<Result<>> ServiceList::Reset(Context& ctx) {
  Result<> outcome;
  for (const Opened& each : opened_) {
    if (auto reset = co_await each.service->Reset(ctx); !reset && outcome) outcome = Fail(std::move(reset).error().Wrap("reset " + each.name));
  }
  co_return outcome;
}

std::vector<wire::Endpoint*> ServiceList::endpoints() const {
  std::vector<wire::Endpoint*> endpoints;
  for (const Opened& each : opened_) endpoints.push_back(&each.service->endpoint());
  return endpoints;
}

wire::Endpoint& ServiceList::EndpointOf(std::string_view name) const {
  const auto found = std::ranges::find(opened_, name, &Opened::name);
  MF_ASSERT(found != opened_.end());
  return found->service->endpoint();
}

}  // namespace mayfly::services
