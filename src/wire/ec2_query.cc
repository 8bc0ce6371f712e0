#include "wire/ec2_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/error_response.h"
#include "wire/query_form.h"
#include "wire/xml_error.h"
#include "wire/xml_write.h"

namespace mayfly::wire {
namespace {

constexpr std::string_view kEc2XmlType = "text/xml;charset=UTF-8";
constexpr std::string_view kEc2Prolog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

// What the protocol calls errors that all services share.
struct Ec2Error {
  std::string_view code;
  std::string_view name;
  int status;
};

constexpr Ec2Error kEc2Errors[] = {
    {"AccessDeniedException", "UnauthorizedOperation", 403}, {"ExpiredTokenException", "RequestExpired", 400},
    {"IncompleteSignatureException", "AuthFailure", 401},    {"InternalFailure", "InternalError", 500},
    {"InvalidSignatureException", "AuthFailure", 401},       {"MissingAuthenticationTokenException", "AuthFailure", 401},
    {"SignatureDoesNotMatch", "AuthFailure", 401},           {"ThrottlingException", "RequestLimitExceeded", 503},
    {"UnrecognizedClientException", "AuthFailure", 401},     {"ValidationException", "InvalidParameterValue", 400},
};

char Large(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

class Ec2Form final : public QueryForm {
 public:
  TextNodes Named(const Member& member, TextNode& parent) const override {
    std::string name(member.xml_name());
    name.front() = Large(name.front());
    TextNode* found = parent.Find(name);
    if (!found) found = parent.Find(member.name);
    return found ? TextNodes{found} : TextNodes();
  }
};

}  // namespace

const QueryForm& Ec2Query::form() const {
  static const Ec2Form kForm;
  return kForm;
}

http::Response Ec2Query::Encode(const Operation& operation, Message& message) const {
  http::Response response;
  response.status = operation.status;
  response.headers.Set("Content-Type", kEc2XmlType);
  response.body = fmt::format("{}<{}Response xmlns=\"{}\">", kEc2Prolog, operation.name, service().xml_namespace);
  if (message.get()) {
    WriteXmlMembers(*message.structure(), MemberChoice::BodyOnly, message.get(), response.body);
  } else {
    AppendXmlElement("return", "true", response.body);
  }
  response.body += fmt::format("</{}Response>", operation.name);
  return response;
}

http::Response Ec2Query::EncodeError(const Error& error) const {
  const ErrorAnswer answer = DescribeError(service(), error);
  const auto shared = std::ranges::find(kEc2Errors, std::string_view(answer.code), &Ec2Error::code);
  const bool is_shared = shared != std::end(kEc2Errors);
  std::string body(kEc2Prolog);
  body += "<Response><Errors><Error>";
  AppendXmlElement("Code", is_shared ? std::string(shared->name) : QueryCodeOf(service(), answer), body);
  AppendXmlElement("Message", MessageOf(answer), body);
  body += "</Error></Errors>";
  return http::Response::Text(is_shared ? shared->status : answer.status, std::move(body), kEc2XmlType);
}

void Ec2Query::Finish(http::Response& response, std::string_view request_id) const {
  Protocol::Finish(response, request_id);
  std::string id;
  if (response.status >= 400) {
    AppendXmlElement("RequestID", request_id, id);
    response.body += id + "</Response>";
    return;
  }
  // In front of the members, behind the start of the root.
  AppendXmlElement("requestId", request_id, id);
  response.body.insert(response.body.find('>', kEc2Prolog.size()) + 1, id);
}

}  // namespace mayfly::wire
