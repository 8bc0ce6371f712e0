// Feeds results as hostile functions can give them to the maker of responses: what comes out can always be sent.
#include <cstddef>
#include <cstdint>

#include "base/text.h"
#include "edge/url_response.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  if (size == 0) return 0;
  runtime::InvokeOutcome outcome;
  outcome.payload.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] & 2) outcome.content_type = "application/vnd.awslambda.http-integration-response";
  outcome.streaming_mode = data[0] & 4;
  const auto mode = data[0] & 1 ? edge::UrlInvokeMode::ResponseStream : edge::UrlInvokeMode::Buffered;
  const http::Response response = edge::MakeUrlResponse(outcome, mode);
  MF_ASSERT(response.status >= 200 && response.status <= 599);
  MF_ASSERT(response.headers.Find("Content-Type"));
  for (const auto& [name, value] : response.headers.fields()) {
    MF_ASSERT(!name.empty() && name.find_first_of(" :\r\n") == std::string::npos);
    MF_ASSERT(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    for (const char* own : {"Connection", "Content-Length", "Transfer-Encoding", "Date"}) MF_ASSERT(!EqualIgnoringCase(name, own));
  }
  if (!(data[0] & 2)) return 0;
  // The same bytes as a stream, cut somewhere: the same head and body, or none.
  edge::UrlStreamHead head(outcome.content_type);
  const size_t cut = data[0] < size ? data[0] : size - 1;
  const std::string_view all = outcome.payload;
  std::string body;
  if (head.Add(all.substr(0, cut)) == edge::UrlStreamHead::State::NeedMore) head.Add(all.substr(std::min(cut, all.size())));
  else body = all.substr(std::min(cut, all.size()));
  if (head.state() == edge::UrlStreamHead::State::Complete) {
    MF_ASSERT(head.response().status == response.status && head.response().headers.fields() == response.headers.fields());
    MF_ASSERT(head.rest() + body == response.body);
  } else {
    MF_ASSERT(response.status == 502);
  }
  return 0;
}
