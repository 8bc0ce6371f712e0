#include "services/logs/group_target.h"

#include "identity/arn.h"

namespace mayfly::logs {
namespace {

Result<GroupKey> GroupOf(std::string_view arn) {
  // The context says whose a plain name is; an ARN says it itself.
  constexpr std::string_view kMark = ":log-group:";
  const auto parsed = identity::ParseArn(arn);
  const size_t at = arn.find(kMark);
  std::string_view name = at == std::string_view::npos ? std::string_view() : arn.substr(at + kMark.size());
  if (name.ends_with(":*")) name.remove_suffix(2);
  if (!parsed || name.empty()) return Fail(Error::Service("UnsupportedTarget", "nothing here takes deliveries to " + std::string(arn)));
  return GroupKey{std::string(parsed->account_id), std::string(parsed->region), std::string(name)};
}

}  // namespace

std::string GroupTarget::StreamNow() const { return FormatDatePath(clock_->WallNow()) + "/events"; }

Result<> GroupTarget::Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const {
  MF_TRY(const GroupKey group, GroupOf(target_arn));
  return policies_->Authorize(principal, "logs:PutLogEvents", group, StreamNow(), keys);
}

Task<Result<>> GroupTarget::Deliver(Context& ctx, const delivery::Delivery& delivery) {
  MF_CO_TRY(const GroupKey group, GroupOf(delivery.target_arn));
  MF_CO_TRY_VOID(co_await groups_->Get(ctx, group));
  auto put = co_await groups_->lines().Put(ctx, group.Store(), {{clock_->WallNow(), StreamNow(), delivery.body}});
  if (!put) put.error().retryable = true;
  co_return put;
}

}  // namespace mayfly::logs
