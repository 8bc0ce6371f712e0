#include "services/ses/mail_intake.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::ses {
namespace {

// The headers that a message gets on its way in.
std::string TraceHeaders(const MailIntake::Arrival& arrival, const Place& place, const std::string& recipient) {
  const std::string from = arrival.peer.empty() ? fmt::format("email.{}.amazonaws.com", place.region) : fmt::format("{} ([{}])", arrival.helo, arrival.peer);
  return fmt::format("Return-Path: <{}>\r\nReceived: from {}\r\n by inbound-smtp.{}.amazonaws.com with SMTP id {}\r\n for {};\r\n {} (UTC)\r\n",
                     arrival.mail.source, from, place.region, arrival.mail.message_id, recipient,
                     MailDate(WallTime(std::chrono::milliseconds(arrival.mail.received_millis))));
}

}  // namespace

std::vector<MailIntake::ActiveSet> MailIntake::ActiveSets() const {
  std::vector<ActiveSet> sets;
  for (const auto& row : tables_->active.List("", "", SIZE_MAX)) {
    const Place place = Place::OfKey(row.key);
    const auto rules = tables_->rule_sets.Find(place.KeyOf(row.value->rule_set));
    if (!rules) continue;
    ActiveSet& set = sets.emplace_back(RuleSetName{place, row.value->rule_set}, std::vector<ReceiptRule>());
    for (const RuleRow& rule : rules->rules) {
      auto read = ReadRule(rule.settings);
      if (read && read->enabled.value_or(false)) set.rules.push_back(std::move(*read));
    }
  }
  return sets;
}

// The narrowest word counts: who is allowed by a filter is not blocked by another.
bool MailIntake::IsBlocked(const Place& place, std::string_view peer) const {
  bool is_blocked = false;
  for (const auto& row : tables_->filters.List(place.Key() + '/', "", kFiltersMax)) {
    if (!IsInCidr(peer, row.value->cidr)) continue;
    if (row.value->policy == "Allow") return false;
    is_blocked = true;
  }
  return is_blocked;
}

MailIntake::Answer MailIntake::AnswerOf(const ActiveSet& set, std::string_view recipient, bool is_by_smtp, std::string_view peer) const {
  if (tables_->IdentityOf(set.name.place, recipient).empty()) return Answer::Unknown;
  bool needs_tls = false;
  for (const ReceiptRule& rule : set.rules) {
    if (!IsAbout(rule, recipient)) continue;
    if (is_by_smtp && rule.tls_policy == "Require") {
      needs_tls = true;
      continue;
    }
    return is_by_smtp && IsBlocked(set.name.place, peer) ? Answer::Blocked : Answer::Taken;
  }
  return needs_tls ? Answer::NeedsTls : Answer::Unknown;
}

MailIntake::Answer MailIntake::AnswerTo(std::string_view recipient, std::string_view peer) const {
  Answer answer = Answer::Unknown;
  for (const ActiveSet& set : ActiveSets()) {
    const Answer of_set = AnswerOf(set, recipient, true, peer);
    if (of_set == Answer::Taken) return of_set;
    if (of_set != Answer::Unknown) answer = of_set;
  }
  return answer;
}

Task<Result<>> MailIntake::Accept(Context& ctx, Arrival arrival) {
  std::vector<delivery::LaneItem> owed;
  arrival.mail.received_millis = ToEpochMillis(calendar_->WallNow());
  for (const ActiveSet& set : ActiveSets()) {
    IncomingMail mail = arrival.mail;
    std::erase_if(mail.recipients, [&](const std::string& recipient) {
      return AnswerOf(set, recipient, mail.is_by_smtp, arrival.peer) != Answer::Taken;
    });
    if (mail.recipients.empty()) continue;
    mail.raw.insert(0, TraceHeaders(arrival, set.name.place, mail.recipients.front()));
    owed.push_back(delivery::ItemOf({.sender = std::string(kReceiptSender), .owner_arn = RuleSetArn(set.name.place, set.name.name),
                                     .delivery = MakeDelivery(mail, set.name), .attempts = 0, .accepted_at = lanes_->Time()}));
  }
  co_return co_await lanes_->AppendAll(ctx, std::move(owed));
}

}  // namespace mayfly::ses
