#include "services/sts/service.h"

#include "base/real_loop.h"
#include "services/own_account.h"
#include "services/sts/sts_api.h"

namespace mayfly::sts {
namespace {

// What no policy can take from a caller.
bool IsEverybodys(const wire::Operation& operation) { return operation.name == "GetCallerIdentity" || operation.name == "GetSessionToken"; }

// As policies name it.
std::string ResourceOf(const Context&, const wire::Operation& operation, const wire::Message& request) {
  return operation.name == "AssumeRole" ? static_cast<const AssumeRoleRequest*>(request.get())->role_arn : "*";
}

class StsService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons) {
    co_return std::make_unique<StsService>(commons);
  }

  explicit StsService(const services::Commons& commons)
      : api_(StsParts{.clock = commons.loop, .keys = commons.keys, .sessions = commons.sessions, .mode = commons.mode}),
        handlers_(api_.handlers()),
        authorizer_(*commons.identities, *commons.loop, ResourceOf),
        endpoint_(kService, &handlers_, [this](Context& ctx, const wire::Operation& operation, const wire::Message& request) {
          return Authorize(ctx, operation, request);
        }, commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }

 private:
  Task<Result<>> Authorize(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
    if (IsEverybodys(operation)) co_return Result<>();
    co_return authorizer_.Authorize(ctx, operation, request);
  }

  StsApi api_;
  Handlers handlers_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  return {.name = "sts",
          .offers = {},
          .needs = {},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports&) { return StsService::Open(ctx, commons); }};
}

}  // namespace mayfly::sts
