// AwsPolicies: the managed policies of AWS that templates name, as rows like the account's own.
//
// What they allow is written down here in our own way (aws_policies.cc): AWS's documents say it at greater length. Immutable once made;
// one strand.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "services/iam/iam_rows.h"

namespace mayfly::iam {

// What happens to names under arn:aws:iam::aws:policy/ that are not written down: they are there and allow nothing (open mode), or are not.
enum class UnknownPolicies : unsigned char { Empty, Missing };

class AwsPolicies {
 public:
  explicit AwsPolicies(UnknownPolicies unknown);

  // By ARN. nullptr: there is none.
  PolicyRowPointer Find(std::string_view arn) const;
  // By ARN, in order.
  const std::map<std::string, PolicyRowPointer, std::less<>>& all() const { return by_arn_; }

 private:
  UnknownPolicies unknown_;
  std::map<std::string, PolicyRowPointer, std::less<>> by_arn_;
};

}  // namespace mayfly::iam
