// Any request of the query protocol, of ec2-query, and of JSON by X-Amz-Target, must end in a struct or in a well-formed error answer.
// Input: the first line is a target ("/box?Action=…"; "/lot…" is ec2-query's), or X-Amz-Target's value when it has no slash; the rest is the
// body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "model/lot.h"
#include "model/post.h"
#include "wire/ec2_query.h"
#include "wire/error_response.h"
#include "wire/json_rpc.h"
#include "wire/query.h"

namespace {

using mayfly::wire::Protocol;

void CheckError(const Protocol& protocol, const mayfly::Error& error, bool json) {
  auto answer = protocol.EncodeError(error);
  protocol.Finish(answer, "id");
  MF_ASSERT(answer.status >= 400 && answer.status < 600);
  MF_ASSERT(json ? mayfly::json::IsValidJson(answer.body) : answer.body.ends_with("Response>"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const mayfly::wire::Query query(mayfly::post::kService);
  static const mayfly::wire::Ec2Query ec2_query(mayfly::lot::kService);
  static const mayfly::wire::JsonRpc json_rpc(mayfly::post::kService, "1.0");
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\n'), input.size());
  const std::string_view head = input.substr(0, end);
  mayfly::http::Request request;
  request.method = "POST";
  request.body = input.substr(std::min(end + 1, input.size()));
  const bool json = !head.starts_with('/');
  if (json) {
    request.target = "/";
    request.headers.Add("X-Amz-Target", head);
  } else {
    request.target = head;
    request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
  }
  const Protocol& in_form = head.starts_with("/lot") ? static_cast<const Protocol&>(ec2_query) : query;
  const Protocol& protocol = json ? json_rpc : in_form;
  (void)protocol.Recognizes(request);
  auto match = protocol.Route(request);
  if (!match) {
    CheckError(protocol, match.error(), json);
    return 0;
  }
  const auto message = protocol.Decode(*match, request);
  if (!message) CheckError(protocol, message.error(), json);
  return 0;
}
