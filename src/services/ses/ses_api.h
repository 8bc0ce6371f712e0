// Amazon SES's API: the operations of model/ses.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model.
#pragma once

#include "model/ses.h"
#include "resources/paging.h"
#include "services/ses/mail_intake.h"
#include "services/ses/receipt_runner.h"

namespace mayfly::ses {

struct SesParts {
  const Clock* clock;
  Random* random;
  SesTables* tables;
  MailIntake* intake;
  ReceiptRunner* runner;
  delivery::OutgoingMessages* outgoing;
};

class SesApi final : public IdentitiesHandler, public SendingHandler, public ReceivingHandler {
 public:
  // What the parts name outlives it.
  explicit SesApi(SesParts parts) : parts_(parts) {}
  Handlers handlers() { return {{}, *this, *this, *this}; }

  // --- identities (api_identities.cc) ---
  Task<Result<VerifyEmailIdentityResponse>> VerifyEmailIdentity(Context& ctx, VerifyEmailIdentityRequest request) override;
  Task<Result<VerifyDomainIdentityResponse>> VerifyDomainIdentity(Context& ctx, VerifyDomainIdentityRequest request) override;
  Task<Result<ListIdentitiesResponse>> ListIdentities(Context& ctx, ListIdentitiesRequest request) override;
  Task<Result<GetIdentityVerificationAttributesResponse>> GetIdentityVerificationAttributes(Context& ctx,
                                                                                            GetIdentityVerificationAttributesRequest request) override;
  Task<Result<DeleteIdentityResponse>> DeleteIdentity(Context& ctx, DeleteIdentityRequest request) override;

  // --- sending (api_sending.cc) ---
  Task<Result<SendEmailResponse>> SendEmail(Context& ctx, SendEmailRequest request) override;
  Task<Result<SendRawEmailResponse>> SendRawEmail(Context& ctx, SendRawEmailRequest request) override;

  // --- receiving: sets (api_rule_sets.cc) ---
  Task<Result<CreateReceiptRuleSetResponse>> CreateReceiptRuleSet(Context& ctx, CreateReceiptRuleSetRequest request) override;
  Task<Result<CloneReceiptRuleSetResponse>> CloneReceiptRuleSet(Context& ctx, CloneReceiptRuleSetRequest request) override;
  Task<Result<DeleteReceiptRuleSetResponse>> DeleteReceiptRuleSet(Context& ctx, DeleteReceiptRuleSetRequest request) override;
  Task<Result<DescribeReceiptRuleSetResponse>> DescribeReceiptRuleSet(Context& ctx, DescribeReceiptRuleSetRequest request) override;
  Task<Result<DescribeActiveReceiptRuleSetResponse>> DescribeActiveReceiptRuleSet(Context& ctx, DescribeActiveReceiptRuleSetRequest request) override;
  Task<Result<ListReceiptRuleSetsResponse>> ListReceiptRuleSets(Context& ctx, ListReceiptRuleSetsRequest request) override;
  Task<Result<SetActiveReceiptRuleSetResponse>> SetActiveReceiptRuleSet(Context& ctx, SetActiveReceiptRuleSetRequest request) override;
  Task<Result<ReorderReceiptRuleSetResponse>> ReorderReceiptRuleSet(Context& ctx, ReorderReceiptRuleSetRequest request) override;

  // --- receiving: rules and filters (api_rules.cc) ---
  Task<Result<CreateReceiptRuleResponse>> CreateReceiptRule(Context& ctx, CreateReceiptRuleRequest request) override;
  Task<Result<DescribeReceiptRuleResponse>> DescribeReceiptRule(Context& ctx, DescribeReceiptRuleRequest request) override;
  Task<Result<UpdateReceiptRuleResponse>> UpdateReceiptRule(Context& ctx, UpdateReceiptRuleRequest request) override;
  Task<Result<DeleteReceiptRuleResponse>> DeleteReceiptRule(Context& ctx, DeleteReceiptRuleRequest request) override;
  Task<Result<SetReceiptRulePositionResponse>> SetReceiptRulePosition(Context& ctx, SetReceiptRulePositionRequest request) override;
  Task<Result<CreateReceiptFilterResponse>> CreateReceiptFilter(Context& ctx, CreateReceiptFilterRequest request) override;
  Task<Result<DeleteReceiptFilterResponse>> DeleteReceiptFilter(Context& ctx, DeleteReceiptFilterRequest request) override;
  Task<Result<ListReceiptFiltersResponse>> ListReceiptFilters(Context& ctx, ListReceiptFiltersRequest request) override;

 private:
  using RuleSetPointer = resources::ResourceTable<RuleSetRow>::Pointer;
  using Rules = std::vector<RuleRow>;

  int64_t NowMillis() const { return ToEpochMillis(parts_.clock->WallNow()); }
  Task<Result<>> AddIdentity(Context& ctx, std::string name, IdentityRow row);
  Task<Result<>> AddRuleSet(Context& ctx, const std::string& name, Rules rules);
  // Changes the rules of the caller's set. Errors: RuleSetDoesNotExist; those of `edit`.
  Task<Result<>> EditRules(Context& ctx, const std::string& set, std::function<Result<>(Rules&)> edit);
  // A message into the outbox, and to who takes mail here.
  Task<Result<>> Send(Context& ctx, IncomingMail mail, std::string subject);
  std::string NewMessageId() const;

  SesParts parts_;
};

// The rule in the set. Error: RuleDoesNotExist.
Result<std::vector<RuleRow>::iterator> FindRule(std::vector<RuleRow>& rules, const std::string& name);
// Where a rule stands that comes after `after`: at the beginning where that is not said. Error: RuleDoesNotExist.
Result<std::vector<RuleRow>::iterator> PlaceAfter(std::vector<RuleRow>& rules, const std::optional<std::string>& after);

}  // namespace mayfly::ses
