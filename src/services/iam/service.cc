#include "services/iam/service.h"

#include "base/calendar_loop.h"
#include "services/iam/accesses.h"
#include "services/iam/iam_handlers.h"
#include "services/iam/request_resource.h"
#include "services/own_account.h"

namespace mayfly::iam {
namespace {

UnknownPolicies UnknownIn(identity::AuthMode mode) { return mode == identity::AuthMode::Open ? UnknownPolicies::Empty : UnknownPolicies::Missing; }

class IamService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports) {
    auto service = std::make_unique<IamService>(commons);
    MF_CO_TRY_VOID(co_await service->tables_.Open(ctx));
    service->TellOfKeys();
    ports.Offer<identity::PrincipalPolicies>(service->accesses_);
    ports.Offer<identity::RoleTrust>(service->accesses_);
    ports.Offer<identity::IdentityDirectory>(service->accesses_);
    co_return service;
  }

  explicit IamService(const services::Commons& commons)
      : keys_(commons.keys),
        tables_(*commons.store, UnknownIn(commons.mode)),
        accesses_(tables_, *commons.keys, *commons.sessions, *commons.calendar),
        core_(tables_, *commons.random, *commons.calendar),
        access_keys_(core_, *commons.keys),
        authorizer_(*commons.identities, *commons.calendar, [this](const Context& ctx, const wire::Operation& operation, const wire::Message& request) {
          return ResourceOfRequest(tables_, ctx, operation, request);
        }),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }

 private:
  // The authenticator knows an access key while it is active, and the user by the present name and path.
  void TellOfKeys() {
    tables_.access_keys.OnChange([this](const std::string& key, const auto& old_row, const auto& new_row) {
      if (old_row) keys_->Forget(old_row->id);
      if (new_row) Tell(key, *new_row);
    });
    tables_.users.OnChange([this](const std::string& key, const auto&, const auto& user) {
      if (!user) return;
      for (const auto& row : tables_.access_keys.List(key + "/", "", SIZE_MAX)) Tell(row.key, *row.value);
    });
    for (const auto& row : tables_.access_keys.List("", "", SIZE_MAX)) Tell(row.key, *row.value);
  }

  void Tell(std::string_view key, const AccessKeyRow& row) {
    if (!row.is_active) return;
    identity::AccessKey known{.access_key_id = row.id, .secret_access_key = row.secret, .session_token = "", .account_id = std::string(key.substr(0, key.find('/'))),
                              .user_name = row.user, .arn = ""};
    const EntityPointer user = row.user.empty() ? nullptr : tables_.Find(EntityKind::User, known.account_id, row.user);
    if (user) known.arn = ArnOf(known.account_id, EntityKind::User, *user);
    if (user || row.user.empty()) keys_->Remember(std::move(known));
  }

  identity::AccessKeys* keys_;
  IamTables tables_;
  Accesses accesses_;
  Core core_;
  RolesApi roles_{core_};
  InlinePoliciesApi inline_policies_{core_};
  AttachmentsApi attachments_{core_};
  ManagedPoliciesApi managed_policies_{core_};
  UsersApi users_{core_};
  AccessKeysApi access_keys_;
  GroupsApi groups_{core_};
  InstanceProfilesApi instance_profiles_{core_};
  IdentityProvidersApi providers_{core_};
  AccountsApi accounts_{core_};
  SimulationApi simulation_{core_};
  Handlers handlers_{.roles = roles_, .inline_policies = inline_policies_, .attachments = attachments_, .managed_policies = managed_policies_, .users = users_,
                     .access_keys = access_keys_, .groups = groups_, .instance_profiles = instance_profiles_, .identity_providers = providers_,
                     .accounts = accounts_, .simulation = simulation_};
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  return {.name = "iam",
          .offers = {services::PortOf<identity::PrincipalPolicies>(), services::PortOf<identity::RoleTrust>(), services::PortOf<identity::IdentityDirectory>()},
          .needs = {},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return IamService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::iam
