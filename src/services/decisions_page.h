// DecisionsPage: what functions, roles and users have asked for, and the smallest policy that covers it.
//
//   GET /_mayfly/decisions[/FUNCTION][?account=A]
//   {"mode":"soft","policy":{…},"decisions":[{"principal","function"?,"action","resource","decision","by","count","first","last"}],
//    "missing":["sqs:SendMessage on arn:…"],"unused":["s3:* on arn:…"]}
// `missing` and `unused` compare with the policies that the principals have now. One per daemon, on its strand.
#pragma once

#include "identity/enforcement.h"
#include "services/page.h"

namespace mayfly::services {

class DecisionsPage final : public Page {
 public:
  // Both outlive it.
  DecisionsPage(const identity::DecisionLog& log, const identity::Enforcement& enforcement) : log_(&log), enforcement_(&enforcement) {}
  Task<http::Response> Get(Context& ctx, const http::Request& request, std::string_view rest, std::string account_id) override;

 private:
  const identity::DecisionLog* log_;
  const identity::Enforcement* enforcement_;
};

}  // namespace mayfly::services
