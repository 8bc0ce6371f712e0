#include "wire/router.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "net/http_message.h"
#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

constexpr size_t kSegmentsMax = 16;  // templates have at most seven

// Segments between slashes, without the first slash and without an empty last one. False when there are too many.
bool Split(std::string_view path, std::vector<std::string_view>& segments) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  segments.reserve(kSegmentsMax);
  while (segments.size() < kSegmentsMax) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
  return false;
}

bool IsLabel(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

bool HasLiterals(const Operation& operation, const std::vector<std::pair<std::string, std::string>>& query) {
  return std::ranges::all_of(operation.query, [&](const QueryLiteral& literal) {
    return std::ranges::any_of(query, [&](const auto& given) { return given.first == literal.first && given.second == literal.second; });
  });
}

int CountLiterals(std::string_view path) {
  std::vector<std::string_view> segments;
  Split(path, segments);
  return static_cast<int>(std::ranges::count_if(segments, [](std::string_view segment) { return !segment.empty() && !IsLabel(segment); }));
}

std::string_view LabelName(std::string_view segment) { return segment.substr(1, segment.size() - 2); }

}  // namespace

struct Router::Node {
  std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> literals;
  std::unique_ptr<Node> label;
  std::vector<const Operation*> operations;
  int literal_segments = 0;  // of the templates of `operations`

  Node& Child(std::string_view segment) {
    if (IsLabel(segment)) {
      if (!label) label = std::make_unique<Node>();
      return *label;
    }
    for (auto& [name, node] : literals) {
      if (name == segment) return *node;
    }
    return *literals.emplace_back(segment, std::make_unique<Node>()).second;
  }

  // The node of these segments that has operations; literals are preferred to labels. Depth is that of the templates.
  const Node* Walk(const std::string_view* segment, size_t count) const {
    if (count == 0) return operations.empty() ? nullptr : this;
    for (const auto& [name, node] : literals) {
      if (name != *segment) continue;
      if (const Node* found = node->Walk(segment + 1, count - 1)) return found;
    }
    return label && !segment->empty() ? label->Walk(segment + 1, count - 1) : nullptr;
  }
};

Router::Router(const Service& service) : root_(std::make_unique<Node>()) {
  for (const Operation& operation : service.operations) {
    std::vector<std::string_view> segments;
    MF_ASSERT(Split(operation.path, segments));
    Node* node = root_.get();
    for (const std::string_view segment : segments) node = &node->Child(segment);
    node->operations.push_back(&operation);
    node->literal_segments = CountLiterals(operation.path);
  }
}

Router::~Router() = default;
Router::Router(Router&&) noexcept = default;

std::optional<Router::PathFit> Router::Fit(std::string_view method, std::string_view path) const {
  std::vector<std::string_view> segments;
  const Node* node = Split(path, segments) ? root_->Walk(segments.data(), segments.size()) : nullptr;
  if (!node) return std::nullopt;
  return PathFit{node->literal_segments, std::ranges::any_of(node->operations, [&](const Operation* operation) { return operation->method == method; })};
}

Result<RouteMatch> Router::Find(std::string_view method, std::string_view path, std::string_view query) const {
  std::vector<std::string_view> segments;
  const Node* node = Split(path, segments) ? root_->Walk(segments.data(), segments.size()) : nullptr;
  if (!node) return Fail(Error::Service("UnknownOperationException", "The requested operation is not known to this service."));

  RouteMatch match;
  match.query = http::ParseQuery(query);
  for (const Operation* candidate : node->operations) {
    if (candidate->method != method || !HasLiterals(*candidate, match.query)) continue;
    if (!match.operation || candidate->query.size() > match.operation->query.size()) match.operation = candidate;
  }
  if (!match.operation) {
    return Fail(Error::Service("MethodNotAllowedException", fmt::format("The method {} is not allowed here.", method.substr(0, 16))));
  }
  std::vector<std::string_view> pattern;
  Split(match.operation->path, pattern);
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (!IsLabel(pattern[i])) continue;
    auto value = PercentDecode(segments[i]);
    if (!value || !IsValidUtf8(*value)) return Fail(SerializationError("The path is not correctly encoded"));
    match.labels.emplace_back(LabelName(pattern[i]), std::move(*value));
  }
  return match;
}

}  // namespace mayfly::wire
