#include "identity/identity_options.h"

#include "identity/arn.h"

namespace mayfly::identity {
namespace {

Result<> CheckAccountId(const std::string& id) {
  if (IsAccountId(id)) return {};
  return Fail(Error::Fault("12 digits"));
}

}  // namespace

IamMode IamModeOf(const IdentityOptions& identity) {
  if (identity.iam != IamMode::Auto) return identity.iam;
  return identity.authenticator.mode == AuthMode::Strict ? IamMode::Strict : IamMode::Open;
}

OptionGroup OptionsOf(IdentityOptions& identity) {
  OptionGroup group("Callers");
  group.Choice("auth", identity.authenticator.mode, {{"open", AuthMode::Open}, {"strict", AuthMode::Strict}},
               "open: any credentials, only on a loopback address; strict: known access keys, checked signatures");
  group.Choice("iam", identity.iam, {{"auto", IamMode::Auto}, {"open", IamMode::Open}, {"soft", IamMode::Soft}, {"strict", IamMode::Strict}},
               "policies of users and roles: open: not asked; soft: what they would refuse is noted, and passes; strict: refused; auto: strict with --auth strict, else open");
  group.Text("account-id", identity.authenticator.default_account_id, "account of callers whose access key names none", CheckAccountId);
  group.Text("region", identity.authenticator.default_region, "region of callers whose signature names none");
  group.Texts("organization", identity.organizations, "accounts that aws:PrincipalOrgID in policies means, as o-ID=ACCOUNT,ACCOUNT");
  return group;
}

}  // namespace mayfly::identity
