#include "services/sts/service.h"

#include "base/calendar_loop.h"
#include "base/real_loop.h"
#include "services/own_account.h"
#include "services/sts/sts_api.h"

namespace mayfly::sts {
namespace {

// What no policy can take from a caller, and what is authorized by a role's trust policy (StsApi).
bool IsEverybodys(const wire::Operation& operation) {
  return operation.name == "GetCallerIdentity" || operation.name == "GetSessionToken" || operation.name.starts_with("AssumeRole");
}
// What needs no signature.
bool IsOfStrangers(const wire::Operation& operation) { return operation.name == "AssumeRoleWithWebIdentity" || operation.name == "AssumeRoleWithSAML"; }

// As policies name it.
std::string ResourceOf(const Context& ctx, const wire::Operation& operation, const wire::Message& request) {
  if (operation.name != "GetFederationToken") return "*";
  return "arn:aws:sts::" + ctx.principal.account_id + ":federated-user/" + static_cast<const GetFederationTokenRequest*>(request.get())->name;
}

class StsService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports, const StsOptions& options) {
    auto service = std::make_unique<StsService>(commons, ports);
    for (const std::string& text : options.oidc_keys) MF_CO_TRY_VOID(service->key_sets_.AddFile(text));
    co_return service;
  }

  StsService(const services::Commons& commons, const services::Ports& ports)
      : key_sets_(*commons.loop, commons.reach),
        api_(StsParts{.clock = commons.loop, .calendar = commons.calendar, .keys = commons.keys, .sessions = commons.sessions, .mode = commons.mode,
                      .policies = commons.identities, .principals = &ports.Get<identity::PrincipalPolicies>(),
                      .directory = &ports.Get<identity::IdentityDirectory>(), .key_sets = &key_sets_}),
        handlers_(api_.handlers()),
        authorizer_(*commons.identities, *commons.loop, ResourceOf),
        endpoint_(kService, &handlers_, [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) {
          return Authorize(ctx, operation, request);
        }, commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }

 private:
  Task<Result<>> Authorize(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
    if (ctx.principal.account_id.empty() && !IsOfStrangers(operation)) {
      co_return Fail(Error::Service("MissingAuthenticationTokenException", "Missing Authentication Token"));
    }
    if (IsEverybodys(operation)) co_return Result<>();
    co_return authorizer_.Authorize(ctx, operation, request);
  }

  KeySets key_sets_;
  StsApi api_;
  Handlers handlers_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

}  // namespace

OptionGroup OptionsOf(StsOptions& options) {
  OptionGroup group("AWS STS");
  group.Texts("oidc-keys", options.oidc_keys, "ISSUER=FILE: the keys (JWKS) of an identity provider, instead of fetching them; may be given again and again");
  return group;
}

services::Declaration Declare() {
  auto options = std::make_shared<StsOptions>();
  return {.name = "sts",
          .offers = {},
          .needs = {services::PortOf<identity::PrincipalPolicies>(), services::PortOf<identity::IdentityDirectory>()},
          .options = {OptionsOf(*options)},
          .open = [options](Context& ctx, const services::Commons& commons, services::Ports& ports) { return StsService::Open(ctx, commons, ports, *options); }};
}

}  // namespace mayfly::sts
