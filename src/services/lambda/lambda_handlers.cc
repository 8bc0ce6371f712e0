#include "services/lambda/lambda_handlers.h"

#include "services/lambda/lambda_api.h"

namespace mayfly::lambda {

struct LambdaHandlers::Members {
  explicit Members(LambdaParts parts) : api(std::move(parts)), handlers(api.handlers()) {}

  LambdaApi api;
  Handlers handlers;
};

LambdaHandlers::LambdaHandlers(LambdaParts parts) : members_(std::make_unique<Members>(std::move(parts))) {}
LambdaHandlers::~LambdaHandlers() = default;

Handlers& LambdaHandlers::handlers() { return members_->handlers; }
void LambdaHandlers::Recover() { members_->api.Recover(); }
Task<> LambdaHandlers::Stop() { return members_->api.Stop(); }

}  // namespace mayfly::lambda
