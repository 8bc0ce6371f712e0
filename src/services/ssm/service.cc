#include "services/ssm/service.h"

#include <algorithm>

#include "base/loop.h"
#include "services/member_texts.h"
#include "services/own_account.h"
#include "services/ssm/ssm_api.h"

namespace mayfly::ssm {
namespace {

// The first of these that a request has says which parameter it is about, as policies name it.
constexpr std::string_view kNameMembers[] = {"Name", "Path", "ResourceId"};

std::string ResourceOf(const Context& ctx, const wire::Operation& operation, const wire::Message& request) {
  if (!request.structure()) return "*";
  for (const wire::Member& member : request.structure()->members) {
    if (std::ranges::find(kNameMembers, member.name) == std::end(kNameMembers)) continue;
    const auto* name = static_cast<const std::string*>(member.field->get(static_cast<const char*>(request.get()) + member.offset));
    if (name) return ParseReference(ctx, *name).key.Arn();
  }
  std::string each;
  services::ForEachText(*request.structure(), request.get(), "Names", [&](std::string_view name) {
    each += (each.empty() ? "" : "\n") + ParseReference(ctx, std::string(name)).key.Arn();
  });
  return each.empty() ? "*" : each;
}

class SsmService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports) {
    MF_CO_TRY(auto old, SecretBox::Read(commons.data_path + "/ssm-key"));
    auto service = std::make_unique<SsmService>(commons, ports.Get<keyring::Keys>(), std::move(old));
    MF_CO_TRY_VOID(co_await service->parameters_.Open(ctx));
    commons.deliveries->AddSender(std::string(kParameterSender), service->keeper_);
    co_return service;
  }

  SsmService(const services::Commons& commons, keyring::Keys& keys, std::unique_ptr<SecretBox> old)
      : old_(std::move(old)),
        parameters_(*commons.store, keys, old_.get()),
        keeper_(*commons.calendar, parameters_, *commons.lanes, *commons.random),
        api_({.parameters = &parameters_, .keeper = &keeper_, .keys = &keys, .directory = commons.directory, .clock = commons.calendar}),
        handlers_(api_.handlers()),
        authorizer_(*commons.identities, *commons.calendar, ResourceOf),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override { keeper_.Start(); }
  Task<> Stop() override { return keeper_.Stop(); }

 private:
  std::unique_ptr<SecretBox> old_;
  Parameters parameters_;
  ParameterKeeper keeper_;
  SsmApi api_;
  Handlers handlers_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  return {.name = "ssm",
          .offers = {},
          .needs = {services::PortOf<keyring::Keys>()},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return SsmService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::ssm
