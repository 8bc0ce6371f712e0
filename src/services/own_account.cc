#include "services/own_account.h"

#include "base/text.h"

namespace mayfly::services {

Result<> OwnAccount::Authorize(const Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  const identity::RequestPrincipal principal = identity::RequestPrincipal::Of(ctx.principal);
  const std::string& account_id = ctx.principal.account_id;
  if (control_.IsOwner(principal, account_id)) return {};
  const std::string resources = resource_of_ ? resource_of_(ctx, operation, request) : "*";
  for (const std::string_view resource : Split(resources, '\n')) {
    MF_TRY_VOID(control_.Authorize(principal, operation.action, {.arn = resource, .owner_account_id = account_id, .region = ctx.principal.region}, {}));
  }
  return {};
}

wire::Authorizer OwnAccount::AsFunction() const {
  return [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) { return Answer(ctx, operation, request); };
}

Task<Result<>> OwnAccount::Answer(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
  co_return Authorize(ctx, operation, request);
}

}  // namespace mayfly::services
