#include "services/sns/text_messages_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "resources/edit.h"
#include "services/sns/sns_errors.h"

namespace mayfly::sns {
namespace {

constexpr size_t kDataProtectionBytesMax = 30 * 1024;
constexpr std::string_view kSmsAttributes[] = {"MonthlySpendLimit", "DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate", "DefaultSenderID", "DefaultSMSType",
                                               "UsageReportS3Bucket"};

std::string TextKey(const Context& ctx) { return ctx.principal.account_id + '/' + ctx.principal.region; }

Error NoNumber() { return Error::Service("ResourceNotFoundException", "Resource does not exist"); }

Result<> CheckSmsAttribute(const std::string& name, const std::string& value) {
  if (std::ranges::find(kSmsAttributes, name) == std::end(kSmsAttributes)) return Fail(InvalidParameter(fmt::format("{} is not a valid attribute", name)));
  if (name == "DefaultSMSType" && value != "Promotional" && value != "Transactional") {
    return Fail(InvalidParameter("DefaultSMSType", "must be Promotional or Transactional"));
  }
  const bool is_percent = name == "DeliveryStatusSuccessSamplingRate";
  const auto number = is_percent || name == "MonthlySpendLimit" ? ParseNumber<int64_t>(value) : std::optional<int64_t>(0);
  if (!number || *number < 0 || (is_percent && *number > 100)) return Fail(InvalidParameter(name));
  return {};
}

SandboxNumber* FindNumber(TextSettings& settings, std::string_view number) {
  const auto found = std::ranges::find(settings.numbers, number, &SandboxNumber::number);
  return found == settings.numbers.end() ? nullptr : &*found;
}

Result<> CheckDataProtectionPolicy(const std::string& policy) {
  if (policy.size() > kDataProtectionBytesMax) return Fail(InvalidParameter("DataProtectionPolicy", "the policy is too long"));
  const auto document = json::Parse(policy);
  const json::Value* statements = document && document->is_object() ? document->Find("Statement") : nullptr;
  if (!statements || !statements->is_array() || !document->Find("Name")) return Fail(InvalidParameter("DataProtectionPolicy", "it needs a Name and a list of Statements"));
  return {};
}

}  // namespace

void VisitMembers(resources::Is<SandboxNumber> auto& number, auto&& visit) {
  visit("number", number.number);
  visit("code", number.code);
}
void VisitMembers(resources::Is<TextSettings> auto& settings, auto&& visit) {
  visit("attributes", settings.attributes);
  visit("numbers", settings.numbers);
}
json::Value ToJson(const TextSettings& settings) { return resources::WriteMembers(settings); }
Result<> FromJson(std::string_view, const json::Value& value, TextSettings& settings) {
  resources::ReadMembers(value, settings);
  return {};
}

TextMessagesApi::TextMessagesApi(store::Store& store, Topics& topics, Outbox& outbox, Random& random)
    : tables_(store), settings_(tables_, "sns_text_settings"), topics_(&topics), outbox_(&outbox), random_(&random) {}

TextSettings TextMessagesApi::SettingsOf(const Context& ctx) const {
  const auto row = settings_.Find(TextKey(ctx));
  return row ? *row : TextSettings();
}

Task<Result<>> TextMessagesApi::EditSettings(Context& ctx, std::function<Result<>(TextSettings&)> edit) {
  const std::string key = TextKey(ctx);
  const auto stage = [&](resources::Change& change, const auto& old) -> Result<> {
    TextSettings settings = old ? *old : TextSettings();
    MF_TRY_VOID(edit(settings));
    return change.Put(settings_, key, std::move(settings));
  };
  co_return co_await resources::EditWith(ctx, settings_, key, stage);
}

Task<Result<GetSMSAttributesResponse>> TextMessagesApi::GetSMSAttributes(Context& ctx, GetSMSAttributesRequest request) {
  GetSMSAttributesResponse response;
  auto& told = response.attributes.emplace();
  for (const auto& [name, value] : SettingsOf(ctx).attributes) {
    if (!request.attributes || std::ranges::find(*request.attributes, name) != request.attributes->end()) told.emplace_back(name, value);
  }
  co_return response;
}

Task<Result<SetSMSAttributesResponse>> TextMessagesApi::SetSMSAttributes(Context& ctx, SetSMSAttributesRequest request) {
  for (const auto& [name, value] : request.attributes) MF_CO_TRY_VOID(CheckSmsAttribute(name, value));
  MF_CO_TRY_VOID(co_await EditSettings(ctx, [&](TextSettings& settings) -> Result<> {
    for (const auto& [name, value] : request.attributes) {
      std::erase_if(settings.attributes, [&](const auto& attribute) { return attribute.first == name; });
      if (!value.empty()) settings.attributes.emplace_back(name, value);
    }
    return {};
  }));
  co_return SetSMSAttributesResponse();
}

Task<Result<CheckIfPhoneNumberIsOptedOutResponse>> TextMessagesApi::CheckIfPhoneNumberIsOptedOut(Context&, CheckIfPhoneNumberIsOptedOutRequest) {
  co_return CheckIfPhoneNumberIsOptedOutResponse{.is_opted_out = false};
}
Task<Result<OptInPhoneNumberResponse>> TextMessagesApi::OptInPhoneNumber(Context&, OptInPhoneNumberRequest) { co_return OptInPhoneNumberResponse(); }
Task<Result<ListPhoneNumbersOptedOutResponse>> TextMessagesApi::ListPhoneNumbersOptedOut(Context&, ListPhoneNumbersOptedOutRequest) {
  co_return ListPhoneNumbersOptedOutResponse{.phone_numbers = std::vector<std::string>(), .next_token = {}};
}
Task<Result<ListOriginationNumbersResponse>> TextMessagesApi::ListOriginationNumbers(Context&, ListOriginationNumbersRequest) {
  co_return ListOriginationNumbersResponse{.next_token = {}, .phone_numbers = std::vector<PhoneNumberInformation>()};
}
// Every number gets text messages: in the outbox.
Task<Result<GetSMSSandboxAccountStatusResponse>> TextMessagesApi::GetSMSSandboxAccountStatus(Context&, GetSMSSandboxAccountStatusRequest) {
  co_return GetSMSSandboxAccountStatusResponse{.is_in_sandbox = false};
}

Task<Result<CreateSMSSandboxPhoneNumberResponse>> TextMessagesApi::CreateSMSSandboxPhoneNumber(Context& ctx, CreateSMSSandboxPhoneNumberRequest request) {
  const std::string code = fmt::format("{:06}", random_->Below(1'000'000));
  MF_CO_TRY_VOID(co_await EditSettings(ctx, [&](TextSettings& settings) -> Result<> {
    if (SandboxNumber* there = FindNumber(settings, request.phone_number)) {
      if (!there->code.empty()) there->code = code;
      return {};
    }
    if (settings.numbers.size() >= kSandboxNumbersMax) return Fail(Error::Service("UserErrorException", "You have reached the maximum number of sandbox phone numbers."));
    settings.numbers.push_back({request.phone_number, code});
    return {};
  }));
  MF_CO_TRY_VOID(co_await outbox_->Add(ctx, {.id = random_->Uuid(), .account_id = ctx.principal.account_id, .region = ctx.principal.region, .protocol = "sms",
                                             .endpoint = request.phone_number, .topic_arn = {}, .subscription_arn = {}, .type = "Verification", .subject = {},
                                             .body = fmt::format("Your verification code is {}.", code)}));
  co_return CreateSMSSandboxPhoneNumberResponse();
}

Task<Result<DeleteSMSSandboxPhoneNumberResponse>> TextMessagesApi::DeleteSMSSandboxPhoneNumber(Context& ctx, DeleteSMSSandboxPhoneNumberRequest request) {
  MF_CO_TRY_VOID(co_await EditSettings(ctx, [&](TextSettings& settings) -> Result<> {
    if (!FindNumber(settings, request.phone_number)) return Fail(NoNumber());
    std::erase_if(settings.numbers, [&](const SandboxNumber& one) { return one.number == request.phone_number; });
    return {};
  }));
  co_return DeleteSMSSandboxPhoneNumberResponse();
}

Task<Result<VerifySMSSandboxPhoneNumberResponse>> TextMessagesApi::VerifySMSSandboxPhoneNumber(Context& ctx, VerifySMSSandboxPhoneNumberRequest request) {
  MF_CO_TRY_VOID(co_await EditSettings(ctx, [&](TextSettings& settings) -> Result<> {
    SandboxNumber* number = FindNumber(settings, request.phone_number);
    if (!number) return Fail(NoNumber());
    if (!number->code.empty() && number->code != request.one_time_password) {
      return Fail(Error::Service("VerificationException", "The one-time password is not the one that was sent."));
    }
    number->code.clear();
    return {};
  }));
  co_return VerifySMSSandboxPhoneNumberResponse();
}

Task<Result<ListSMSSandboxPhoneNumbersResponse>> TextMessagesApi::ListSMSSandboxPhoneNumbers(Context& ctx, ListSMSSandboxPhoneNumbersRequest) {
  ListSMSSandboxPhoneNumbersResponse response;
  for (const SandboxNumber& number : SettingsOf(ctx).numbers) {
    response.phone_numbers.push_back({.phone_number = number.number, .status = number.code.empty() ? "Verified" : "Pending"});
  }
  co_return response;
}

Task<Result<GetDataProtectionPolicyResponse>> TextMessagesApi::GetDataProtectionPolicy(Context&, GetDataProtectionPolicyRequest request) {
  MF_CO_TRY(const TopicPointer topic, topics_->Get(request.resource_arn));
  GetDataProtectionPolicyResponse response;
  if (!topic->data_protection_policy.empty()) response.data_protection_policy = topic->data_protection_policy;
  co_return response;
}

Task<Result<>> TextMessagesApi::PutDataProtectionPolicy(Context& ctx, PutDataProtectionPolicyRequest request) {
  if (!request.data_protection_policy.empty()) MF_CO_TRY_VOID(CheckDataProtectionPolicy(request.data_protection_policy));
  MF_CO_TRY(const TopicPointer topic, topics_->Get(request.resource_arn));
  co_return co_await topics_->Edit(ctx, topic->name, [&](TopicRow& row) -> Result<> {
    row.data_protection_policy = request.data_protection_policy;
    return {};
  });
}

}  // namespace mayfly::sns
