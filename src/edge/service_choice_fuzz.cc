// Feeds heads and forms to the choice of the service: it must answer, and with a service that there is.
#include <cstddef>
#include <cstdint>

#include "edge/service_choice.h"
#include "model/application-autoscaling.h"
#include "model/lambda.h"
#include "model/sqs.h"

namespace {

using namespace mayfly;

// Fields divided by line feeds, in the order of kNames; what is left is the body.
http::Request ReadRequest(std::string_view text) {
  static constexpr std::string_view kNames[] = {"Authorization", "X-Amz-Target", "Host", "Content-Type"};
  http::Request request;
  const auto take = [&] {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
  };
  request.method = take();
  request.target = take();
  for (const std::string_view name : kNames) {
    if (const std::string_view value = take(); !value.empty()) request.headers.Add(name, value);
  }
  request.body = text;
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const edge::ServiceChoice choice = [] {
    edge::ServiceChoice made;
    for (const wire::Service* service : {&lambda::kService, &sqs::kService, &autoscaling::kService}) made.Add(*service);
    return made;
  }();
  const http::Request request = ReadRequest({reinterpret_cast<const char*>(data), size});
  MF_ASSERT(choice.Of(request).value_or(0) < 3);
  MF_ASSERT(!choice.NeedsBody(request));
  return 0;
}
