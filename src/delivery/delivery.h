// Delivery: something that is sent to an ARN, and on whose behalf. A value.
#pragma once

#include <string>
#include <vector>

namespace mayfly::delivery {

// A message attribute as SQS and SNS know them; targets that have none pass over them.
struct DeliveryAttribute {
  enum class Type : unsigned char { String, Number, Binary };

  std::string name;
  Type type = Type::String;
  std::string value;  // UTF-8; of a Number its decimal text; of a Binary its bytes
  std::string label;  // the type's own, after its dot: "Array" of String.Array; "" = none
};

// On whose behalf a delivery is made: whom the target's policy, or the role's, must let in.
struct DeliveryPrincipal {
  enum class Kind : unsigned char {
    Role,     // what a service does as a role that its customer gave it: the role's policies decide, across accounts the target's, too
    Service,  // what a service does by itself, for a resource of somebody: the target's policy must allow it
  };

  // `session_arn`: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION; `account_id`: its account.
  static DeliveryPrincipal Role(std::string session_arn, std::string account_id) {
    return {.kind = Kind::Role, .name = std::move(session_arn), .account_id = std::move(account_id)};
  }
  // `service`: "sns.amazonaws.com"; `source_account_id`: whose the delivery's source is.
  static DeliveryPrincipal Service(std::string service, std::string source_account_id) {
    return {.kind = Kind::Service, .name = std::move(service), .account_id = std::move(source_account_id)};
  }

  Kind kind = Kind::Role;
  std::string name;        // the session's ARN, or the service
  std::string account_id;  // for policies: aws:PrincipalAccount of a role, aws:SourceAccount of a service

  bool is_named() const { return !name.empty() && !account_id.empty(); }
};

struct Delivery {
  std::string id;          // unique; a delivery that is repeated, also after a crash, has the same one
  std::string target_arn;
  std::string body;
  std::vector<DeliveryAttribute> attributes;
  // What it comes from: a function (unqualified, or qualified as it was invoked), a topic … aws:SourceArn of a service.
  std::string source_arn;
  DeliveryPrincipal principal;
  // X-Amzn-Trace-Id with its Lineage (invoke/lineage.h). A queue keeps it as AWSTraceHeader, so that loops are seen across it.
  std::string trace_header;
  // For queues: the message's group, which a FIFO queue must be told, and what it is known by there for five minutes ("": its
  // body, where the queue wants that). Others pass over them.
  std::string message_group_id;
  std::string message_deduplication_id;
  // For events: "Lambda Function Invocation Result - Success". Others pass over it.
  std::string detail_type;
};

}  // namespace mayfly::delivery
