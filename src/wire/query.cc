#include "wire/query.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "wire/error_response.h"
#include "wire/query_form.h"
#include "wire/rest_members.h"
#include "wire/xml_error.h"
#include "wire/xml_write.h"

namespace mayfly::wire {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kXmlType = "text/xml";

bool HasForm(const http::Request& request) { return request.headers.Get("Content-Type").starts_with(kFormType); }

bool HasParameter(std::string_view query, std::string_view assignment) {
  return query.starts_with(assignment) || query.find(fmt::format("&{}", assignment)) != std::string_view::npos;
}

size_t CountParameters(std::string_view text) { return static_cast<size_t>(std::ranges::count(text, '&')) + 1; }

// Gives members whose parameters are missing the request's path, where that stands in for them.
void TakePath(const Structure& structure, std::string_view path, TextNode& tree) {
  if (path.size() <= 1) return;
  for (const Member& member : structure.members) {
    if (member.path_stands_in && !tree.Find(member.xml_name())) tree.children.push_back({std::string(member.xml_name()), std::string(path), {}});
  }
}

}  // namespace

bool LooksLikeQuery(const http::Request& request) { return HasForm(request) || HasParameter(request.query(), "Action="); }

const QueryForm& Query::form() const {
  static const QueryForm kForm;
  return kForm;
}

bool Query::Recognizes(const http::Request& request) const { return LooksLikeQuery(request); }

Result<RouteMatch> Query::Route(const http::Request& request) const {
  if (CountParameters(request.query()) + CountParameters(request.body) > kQueryParametersMax) return Fail(MalformedQuery("The request has too many parameters."));
  RouteMatch match;
  match.query = http::ParseQuery(request.query());
  for (auto& parameter : http::ParseQuery(request.body)) match.query.push_back(std::move(parameter));
  const auto action = std::ranges::find(match.query, "Action", [](const auto& parameter) { return std::string_view(parameter.first); });
  if (action == match.query.end() || action->second.empty()) {
    return Fail(Error::Service("MissingAction", "The request must contain the parameter Action."));
  }
  match.operation = FindOperation(service_, action->second);
  if (!match.operation) {
    return Fail(Error::Service("InvalidAction", fmt::format("The action {} is not valid for this endpoint.", action->second.substr(0, 100))));
  }
  return match;
}

Result<Message> Query::Read(const RouteMatch& match, http::Request& request, Violations& violations) const {
  MF_ASSERT(match.operation->todo.empty());
  Message message(match.operation->input);
  if (!message.get()) return message;
  for (const auto& [name, value] : match.query) {
    if (!IsValidUtf8(name) || !IsValidUtf8(value)) return Fail(MalformedQuery("The request is not in UTF-8."));
  }
  MF_TRY(TextNode tree, BuildQueryTree(match.query));
  TakePath(*message.structure(), request.path(), tree);
  MF_TRY_VOID(ReadHeaderMembers(*message.structure(), request, message.get(), violations));
  MF_TRY_VOID(ReadTextMembers(form(), *message.structure(), MemberChoice::BodyOnly, tree, message.get(), nullptr, violations));
  return message;
}

Error Query::ErrorOf(const Violations& violations) const {
  return violations.first_missing().empty() ? violations.ToError() : MissingParameter(violations.first_missing());
}

// The ends of the answer's elements come with the request's id.
http::Response Query::Encode(const Operation& operation, Message& message) const {
  http::Response response;
  response.status = operation.status;
  response.headers.Set("Content-Type", kXmlType);
  response.body = fmt::format("<?xml version=\"1.0\"?><{}Response xmlns=\"{}\">", operation.name, service_.xml_namespace);
  if (message.get()) {
    response.body += fmt::format("<{}Result>", operation.name);
    WriteXmlMembers(*message.structure(), MemberChoice::BodyOnly, message.get(), response.body);
    response.body += fmt::format("</{}Result>", operation.name);
  }
  return response;
}

http::Response Query::EncodeError(const Error& error) const {
  const ErrorAnswer answer = DescribeError(service_, error);
  return http::Response::Text(answer.status, BeginXmlError(service_, answer, QueryCodeOf(service_, answer)), kXmlType);
}

void Query::Finish(http::Response& response, std::string_view request_id) const {
  Protocol::Finish(response, request_id);
  if (response.status >= 400) return EndXmlError(service_, request_id, response.body);
  // The name of the outer element: behind "<?xml version="1.0"?><".
  const size_t begin = response.body.find("?><") + 3;
  const std::string name = response.body.substr(begin, response.body.find(' ', begin) - begin);
  response.body += "<ResponseMetadata>";
  AppendXmlElement("RequestId", request_id, response.body);
  response.body += fmt::format("</ResponseMetadata></{}>", name);
}

}  // namespace mayfly::wire
