// /_mayfly/vpc: what is attached to networks of functions, and under which addresses.
//
//   GET     JSON {"attached":[{"interface","vpc","subnet","address","to","port","groups"}…]}
//   POST    {"in":"vpc-…" or "subnet-…","address","to":"HOST","port","groups":["sg-…"]} → the one attached
//   DELETE  ?interface=eni-…
//
// Whoever attaches says what functions reach of the machine's networks: in strict mode that is the operator's alone.
#pragma once

#include "base/blocking_pool.h"
#include "net/http_message.h"
#include "vpc/attached_resources.h"

namespace mayfly::edge {

Task<http::Response> HandleAttachments(Context& ctx, vpc::AttachedResources& resources, BlockingPool& files, http::Request& request,
                                       vpc::Scope scope);

}  // namespace mayfly::edge
