// Router: from method, path and query to the operation of a REST service.
//
// Built once per service from its descriptors; immutable afterwards, usable from any thread.
// A path is split at '/' first and its labels are percent-decoded then, so that an encoded ARN with slashes is one label.
// One slash at the end is tolerated. A greedy label, the last part of its template, takes all that is left, slashes and all, but never
// nothing. Of operations that share method and path, the one with the most query literals that
// the request fulfils wins (GET …/things?find=Name against GET …/things); a literal without a value asks for the parameter alone. An
// operation that asks for a header field counts it as one more.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http_message.h"
#include "wire/descriptor.h"

namespace mayfly::wire {

struct RouteMatch {
  const Operation* operation = nullptr;
  // (label, decoded value) in the order of the template.
  std::vector<std::pair<std::string_view, std::string>> labels;
  // The query, decoded, in order.
  std::vector<std::pair<std::string, std::string>> query;
};

class Router {
 public:
  explicit Router(const Service& service);
  ~Router();
  Router(Router&&) noexcept;

  // Errors: UnknownOperationException (404) when no operation has this path; MethodNotAllowedException (405) when one has
  // it, but not with this method; SerializationException (400) for a label that does not decode.
  Result<RouteMatch> Find(std::string_view method, std::string_view path, std::string_view query, const http::Headers& headers = {}) const;

  // How well a path fits the best template for it: how many of the template's segments it spells out, and whether one of its
  // operations has this method. nullopt: no template fits.
  struct PathFit {
    int literals = 0;
    bool has_method = false;
  };
  std::optional<PathFit> Fit(std::string_view method, std::string_view path) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace mayfly::wire
