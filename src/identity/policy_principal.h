// RequestPrincipal: who asks, as policies see it. PrincipalSet: the Principal or NotPrincipal of a statement.
// Source: IAM user guide, "Principal", "NotPrincipal". Values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/json.h"
#include "base/result.h"

namespace mayfly::identity {

// One of: an identity of an account (account_id and arn), a service, a federated or canonical user, or nobody (all empty:
// an anonymous request). Views of what the caller holds.
struct RequestPrincipal {
  std::string_view account_id;
  std::string_view arn;      // arn:aws:iam::ACCOUNT:root, …:user/NAME, arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
  std::string_view service;  // "s3.amazonaws.com"
  std::string_view federated;
  std::string_view canonical_user;
  std::string_view access_key_id{};   // that has signed the request; "" where none has
  const Principal* caller = nullptr;  // of a request that is being served: what is known of it is found by this (calls.h)

  // `principal` must outlive the result.
  static RequestPrincipal Of(const Principal& principal) {
    RequestPrincipal made{.account_id = principal.account_id, .arn = principal.arn};
    made.access_key_id = principal.access_key_id;
    made.caller = &principal;
    return made;
  }
  static RequestPrincipal Service(std::string_view name) { return {.service = name}; }
  static RequestPrincipal Anonymous() { return {}; }

  bool is_service() const { return !service.empty(); }
  bool is_anonymous() const { return account_id.empty() && service.empty() && federated.empty() && canonical_user.empty(); }
  bool is_root() const { return arn.starts_with("arn:") && arn.ends_with(":root"); }
};

class PrincipalSet {
 public:
  enum class Match : unsigned char {
    None,
    Account,  // the principal's account is named, not the principal itself
    Role,     // the role that the principal is a session of
    Exact,    // the principal, or everybody
  };
  enum class Form : unsigned char { Principal, NotPrincipal };

  PrincipalSet() = default;
  // "*", or {"AWS": …, "Service": …, "Federated": …, "CanonicalUser": …} of one or several each.
  // Error: MalformedPolicyDocument, 'Invalid principal in policy: "AWS":"…"'.
  static Result<PrincipalSet> Parse(const json::Value& value, Form form);

  Match Find(const RequestPrincipal& principal) const;

 private:
  enum class Kind : unsigned char { Everybody, Account, Identity, Service, Federated, CanonicalUser };
  struct Entry {
    Kind kind;
    std::string name;
  };
  Result<> Add(std::string_view kind, const json::Value& value);
  static Match FindIn(const Entry& entry, const RequestPrincipal& principal);

  Form form_ = Form::Principal;
  std::vector<Entry> entries_;
};

}  // namespace mayfly::identity
