#include "wire/error_response.h"

#include <fmt/format.h>

namespace mayfly::wire {
namespace {

struct CommonError {
  std::string_view code;
  int status;
};

constexpr CommonError kCommonErrors[] = {
    {"ValidationException", 400},          {"SerializationException", 400},
    {"UnknownOperationException", 404},    {"MethodNotAllowedException", 405},
    {"NotImplementedException", 501},      {"RequestEntityTooLargeException", 413},
    {"AccessDeniedException", 403},        {"UnrecognizedClientException", 403},
    {"InvalidSignatureException", 403},    {"SignatureDoesNotMatch", 403},
    {"ExpiredTokenException", 403},        {"MissingAuthenticationTokenException", 403},
    {"IncompleteSignatureException", 400}, {"RequestTimeoutException", 408},
    {"ThrottlingException", 400},          {"InternalFailure", 500},
    {"ServiceUnavailable", 503},
};

constexpr std::string_view kTypeMember = "Type";
constexpr std::string_view kNoType = "null";

constexpr std::string_view kFaultMessage = "The service encountered an internal error. The request id names it in the service's log.";

// Names that the query protocol has for errors that services share.
constexpr std::pair<std::string_view, std::string_view> kQueryCodes[] = {
    {"UnrecognizedClientException", "InvalidClientTokenId"},
    {"InvalidSignatureException", "SignatureDoesNotMatch"},
    {"UnknownOperationException", "InvalidAction"},
    {"ValidationException", "ValidationError"},
};

// A member's raw JSON value; what is none (a bug of ours) goes out as a string.
json::Value MemberValue(const std::string& raw) {
  auto value = json::Parse(raw);
  return value ? std::move(*value) : json::Value(raw);
}

}  // namespace

Error ForCaller(const Service& service, const Error& error) {
  if (error.kind == Error::Kind::Service) return error;
  return Error::Service(FindError(service, "ServiceException") ? "ServiceException" : "InternalFailure", std::string(kFaultMessage));
}

int CommonErrorStatus(std::string_view code) {
  for (const CommonError& error : kCommonErrors) {
    if (error.code == code) return error.status;
  }
  return 0;
}

Error NotImplemented(const Operation& operation) {
  return Error::Service("NotImplementedException",
                        fmt::format("{} is not implemented by Mayfly yet: it {}.", operation.name, operation.todo));
}

ErrorAnswer DescribeError(const Service& service, const Error& error) {
  Error shown = ForCaller(service, error);
  const ErrorShape* shape = FindError(service, shown.code);
  if (!shape && (shape = FindStandIn(service, shown.code))) {
    shown.code = shape->code;
    if (!shape->text.empty()) shown.message = shape->text;
  }
  ErrorAnswer answer;
  answer.code = shown.code;
  if (shape) {
    answer.status = shape->status;
  } else if (const int common = CommonErrorStatus(shown.code)) {
    answer.status = common;
  } else {
    answer.status = 400;  // another room's service error that no table knows is still the caller's
  }
  bool has_type = shape != nullptr;
  for (const auto& [name, raw] : shown.members) {
    if (name == kTypeMember) {
      has_type = has_type && raw != kNoType;
      continue;
    }
    json::Value value = MemberValue(raw);
    if (name.starts_with('@')) {
      answer.headers.emplace_back(name.substr(1), value.is_string() ? value.string() : raw);
    } else if (shape && !shape->retry_after_member.empty() && name == shape->retry_after_member) {
      answer.retry_after = value.is_string() ? value.string() : raw;
    } else {
      answer.body.emplace_back(name, std::move(value));
    }
  }
  if (has_type) answer.body.emplace_back(std::string(kTypeMember), shape->fault ? "Service" : "User");
  answer.body.emplace_back(std::string(shape ? shape->message_member : "message"), shown.message);
  return answer;
}

std::string QueryCodeOf(const Service& service, const ErrorAnswer& answer) {
  const ErrorShape* shape = FindError(service, answer.code);
  if (shape) return std::string(shape->query_code.empty() ? shape->code : shape->query_code);
  for (const auto& [code, query_code] : kQueryCodes) {
    if (code == answer.code) return std::string(query_code);
  }
  std::string_view code = answer.code;
  if (constexpr std::string_view kSuffix = "Exception"; code.ends_with(kSuffix)) code.remove_suffix(kSuffix.size());
  return std::string(code);
}

std::string QueryErrorOf(const Service& service, const ErrorAnswer& answer) {
  return fmt::format("{};{}", QueryCodeOf(service, answer), answer.status >= 500 ? "Receiver" : "Sender");
}

std::string TypeOf(const Service& service, const ErrorAnswer& answer) {
  if (FindError(service, answer.code)) return service.error_namespace.empty() ? answer.code : fmt::format("{}#{}", service.error_namespace, answer.code);
  // What all services share is named so, always with this ending.
  return fmt::format("com.amazon.coral.service#{}{}", answer.code, answer.code.ends_with("Exception") || answer.status >= 500 ? "" : "Exception");
}

Error WithoutType(Error error) {
  error.members.emplace_back(std::string(kTypeMember), std::string(kNoType));
  return error;
}

Error MissingParameter(std::string_view path) {
  return Error::Service("MissingParameter", fmt::format("The request must contain the parameter {}.", path));
}

}  // namespace mayfly::wire
