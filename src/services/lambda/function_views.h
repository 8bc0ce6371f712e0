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
  // `runtimes` outlives this: it knows which runtime version a function has.
  explicit FunctionViews(const catalog::RuntimeTable& runtimes) : runtimes_(runtimes) {}

  // `qualifier`: as it ends the ARN; "" for none.
  FunctionConfiguration Describe(const catalog::Function& function, std::string_view qualifier) const;
  // As it stands in lists, which leave out the states: JSON, valid until the next call. `form`: how its ARN ends.
  std::string_view DescribeInList(const catalog::FunctionPointer& function, ListTexts::Form form);

 private:
  const catalog::RuntimeTable& runtimes_;
  ListTexts list_texts_;
};

}  // namespace mayfly::lambda
