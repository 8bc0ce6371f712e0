// Which service a request is for: all of them share one port. Pure functions over the request's head.
#pragma once

#include <span>

#include "net/http_message.h"
#include "wire/descriptor.h"

namespace mayfly::edge {

// The index in `services` of the service that the request means, by (in this order)
//   X-Amz-Target          its prefix
//   the signature's scope the service's name for signatures
//   Action=               the first that speaks the query protocol
// nullopt when nothing says so: the request is for Lambda, whose paths begin with a date and are known by that at once.
std::optional<size_t> ChooseService(const http::Request& request, std::span<const wire::Service* const> services);

}  // namespace mayfly::edge
