#include "services/events/publisher.h"

#include <algorithm>

namespace mayfly::events {

void Publisher::Owe(const RuleRow& rule, const Event& event, const json::Value& envelope, std::vector<delivery::LaneItem>& items) {
  const MatchedEvent matched{.event = event, .envelope = envelope, .ingested = clock_->WallNow()};
  for (const RuleTarget& target : rule.targets) {
    items.push_back(delivery::ItemOf(OwedTo(rule, target, matched, random_->Uuid(), lanes_->Time())));
  }
}

Task<Result<>> Publisher::Publish(Context& ctx, std::vector<ToBus> events) {
  std::vector<delivery::LaneItem> items;
  std::vector<ArchivedEvents::New> archived;
  for (const auto& [bus, event] : events) {
    const json::Value envelope = EnvelopeOf(event);
    if (archives_->KeepsOf(bus)) archives_->Choose(bus, event, envelope, archived);
    for (const std::string& key : patterns_->Match(bus, envelope)) {
      if (const auto rule = tables_->rules.Find(key)) Owe(*rule, event, envelope, items);
    }
  }
  if (!archived.empty()) MF_CO_TRY_VOID(co_await archives_->Keep(ctx, std::move(archived)));
  co_return co_await lanes_->AppendAll(ctx, std::move(items));
}

Task<Result<>> Publisher::PublishReplayed(Context& ctx, const Replaying& replaying, std::vector<Event> events) {
  std::vector<delivery::LaneItem> items;
  const auto is_meant = [&](const RuleRow& rule) {
    return replaying.rule_arns.empty() || std::ranges::find(replaying.rule_arns, rule.name.Arn()) != replaying.rule_arns.end();
  };
  for (const Event& event : events) {
    json::Value envelope = EnvelopeOf(event);
    envelope.Set("replay-name", replaying.replay);
    for (const std::string& key : patterns_->Match(replaying.bus, envelope)) {
      const auto rule = tables_->rules.Find(key);
      if (rule && is_meant(*rule)) Owe(*rule, event, envelope, items);
    }
  }
  co_return co_await lanes_->AppendAll(ctx, std::move(items));
}

Task<Result<>> Publisher::PublishScheduled(Context& ctx, const RuleRow& rule, WallTime due) {
  const Event event{.id = random_->Uuid(), .source = "aws.events", .detail_type = "Scheduled Event", .account_id = rule.name.bus.account_id,
                    .region = rule.name.bus.region, .time = due, .resources = {rule.name.Arn()}};
  std::vector<delivery::LaneItem> items;
  Owe(rule, event, EnvelopeOf(event), items);
  co_return co_await lanes_->AppendAll(ctx, std::move(items));
}

}  // namespace mayfly::events
