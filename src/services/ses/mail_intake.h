// MailIntake: mail that comes, from this machine's senders and by SMTP: whose rules it is for, and its way into the durable lanes.
//
// A recipient is an account's where an identity of its speaks for the address (SesTables::IdentityOf), and is taken when an enabled rule of the
// active set in that region is about it. Each set that takes a mail gets it as one owed delivery, all of them in one commit.
// One per daemon, on its strand.
#pragma once

#include "base/random.h"
#include "delivery/durable_lanes.h"
#include "services/ses/incoming_mail.h"

namespace mayfly::ses {

// The name of the sender of what comes. It stands in stored deliveries.
inline constexpr std::string_view kReceiptSender = "ses-receipt";

class MailIntake {
 public:
  // All outlive it.
  MailIntake(const SesTables& tables, delivery::DurableLanes& lanes, const Clock& calendar) : tables_(&tables), lanes_(&lanes), calendar_(&calendar) {}

  enum class Answer : unsigned char {
    Taken,
    Unknown,   // no rule is about it
    NeedsTls,  // only rules that want TLS are
    Blocked,   // by a filter
  };
  // Of a mail server without TLS at the address `peer`.
  Answer AnswerTo(std::string_view recipient, std::string_view peer) const;

  struct Arrival {
    IncomingMail mail;
    std::string peer;  // of SMTP: its address
    std::string helo;  // … and the name it gave
  };
  // Success: all sets that take it have it, durably; there may be none. Error: a fault of the store.
  Task<Result<>> Accept(Context& ctx, Arrival arrival);

 private:
  struct ActiveSet {
    RuleSetName name;
    std::vector<ReceiptRule> rules;  // the enabled ones
  };
  std::vector<ActiveSet> ActiveSets() const;
  Answer AnswerOf(const ActiveSet& set, std::string_view recipient, bool is_by_smtp, std::string_view peer) const;
  bool IsBlocked(const Place& place, std::string_view peer) const;

  const SesTables* tables_;
  delivery::DurableLanes* lanes_;
  const Clock* calendar_;
};

}  // namespace mayfly::ses
