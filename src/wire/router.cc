#include "wire/router.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

// What stands behind a part of a path; nothing when it is the last one.
struct PathRest {
  std::string_view text;
  bool ended = false;
};

// Takes the first part off. One slash at the end is none.
std::string_view TakeSegment(PathRest& rest) {
  const size_t slash = rest.text.find('/');
  const std::string_view segment = rest.text.substr(0, slash);
  rest.text.remove_prefix(std::min(segment.size() + 1, rest.text.size()));
  rest.ended = rest.text.empty();
  return segment;
}

PathRest WithoutFirstSlash(std::string_view path) { return {path.starts_with('/') ? path.substr(1) : path}; }

bool IsLabel(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }
bool IsGreedy(std::string_view segment) { return segment.ends_with("+}"); }
std::string_view LabelName(std::string_view segment) { return segment.substr(1, segment.size() - (IsGreedy(segment) ? 3 : 2)); }

bool HasLiterals(const Operation& operation, const std::vector<std::pair<std::string, std::string>>& query) {
  return std::ranges::all_of(operation.query, [&](const QueryLiteral& literal) {
    return std::ranges::any_of(query, [&](const auto& given) {
      return given.first == literal.first && (literal.second.empty() || given.second == literal.second);
    });
  });
}

size_t Demands(const Operation& operation) { return operation.query.size() + (operation.header.empty() ? 0 : 1); }

}  // namespace

struct Router::Node {
  std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> literals;
  std::unique_ptr<Node> label;
  std::unique_ptr<Node> greedy;
  std::vector<const Operation*> operations;
  int literal_segments = 0;  // of the templates of `operations`

  Node& Child(std::string_view segment) {
    if (IsLabel(segment)) {
      auto& slot = IsGreedy(segment) ? greedy : label;
      if (!slot) slot = std::make_unique<Node>();
      return *slot;
    }
    for (auto& [name, node] : literals) {
      if (name == segment) return *node;
    }
    return *literals.emplace_back(segment, std::make_unique<Node>()).second;
  }

  // The node of this path that has operations, and what its labels stand for; literals are preferred to labels, and these to a greedy
  // one. Depth is that of the templates.
  const Node* Walk(PathRest rest, std::vector<std::string_view>& labels) const {
    if (rest.ended) return operations.empty() ? nullptr : this;
    const std::string_view whole = rest.text;
    const std::string_view segment = TakeSegment(rest);
    for (const auto& [name, node] : literals) {
      if (name != segment) continue;
      if (const Node* found = node->Walk(rest, labels)) return found;
    }
    if (label && !segment.empty()) {
      labels.push_back(segment);
      if (const Node* found = label->Walk(rest, labels)) return found;
      labels.pop_back();
    }
    if (!greedy || whole.empty()) return nullptr;
    labels.push_back(whole);
    return greedy.get();
  }
};

Router::Router(const Service& service) : root_(std::make_unique<Node>()) {
  for (const Operation& operation : service.operations) {
    Node* node = root_.get();
    int literals = 0;
    for (PathRest rest = WithoutFirstSlash(operation.path); !rest.ended;) {
      const std::string_view segment = TakeSegment(rest);
      if (!segment.empty() && !IsLabel(segment)) ++literals;
      node = &node->Child(segment);
    }
    node->operations.push_back(&operation);
    node->literal_segments = literals;
  }
}

Router::~Router() = default;
Router::Router(Router&&) noexcept = default;

std::optional<Router::PathFit> Router::Fit(std::string_view method, std::string_view path) const {
  std::vector<std::string_view> values;
  const Node* node = root_->Walk(WithoutFirstSlash(path), values);
  if (!node) return std::nullopt;
  return PathFit{node->literal_segments, std::ranges::any_of(node->operations, [&](const Operation* operation) { return operation->method == method; })};
}

Result<RouteMatch> Router::Find(std::string_view method, std::string_view path, std::string_view query, const http::Headers& headers) const {
  std::vector<std::string_view> values;
  const Node* node = root_->Walk(WithoutFirstSlash(path), values);
  if (!node) return Fail(Error::Service("UnknownOperationException", "The requested operation is not known to this service."));

  RouteMatch match;
  match.query = http::ParseQuery(query);
  for (const Operation* candidate : node->operations) {
    if (candidate->method != method || !HasLiterals(*candidate, match.query)) continue;
    if (!candidate->header.empty() && !headers.Find(candidate->header)) continue;
    if (!match.operation || Demands(*candidate) > Demands(*match.operation)) match.operation = candidate;
  }
  if (!match.operation) {
    return Fail(Error::Service("MethodNotAllowedException", fmt::format("The method {} is not allowed here.", method.substr(0, 16))));
  }
  auto next = values.begin();
  for (PathRest rest = WithoutFirstSlash(match.operation->path); !rest.ended;) {
    const std::string_view segment = TakeSegment(rest);
    if (!IsLabel(segment)) continue;
    auto value = PercentDecode(*next++);
    if (!value || !IsValidUtf8(*value)) return Fail(SerializationError("The path is not correctly encoded"));
    match.labels.emplace_back(LabelName(segment), std::move(*value));
  }
  return match;
}

}  // namespace mayfly::wire
