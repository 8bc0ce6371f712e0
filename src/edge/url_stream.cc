#include "edge/url_stream.h"

#include "edge/url_response.h"

namespace mayfly::edge {
namespace {

Task<Result<>> WriteBody(Context& ctx, http::BodyWriter& body, std::string bytes, std::unique_ptr<invoke::StreamedInvocation> streamed) {
  if (!bytes.empty()) MF_CO_TRY_VOID(co_await body.Write(ctx, bytes));
  for (;;) {
    MF_CO_TRY(bytes, co_await streamed->Read(ctx));
    if (bytes.empty()) break;
    MF_CO_TRY_VOID(co_await body.Write(ctx, bytes));
  }
  // The client has to see that the rest is missing.
  if (streamed->outcome().function_error) co_return Fail(Error::Cancelled());
  co_return Result<>();
}

}  // namespace

Task<Result<http::Response>> MakeStreamedUrlResponse(Context& ctx, std::unique_ptr<invoke::StreamedInvocation> streamed) {
  if (!streamed->begun()) co_return MakeUrlResponse(streamed->outcome(), UrlInvokeMode::ResponseStream);
  UrlStreamHead head(streamed->content_type());
  do {
    MF_CO_TRY(const std::string bytes, co_await streamed->Read(ctx));
    if (bytes.empty() && streamed->outcome().function_error) co_return MakeUrlResponse(streamed->outcome(), UrlInvokeMode::ResponseStream);
    if (head.Add(bytes) == UrlStreamHead::State::Malformed || (bytes.empty() && head.state() == UrlStreamHead::State::NeedMore)) {
      co_return UrlBadGateway();
    }
  } while (head.state() == UrlStreamHead::State::NeedMore);
  http::Response response = std::move(head.response());
  response.stream = [bytes = std::move(head.rest()), streamed = std::move(streamed)](Context& ctx, http::BodyWriter& body) mutable {
    return WriteBody(ctx, body, std::move(bytes), std::move(streamed));
  };
  co_return response;
}

}  // namespace mayfly::edge
