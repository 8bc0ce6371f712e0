// ec2-query: Smithy's ec2Query, the query protocol with other names and another frame.
//
//   Action=CreateThing&ThingName=x&Filter.1.Name=a&Filter.1.Value.1=b
//   <CreateThingResponse xmlns="…"><requestId>…</requestId><thing>…</thing></CreateThingResponse>
//   <Response><Errors><Error><Code>…</Code><Message>…</Message></Error></Errors><RequestID>…</RequestID></Response>
//
// What differs from query: a parameter is called as the member's element, with a large first letter; lists are always numbered right
// behind their name; the members of an answer lie in its root, and an answer without any says <return>true</return>; errors that
// services share have older names (UnauthorizedOperation, AuthFailure).
#pragma once

#include "wire/query.h"

namespace mayfly::wire {

class Ec2Query final : public Query {
 public:
  explicit Ec2Query(const Service& service) : Query(service) {}

  http::Response Encode(const Operation& operation, Message& response) const override;
  http::Response EncodeError(const Error& error) const override;
  void Finish(http::Response& response, std::string_view request_id) const override;

 protected:
  const QueryForm& form() const override;
};

}  // namespace mayfly::wire
