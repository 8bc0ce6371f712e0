#include "identity/identity_options.h"

#include "identity/arn.h"

namespace mayfly::identity {
namespace {

Result<> CheckAccountId(const std::string& id) {
  if (IsAccountId(id)) return {};
  return Fail(Error::Fault("12 digits"));
}

}  // namespace

OptionGroup OptionsOf(IdentityOptions& identity) {
  OptionGroup group("Callers");
  group.Choice("auth", identity.authenticator.mode, {{"open", AuthMode::Open}, {"strict", AuthMode::Strict}},
               "open: any credentials, only on a loopback address; strict: known access keys, checked signatures");
  group.Text("account-id", identity.authenticator.default_account_id, "account of callers whose access key names none", CheckAccountId);
  group.Text("region", identity.authenticator.default_region, "region of callers whose signature names none");
  group.Texts("organization", identity.organizations, "accounts that aws:PrincipalOrgID in policies means, as o-ID=ACCOUNT,ACCOUNT");
  return group;
}

}  // namespace mayfly::identity
