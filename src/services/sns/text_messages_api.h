// TextMessagesApi: the account's settings of text messages, the numbers of its sandbox, and data protection policies of topics.
//
// One per daemon, on its strand. Text messages go to the outbox: settings are kept and told, numbers are verified by a code that lies there, and
// nobody can opt out. A data protection policy is kept with its topic; messages are delivered as they are.
// Bound: kSandboxNumbersMax numbers of an account in a region.
#pragma once

#include "model/sns.h"
#include "services/sns/outbox.h"
#include "services/sns/topics.h"

namespace mayfly::sns {

inline constexpr size_t kSandboxNumbersMax = 10;

struct SandboxNumber {
  std::string number;
  std::string code;  // "": it is verified
};
// By "ACCOUNT/REGION".
struct TextSettings {
  resources::StringPairs attributes;
  std::vector<SandboxNumber> numbers;
};
json::Value ToJson(const TextSettings& settings);
Result<> FromJson(std::string_view key, const json::Value& value, TextSettings& settings);

class TextMessagesApi final : public TextMessagesHandler, public DataProtectionHandler {
 public:
  // All outlive it.
  TextMessagesApi(store::Store& store, Topics& topics, Outbox& outbox, Random& random);
  Task<Result<>> Open(Context& ctx) { return tables_.Open(ctx); }

  Task<Result<GetSMSAttributesResponse>> GetSMSAttributes(Context& ctx, GetSMSAttributesRequest request) override;
  Task<Result<SetSMSAttributesResponse>> SetSMSAttributes(Context& ctx, SetSMSAttributesRequest request) override;
  Task<Result<CheckIfPhoneNumberIsOptedOutResponse>> CheckIfPhoneNumberIsOptedOut(Context& ctx, CheckIfPhoneNumberIsOptedOutRequest request) override;
  Task<Result<OptInPhoneNumberResponse>> OptInPhoneNumber(Context& ctx, OptInPhoneNumberRequest request) override;
  Task<Result<ListPhoneNumbersOptedOutResponse>> ListPhoneNumbersOptedOut(Context& ctx, ListPhoneNumbersOptedOutRequest request) override;
  Task<Result<ListOriginationNumbersResponse>> ListOriginationNumbers(Context& ctx, ListOriginationNumbersRequest request) override;
  Task<Result<GetSMSSandboxAccountStatusResponse>> GetSMSSandboxAccountStatus(Context& ctx, GetSMSSandboxAccountStatusRequest request) override;
  Task<Result<CreateSMSSandboxPhoneNumberResponse>> CreateSMSSandboxPhoneNumber(Context& ctx, CreateSMSSandboxPhoneNumberRequest request) override;
  Task<Result<DeleteSMSSandboxPhoneNumberResponse>> DeleteSMSSandboxPhoneNumber(Context& ctx, DeleteSMSSandboxPhoneNumberRequest request) override;
  Task<Result<VerifySMSSandboxPhoneNumberResponse>> VerifySMSSandboxPhoneNumber(Context& ctx, VerifySMSSandboxPhoneNumberRequest request) override;
  Task<Result<ListSMSSandboxPhoneNumbersResponse>> ListSMSSandboxPhoneNumbers(Context& ctx, ListSMSSandboxPhoneNumbersRequest request) override;
  Task<Result<GetDataProtectionPolicyResponse>> GetDataProtectionPolicy(Context& ctx, GetDataProtectionPolicyRequest request) override;
  Task<Result<>> PutDataProtectionPolicy(Context& ctx, PutDataProtectionPolicyRequest request) override;

 private:
  TextSettings SettingsOf(const Context& ctx) const;
  Task<Result<>> EditSettings(Context& ctx, std::function<Result<>(TextSettings&)> edit);

  resources::ResourceTables tables_;
  resources::ResourceTable<TextSettings> settings_;
  Topics* topics_;
  Outbox* outbox_;
  Random* random_;
};

}  // namespace mayfly::sns
