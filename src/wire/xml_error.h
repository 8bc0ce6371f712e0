// Error answers in XML, of the query protocol and of rest-xml. For services: HostIdOf.
//
//   <ErrorResponse xmlns="…"><Error><Type>Sender</Type><Code>…</Code><Message>…</Message><Detail/></Error>
//   <RequestId>…</RequestId></ErrorResponse>
//   <Error><Code>…</Code><Message>…</Message><Key>…</Key><RequestId>…</RequestId><HostId>…</HostId></Error>     of services with bare errors
#pragma once

#include <string>
#include <string_view>

#include "wire/error_response.h"

namespace mayfly::wire {

// What the answer tells in words; empty when it tells nothing.
std::string_view MessageOf(const ErrorAnswer& answer);
// All but what comes with the request's id.
std::string BeginXmlError(const Service& service, const ErrorAnswer& answer, std::string_view code);
// Its end; bare ones have a HostId, too.
void EndXmlError(const Service& service, std::string_view request_id, std::string& body);

// What services with bare errors tell beside a request's id, also as x-amz-id-2: of the same request always the same.
std::string HostIdOf(std::string_view request_id);

}  // namespace mayfly::wire
