// ServiceChoice: which service a request is for. All of them share one port, and say in their descriptors (wire::Service) what their
// requests look like; nothing here knows a service by its name.
//
// A signature decides: its scope names the service. Where services share a name, and where there is no signature (or one that names
// none), each of these leaves fewer of them, in this order:
//   X-Amz-Target                      the service whose target that is
//   /service/TARGET/operation/NAME    the same, of Smithy's RPC v2
//   Host                              a form of the service's hosts; a Host that is nobody's says nothing
//   path                              the template of an operation, if it spells a part of it out ("/2015-03-31/functions/{FunctionName}")
//   Action (query protocol)           the services that have the operation, of the Version that the request names
//   path                              a template of labels alone ("/{Bucket}/{Key}"); not for a form that is posted
// The first in the order of Add wins where two are left. What fits none is nobody's: a name, a target or an Action that no service here has
// is not given to another one.
//
// Made once at start, immutable afterwards, usable from any thread. The tables are made in Add; for a signed request Of compares a few
// words.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "net/http_message.h"
#include "wire/descriptor.h"

namespace mayfly::edge {

class ServiceChoice {
 public:
  static constexpr size_t kServicesMax = 64;

  ServiceChoice();
  ~ServiceChoice();

  // Services are numbered in the order of their coming. `service` outlives this.
  void Add(const wire::Service& service);

  // The number of the service that the request means; nullopt when it is nobody's.
  std::optional<size_t> Of(const http::Request& request) const;
  // Whether a host's name, without a port, is of a form that one of the services has.
  bool IsServiceHost(std::string_view name) const { return OfHost(name, All()) != 0; }
  // Whether what decides stands in a body that has not been read yet: a form that is posted, without a signature.
  bool NeedsBody(const http::Request& request) const;

 private:
  using Set = uint64_t;  // of services, by number

  struct Entry;

  template <typename Predicate>
  Set Those(Set among, Predicate predicate) const;
  Set All() const;
  Set OfHost(std::string_view host, Set among) const;
  // nullopt when no signature names a service.
  std::optional<Set> OfSignature(const http::Request& request) const;
  // What the head decides; nullopt when that is nothing, and then `left` says who is left.
  std::optional<Set> OfHead(const http::Request& request, Set& left) const;
  // nullopt when the request names no Action.
  std::optional<Set> OfAction(const http::Request& request, Set among) const;
  enum class Templates : unsigned char { WithLiterals, OfLabels };
  Set OfPath(const http::Request& request, Templates templates, Set among) const;

  std::vector<Entry> entries_;
};

}  // namespace mayfly::edge
