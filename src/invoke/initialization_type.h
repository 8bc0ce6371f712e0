// How an environment comes to be, and with it which part of the concurrency its invocations use. AWS_LAMBDA_INITIALIZATION_TYPE.
#pragma once

namespace mayfly::invoke {

enum class InitializationType : unsigned char {
  OnDemand,                // when an invocation needs it
  ProvisionedConcurrency,  // ahead of time (provisioner.h)
};

}  // namespace mayfly::invoke
