// Links: the addresses of this daemon that stand in messages. They work without a signature: what they hold (a token, a subscription's
// ARN) is what AWS asks for as well. Pure functions over where the daemon is.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/encoding.h"

namespace mayfly::sns {

class Links {
 public:
  // `origin`: "http://127.0.0.1:4566".
  explicit Links(std::string_view origin) : base_(fmt::format("{}/_mayfly/sns/", origin)) {}

  std::string Confirm(std::string_view topic_arn, std::string_view token) const {
    return fmt::format("{}ConfirmSubscription?TopicArn={}&Token={}", base_, topic_arn, token);
  }
  std::string Unsubscribe(std::string_view subscription_arn) const { return fmt::format("{}Unsubscribe?SubscriptionArn={}", base_, subscription_arn); }
  std::string Certificate(std::string_view name) const { return base_ + std::string(name); }

 private:
  std::string base_;
};

}  // namespace mayfly::sns
