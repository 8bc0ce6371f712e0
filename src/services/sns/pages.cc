#include "services/sns/pages.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "model/sns.h"
#include "services/sns/sns_errors.h"
#include "wire/error_response.h"

namespace mayfly::sns {
namespace {

constexpr std::string_view kNamespace = "http://sns.amazonaws.com/doc/2010-03-31/";
constexpr std::string_view kXml = "text/xml";

std::string ParameterOf(const http::Request& request, std::string_view name) {
  for (auto& [key, value] : http::ParseQuery(request.query())) {
    if (key == name) return value;
  }
  return {};
}

// What stands in the answers holds no characters that XML would have to escape but these.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '&') out += "&amp;";
    else out += c;
  }
  return out;
}

std::string AnswerTo(std::string_view action, std::string_view subscription_arn, std::string_view request_id) {
  std::string result;
  if (!subscription_arn.empty()) {
    result = fmt::format("<{0}Result><SubscriptionArn>{1}</SubscriptionArn></{0}Result>", action, Escaped(subscription_arn));
  }
  return fmt::format("<{0}Response xmlns=\"{1}\">{2}<ResponseMetadata><RequestId>{3}</RequestId></ResponseMetadata></{0}Response>\n", action, kNamespace,
                     result, request_id);
}

http::Response ErrorAnswer(const Error& error, std::string_view request_id) {
  const wire::ErrorAnswer answer = wire::DescribeError(kService, error);
  const std::string message = error.kind == Error::Kind::Service ? error.message : "Internal error";
  return http::Response::Text(answer.status,
                              fmt::format("<ErrorResponse xmlns=\"{}\"><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error>"
                                          "<RequestId>{}</RequestId></ErrorResponse>\n",
                                          kNamespace, wire::QueryCodeOf(kService, answer), Escaped(message), request_id),
                              std::string(kXml));
}

}  // namespace

Task<http::Response> OutboxPage::Get(Context& ctx, const http::Request& request, std::string_view, std::string account_id) {
  const auto limit = ParseNumber<int64_t>(ParameterOf(request, "limit")).value_or(100);
  auto written = co_await outbox_->Write(ctx, std::move(account_id), static_cast<size_t>(std::clamp<int64_t>(limit, 1, kOutboxMax)));
  if (!written) co_return http::Response::Json(500, fmt::format("{{\"message\":{}}}\n", json::Quote(written.error().message)));
  co_return http::Response::Json(200, std::move(*written));
}

Task<Result<std::string>> LinkPage::Follow(Context& ctx, const http::Request& request, std::string action) {
  if (action == "ConfirmSubscription") {
    const std::string topic_arn = ParameterOf(request, "TopicArn");
    MF_CO_TRY(const std::string arn, co_await subscriptions_->ConfirmByLink(ctx, topic_arn, ParameterOf(request, "Token")));
    co_return AnswerTo(action, arn, ctx.request_id);
  }
  const std::string subscription_arn = ParameterOf(request, "SubscriptionArn");
  MF_CO_TRY_VOID(co_await subscriptions_->UnsubscribeByLink(ctx, subscription_arn));
  co_return AnswerTo(action, "", ctx.request_id);
}

Task<http::Response> LinkPage::Get(Context& ctx, const http::Request& request, std::string_view rest, std::string) {
  if (rest == "ConfirmSubscription" || rest == "Unsubscribe") {
    auto answer = co_await Follow(ctx, request, std::string(rest));
    co_return answer ? http::Response::Text(200, std::move(*answer), std::string(kXml)) : ErrorAnswer(answer.error(), ctx.request_id);
  }
  const auto prepared = co_await signer_->Prepare();
  if (!prepared) co_return ErrorAnswer(prepared.error(), ctx.request_id);
  if (rest != signer_->certificate_name()) co_return http::Response::Text(404, "there is no such certificate\n", "text/plain");
  co_return http::Response::Text(200, signer_->certificate(), "application/x-pem-file");
}

}  // namespace mayfly::sns
