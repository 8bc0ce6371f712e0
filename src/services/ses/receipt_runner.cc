#include "services/ses/receipt_runner.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/log.h"
#include "identity/arn.h"

namespace mayfly::ses {

struct ReceiptRunner::Run {
  RuleSetName set;
  IncomingMail mail;
  Mail header;  // of the mail
  std::vector<delivery::LaneItem> owed;
  std::vector<delivery::OutgoingMessage> bounces;
};

struct ReceiptRunner::RuleRun {
  Run& run;
  const ReceiptRule& rule;
  std::vector<std::string> recipients;
  size_t action = 0;  // its place in the rule
};

namespace {

// The same again when the run is repeated: a UUID of what the delivery is for.
std::string ActionId(std::string_view message_id, std::string_view rule, size_t action, std::string_view what) {
  const std::string hex = Sha256Hex(fmt::format("{}\n{}\n{}\n{}", message_id, rule, action, what));
  return fmt::format("{}-{}-4{}-a{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 3), hex.substr(15, 3), hex.substr(18, 12));
}

// Topics of its own account need no word about SES; others' must let it in.
delivery::DeliveryPrincipal PrincipalFor(const Place& place, std::string_view target_arn) {
  const auto arn = identity::ParseArn(target_arn);
  if (arn && arn->service == "sns" && arn->account_id == place.account_id) {
    return delivery::DeliveryPrincipal::Role(fmt::format("arn:{}:iam::{}:root", arn->partition, place.account_id), place.account_id);
  }
  return delivery::DeliveryPrincipal::Service(std::string(kOwnPrincipal), place.account_id);
}

std::string ObjectKeyOf(const S3Action& action, std::string_view name) { return action.object_key_prefix.value_or("").append(name); }

std::string BucketObjectArn(const S3Action& action, std::string_view key) { return fmt::format("arn:aws:s3:::{}/{}", action.bucket_name, key); }

// Throttled functions among them.
bool IsPassingFailure(const Error& error) { return error.retryable || error.kind != Error::Kind::Service || error.code == "TooManyRequestsException"; }

Error ToRetry(Error error) {
  error.retryable = true;
  return error;
}

void LogRefusal(std::string_view rule_arn, std::string_view target, const Error& error) {
  log::Warning("an action of {} on {} is passed over: {}", rule_arn, target, error.ToString());
}

Error WithMember(Error error, std::string_view name, std::string_view value) {
  error.members.emplace_back(name, json::Quote(value));
  return error;
}

std::string BounceText(const BounceAction& action, const IncomingMail& mail, const std::vector<std::string>& recipients) {
  std::string out = fmt::format("{}\r\n\r\nReporting-MTA: dns; inbound-smtp.amazonaws.com\r\n", action.message);
  for (const std::string& recipient : recipients) {
    out += fmt::format("\r\nFinal-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: {}\r\nDiagnostic-Code: smtp; {} {}\r\n", recipient,
                       action.status_code.value_or("5.0.0"), action.smtp_reply_code, action.message);
  }
  return out + fmt::format("\r\nOriginal-Message-Id: {}\r\n", mail.message_id);
}

}  // namespace

delivery::RetryRule ReceiptSender::RuleOf(const delivery::OwedDelivery& owed, const delivery::RetryRule& usual) const {
  return {.attempts_max = 1'000, .age_left = std::chrono::hours(4) - (lanes_->Time() - owed.accepted_at), .backoff_min = usual.backoff_min,
          .backoff_max = usual.backoff_max};
}

Result<> ReceiptRunner::Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys&) const {
  if (principal.service == kOwnPrincipal) return {};
  return Fail(Error::Service("AccessDeniedException", fmt::format("nobody but SES itself sends mail to {}", target_arn)));
}

Task<Result<>> ReceiptRunner::Deliver(Context& ctx, const delivery::Delivery& delivery) {
  const auto set = ParseRuleSetArn(delivery.target_arn);
  if (!set) co_return Fail(Error::Service("InvalidParameterValue", delivery.target_arn + " is not the ARN of a rule set"));
  const auto row = parts_.tables->rule_sets.Find(set->place.KeyOf(set->name));
  if (!row) co_return Result<>();  // its rules have gone with it
  Run run{.set = *set, .mail = ReadDelivery(delivery), .header = ReadMail(delivery.body), .owed = {}, .bounces = {}};
  Then then = Then::NextAction;
  for (const RuleRow& kept : row->rules) {
    const auto rule = ReadRule(kept.settings);
    if (!rule || !rule->enabled.value_or(false) || (run.mail.is_by_smtp && rule->tls_policy == "Require")) continue;
    RuleRun of_rule{.run = run, .rule = *rule, .recipients = run.mail.recipients};
    std::erase_if(of_rule.recipients, [&](const std::string& recipient) { return !IsAbout(*rule, recipient); });
    if (of_rule.recipients.empty() || !rule->actions) continue;
    for (; of_rule.action < rule->actions->size(); ++of_rule.action) {
      MF_CO_TRY(then, co_await Act(ctx, of_rule, (*rule->actions)[of_rule.action]));
      if (then != Then::NextAction) break;
    }
    if (then == Then::End) break;
  }
  for (delivery::OutgoingMessage& bounce : run.bounces) MF_CO_TRY_VOID(co_await parts_.outgoing->Keep(ctx, std::move(bounce)));  // retryable
  const auto owed = co_await parts_.lanes->AppendAll(ctx, std::move(run.owed));
  co_return owed ? Result<>() : Fail(ToRetry(owed.error()));
}

Task<Result<ReceiptRunner::Then>> ReceiptRunner::Act(Context& ctx, RuleRun& rule, const ReceiptAction& action) {
  if (action.s3_action) co_return co_await Store(ctx, rule, action);
  if (action.lambda_action && action.lambda_action->invocation_type == "RequestResponse") co_return co_await Ask(ctx, rule, action);
  if (action.lambda_action) co_return Owe(rule, action);
  if (action.sns_action) co_return Publish(rule, action);
  if (action.add_header_action) AddHeader(rule, *action.add_header_action);
  if (action.bounce_action) Bounce(rule, *action.bounce_action);
  NotifyTopic(rule, action, "");
  co_return action.stop_action ? Then::End : Then::NextAction;
}

delivery::Delivery ReceiptRunner::NewDelivery(RuleRun& rule, std::string target_arn, std::string body) const {
  delivery::Delivery delivery;
  const RuleSetName& set = rule.run.set;
  delivery.id = ActionId(rule.run.mail.message_id, rule.rule.name, rule.action, target_arn);
  delivery.principal = PrincipalFor(set.place, target_arn);
  delivery.target_arn = std::move(target_arn);
  delivery.source_arn = RuleArn(set.place, set.name, rule.rule.name);
  delivery.body = std::move(body);
  return delivery;
}

static ActionReport ReportOf(const IncomingMail& mail, const Mail& header, const std::vector<std::string>& recipients, WallTime time, json::Value action) {
  return {.mail = mail, .header = header, .recipients = recipients, .time = time, .action = std::move(action)};
}

Task<Result<ReceiptRunner::Then>> ReceiptRunner::Store(Context& ctx, RuleRun& rule, const ReceiptAction& action) {
  const std::string key = ObjectKeyOf(*action.s3_action, rule.run.mail.message_id);
  const delivery::Delivery delivery = NewDelivery(rule, BucketObjectArn(*action.s3_action, key), rule.run.mail.raw);
  const auto stored = co_await parts_.targets->Deliver(ctx, delivery);
  if (stored) {
    NotifyTopic(rule, action, key);
  } else {
    if (IsPassingFailure(stored.error())) co_return Fail(ToRetry(stored.error()));
    LogRefusal(delivery.source_arn, delivery.target_arn, stored.error());
  }
  co_return Then::NextAction;
}

// What the function answers: {"disposition":"STOP_RULE"} and so on. A function that fails says nothing.
Task<Result<ReceiptRunner::Then>> ReceiptRunner::Ask(Context& ctx, RuleRun& rule, const ReceiptAction& action) {
  const std::string& function_arn = action.lambda_action->function_arn;
  const auto report = ReportOf(rule.run.mail, rule.run.header, rule.recipients, parts_.calendar->WallNow(), DescribeAction(action, ""));
  const delivery::Delivery delivery = NewDelivery(rule, function_arn, WriteFunctionEvent(report));
  NotifyTopic(rule, action, "");
  const Result<> allowed = parts_.targets->Authorize(delivery);
  const auto answer = allowed ? co_await parts_.functions->Ask(ctx, delivery) : Result<std::optional<std::string>>(Fail(allowed.error()));
  if (!answer && IsPassingFailure(answer.error())) co_return Fail(ToRetry(answer.error()));
  if (!answer) LogRefusal(delivery.source_arn, function_arn, answer.error());
  if (answer && !*answer) log::Warning("{}, asked by {}, has failed", function_arn, delivery.source_arn);
  if (!answer || !*answer) co_return Then::NextAction;
  const auto said = json::Parse(**answer);
  const std::string_view disposition = said ? said->StringOr("disposition", "") : std::string_view();
  if (disposition == "STOP_RULE_SET") co_return Then::End;
  co_return disposition == "STOP_RULE" ? Then::NextRule : Then::NextAction;
}

ReceiptRunner::Then ReceiptRunner::Owe(RuleRun& rule, const ReceiptAction& action) {
  const auto report = ReportOf(rule.run.mail, rule.run.header, rule.recipients, parts_.calendar->WallNow(), DescribeAction(action, ""));
  delivery::Delivery delivery = NewDelivery(rule, action.lambda_action->function_arn, WriteFunctionEvent(report));
  std::string owner = delivery.source_arn;
  rule.run.owed.push_back(delivery::ItemOf({.sender = std::string(kActionSender), .owner_arn = std::move(owner), .delivery = std::move(delivery),
                                            .attempts = 0, .accepted_at = parts_.lanes->Time()}));
  NotifyTopic(rule, action, "");
  return Then::NextAction;
}

ReceiptRunner::Then ReceiptRunner::Publish(RuleRun& rule, const ReceiptAction& action) {
  if (rule.run.mail.raw.size() > kNotifiedMailBytesMax) {
    const BounceAction too_large{.topic_arn = std::nullopt, .smtp_reply_code = "552", .status_code = "5.3.4",
                                 .message = "Message size exceeds fixed limit", .sender = "mailer-daemon@amazonses.com"};
    return Bounce(rule, too_large);
  }
  const auto report = ReportOf(rule.run.mail, rule.run.header, rule.recipients, parts_.calendar->WallNow(), DescribeAction(action, ""));
  const std::string content = action.sns_action->encoding == "Base64" ? Base64Encode(rule.run.mail.raw) : rule.run.mail.raw;
  delivery::Delivery delivery = NewDelivery(rule, action.sns_action->topic_arn, WriteNotification(report, &content));
  std::string owner = delivery.source_arn;
  rule.run.owed.push_back(delivery::ItemOf({.sender = std::string(kActionSender), .owner_arn = std::move(owner), .delivery = std::move(delivery),
                                            .attempts = 0, .accepted_at = parts_.lanes->Time()}));
  return Then::NextAction;
}

void ReceiptRunner::NotifyTopic(RuleRun& rule, const ReceiptAction& action, std::string_view object_key) {
  std::string topic = TopicOf(action);
  if (topic.empty()) return;
  const auto report = ReportOf(rule.run.mail, rule.run.header, rule.recipients, parts_.calendar->WallNow(), DescribeAction(action, object_key));
  delivery::Delivery delivery = NewDelivery(rule, std::move(topic), WriteNotification(report, nullptr));
  std::string owner = delivery.source_arn;
  rule.run.owed.push_back(delivery::ItemOf({.sender = std::string(kActionSender), .owner_arn = std::move(owner), .delivery = std::move(delivery),
                                            .attempts = 0, .accepted_at = parts_.lanes->Time()}));
}

// Nobody is told of a bounce that bounces.
ReceiptRunner::Then ReceiptRunner::Bounce(RuleRun& rule, const BounceAction& action) {
  const Run& run = rule.run;
  if (run.mail.source.empty()) return Then::NextAction;
  const std::string id = ActionId(run.mail.message_id, rule.rule.name, rule.action, "bounce");
  NewMail bounce{.message_id = id + "@amazonses.com", .from = action.sender, .to = {run.mail.source}, .cc = {}, .reply_to = {},
                 .subject = "Delivery Status Notification (Failure)", .text = BounceText(action, run.mail, rule.recipients), .html = {},
                 .date = parts_.calendar->WallNow()};
  rule.run.bounces.push_back({.id = id, .account_id = run.set.place.account_id, .region = run.set.place.region, .protocol = "email",
                              .endpoint = run.mail.source, .type = "Bounce", .subject = bounce.subject, .body = WriteMail(bounce)});
  return Then::NextAction;
}

void ReceiptRunner::AddHeader(RuleRun& rule, const AddHeaderAction& action) {
  rule.run.mail.raw.insert(0, fmt::format("{}: {}\r\n", action.header_name, action.header_value));
  rule.run.header = ReadMail(rule.run.mail.raw);
}

// ---- new rules ----

Result<> ReceiptRunner::TryFunction(const RuleSetName& set, const ReceiptRule& rule, const std::string& function_arn) const {
  Run run{.set = set, .mail = {}, .header = {}, .owed = {}, .bounces = {}};
  RuleRun of_rule{.run = run, .rule = rule, .recipients = {}};
  if (parts_.functions->Has(function_arn) && parts_.targets->Authorize(NewDelivery(of_rule, function_arn, ""))) return {};
  return Fail(WithMember(Error::Service("InvalidLambdaFunctionException", fmt::format("Could not invoke Lambda function: {}", function_arn)), "FunctionArn", function_arn));
}

// One of its own account must be there; another account's must let SES in.
Task<Result<>> ReceiptRunner::TryTopic(Context& ctx, const RuleSetName& set, const ReceiptRule& rule, const std::string& topic_arn) {
  Run run{.set = set, .mail = {}, .header = {}, .owed = {}, .bounces = {}};
  RuleRun of_rule{.run = run, .rule = rule, .recipients = {}};
  const delivery::Delivery delivery = NewDelivery(of_rule, topic_arn, "");
  Result<> usable = parts_.targets->Authorize(delivery);
  if (usable && delivery.principal.kind == delivery::DeliveryPrincipal::Kind::Role) {
    Principal root{.account_id = set.place.account_id, .region = set.place.region, .access_key_id = {}, .arn = delivery.principal.name};
    const auto found = co_await parts_.directory->CallJson(ctx, std::move(root), "sns", "GetTopicAttributes", fmt::format(R"({{"TopicArn":{}}})", json::Quote(topic_arn)));
    if (!found) usable = Fail(found.error());
  }
  if (usable) co_return Result<>();
  co_return Fail(WithMember(Error::Service("InvalidSnsTopicException", fmt::format("Invalid SNS topic: {}", topic_arn)), "Topic", topic_arn));
}

Task<Result<>> ReceiptRunner::TryBucket(Context& ctx, const RuleSetName& set, const ReceiptRule& rule, const S3Action& action) {
  Run run{.set = set, .mail = {}, .header = {}, .owed = {}, .bounces = {}};
  RuleRun of_rule{.run = run, .rule = rule, .recipients = {}};
  std::string text = fmt::format("Subject: Amazon SES Setup Notification\r\n\r\nThe rule {} puts mail into this bucket.\r\n", RuleArn(set.place, set.name, rule.name));
  const std::string key = ObjectKeyOf(action, "AMAZON_SES_SETUP_NOTIFICATION");
  const delivery::Delivery delivery = NewDelivery(of_rule, BucketObjectArn(action, key), std::move(text));
  const auto stored = co_await parts_.targets->Deliver(ctx, delivery);
  if (stored) co_return Result<>();
  if (stored.error().kind != Error::Kind::Service) co_return Fail(Error(stored.error()));
  co_return Fail(WithMember(Error::Service("InvalidS3ConfigurationException", fmt::format("Could not write to bucket: {}", action.bucket_name)), "Bucket", action.bucket_name));
}

Task<Result<>> ReceiptRunner::Try(Context& ctx, const RuleSetName& set, const ReceiptRule& rule) {
  if (!rule.actions) co_return Result<>();
  for (const ReceiptAction& action : *rule.actions) {
    const std::string topic = action.sns_action ? action.sns_action->topic_arn : TopicOf(action);
    if (!topic.empty()) MF_CO_TRY_VOID(co_await TryTopic(ctx, set, rule, topic));
    if (action.lambda_action) MF_CO_TRY_VOID(TryFunction(set, rule, action.lambda_action->function_arn));
    if (action.s3_action) MF_CO_TRY_VOID(co_await TryBucket(ctx, set, rule, *action.s3_action));
  }
  co_return Result<>();
}

}  // namespace mayfly::ses
