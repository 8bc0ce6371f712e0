// FunctionViews: functions and versions as clients see them.
//
// One per daemon, on its strand. Every operation that answers a FunctionConfiguration asks here, so that all say the same.
#pragma once

#include <string_view>

#include "model/lambda.h"
#include "services/lambda/forward.h"
#include "services/lambda/list_texts.h"

namespace mayfly::lambda {

class FunctionViews {
 public:
  // Both outlive this: `runtimes` knows which runtime version a function has, `vpcs` of which VPC its subnets are.
  FunctionViews(const catalog::RuntimeTable& runtimes, const FunctionVpcs& vpcs) : runtimes_(runtimes), vpcs_(vpcs) {}

  // `qualifier`: as it ends the ARN; "" for none.
  FunctionConfiguration Describe(const catalog::Function& function, std::string_view qualifier) const;
  // As it stands in lists, which leave out the states: JSON, valid until the next call. `form`: how its ARN ends.
  std::string_view DescribeInList(const catalog::FunctionPointer& function, ListTexts::Form form);

 private:
  const catalog::RuntimeTable& runtimes_;
  const FunctionVpcs& vpcs_;
  ListTexts list_texts_;
};

}  // namespace mayfly::lambda
