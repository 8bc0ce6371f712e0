// Patterns for messages that are one JSON object: conditions of its members, with &&, || and parentheses.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "base/json.h"
#include "services/logs/pattern_parts.h"

namespace mayfly::logs {
namespace {

constexpr int kPatternDepthMax = 32;

struct Step {
  std::string member;        // or
  std::optional<size_t> index;  // of a list
  bool is_any = false;       // `*`
};

// `$.a.b[0]`, `$.['x.y']`, `$.items[*].id`.
struct Selector {
  std::string text;
  std::vector<Step> steps;

  // All values that it names: several only with a wildcard.
  void Find(const json::Value& from, size_t at, std::vector<const json::Value*>& found) const {
    if (at == steps.size()) return found.push_back(&from);
    const Step& step = steps[at];
    if (step.is_any && from.is_array()) {
      for (const json::Value& item : from.array()) Find(item, at + 1, found);
    } else if (step.is_any && from.is_object()) {
      for (const auto& [name, value] : from.object()) Find(value, at + 1, found);
    } else if (step.index && from.is_array() && *step.index < from.array().size()) {
      Find(from.array()[*step.index], at + 1, found);
    } else if (!step.index && !step.is_any && from.is_object()) {
      if (const json::Value* value = from.Find(step.member)) Find(*value, at + 1, found);
    }
  }
};

bool OperandHolds(const Operand& operand, const json::Value& value) {
  if (value.is_number()) {
    const auto number = value.AsDouble();
    if (operand.regex || !operand.number) return operand.HoldsFor(std::string_view(value.number_text()));
    return number && operand.HoldsFor(*number);
  }
  if (value.is_string()) return operand.HoldsFor(std::string_view(value.string()));
  if (value.is_bool()) return !operand.number && operand.HoldsFor(std::string_view(value.boolean() ? "true" : "false"));
  return false;
}

struct Node {
  enum class Kind : unsigned char { And, Or, Compare, IsNull, IsTrue, IsFalse, NotExists };
  Kind kind = Kind::Compare;
  std::vector<Node> parts;  // of And, Or
  Selector selector;
  Operand operand;

  bool HoldsFor(const json::Value& message) const {
    const auto holds = [&](const Node& part) { return part.HoldsFor(message); };
    if (kind == Kind::And) return std::ranges::all_of(parts, holds);
    if (kind == Kind::Or) return std::ranges::any_of(parts, holds);
    std::vector<const json::Value*> found;
    selector.Find(message, 0, found);
    if (kind == Kind::NotExists) return found.empty();
    return std::ranges::any_of(found, [&](const json::Value* value) { return HoldsForValue(*value); });
  }
  bool HoldsForValue(const json::Value& value) const {
    if (kind == Kind::IsNull) return value.is_null();
    if (kind == Kind::IsTrue) return value.is_bool() && value.boolean();
    if (kind == Kind::IsFalse) return value.is_bool() && !value.boolean();
    return OperandHolds(operand, value);
  }
  void Extract(const json::Value& message, FilterPattern::Extracted& extracted) const {
    for (const Node& part : parts) part.Extract(message, extracted);
    if (!parts.empty()) return;
    std::vector<const json::Value*> found;
    selector.Find(message, 0, found);
    const bool is_known = std::ranges::any_of(extracted, [&](const auto& entry) { return entry.first == selector.text; });
    if (found.empty() || is_known) return;
    const json::Value& value = *found.front();
    extracted.emplace_back(selector.text, value.is_string() ? value.string() : json::Write(value));
  }
};

class JsonPattern final : public FilterPattern {
 public:
  explicit JsonPattern(Node root) : root_(std::move(root)) {}

  bool Matches(std::string_view message) const override {
    const auto document = ParseObject(message);
    return document && root_.HoldsFor(*document);
  }
  Extracted Extract(std::string_view message) const override {
    Extracted extracted;
    if (const auto document = ParseObject(message)) root_.Extract(*document, extracted);
    return extracted;
  }

 private:
  static std::optional<json::Value> ParseObject(std::string_view message) {
    const size_t begin = message.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos || message[begin] != '{') return std::nullopt;
    auto document = json::Parse(message);
    return document ? std::optional(std::move(*document)) : std::nullopt;
  }

  Node root_;
};

class JsonPatternParser {
 public:
  explicit JsonPatternParser(std::string_view pattern) : text_(pattern) {}

  Result<Node> Parse() {
    const bool begins = text_.Take("{");
    MF_ASSERT(begins);
    MF_TRY(Node root, TakeAny(0));
    if (!text_.Take("}")) return Fail(InvalidPattern());
    text_.SkipBlanks();
    if (!text_.at_end()) return Fail(InvalidPattern());
    return root;
  }

 private:
  Result<Node> TakeAny(int depth) {
    Node any{.kind = Node::Kind::Or, .parts = {}, .selector = {}, .operand = {}};
    do {
      MF_TRY(Node all, TakeAll(depth));
      any.parts.push_back(std::move(all));
    } while (text_.Take("||"));
    if (any.parts.size() > 1) return any;
    Node only = std::move(any.parts.front());
    return only;
  }
  Result<Node> TakeAll(int depth) {
    Node all{.kind = Node::Kind::And, .parts = {}, .selector = {}, .operand = {}};
    do {
      MF_TRY(Node one, TakeOne(depth));
      all.parts.push_back(std::move(one));
      text_.SkipBlanks();
    } while (text_.Take("&&"));
    if (all.parts.size() > 1) return all;
    Node only = std::move(all.parts.front());
    return only;
  }
  Result<Node> TakeOne(int depth) {
    text_.SkipBlanks();
    if (depth > kPatternDepthMax || ++conditions_ > kConditionsMax) return Fail(InvalidPattern());
    if (!text_.Take("(")) return TakeCondition();
    MF_TRY(Node inner, TakeAny(depth + 1));
    if (!text_.Take(")")) return Fail(InvalidPattern());
    return inner;
  }
  Result<Node> TakeCondition() {
    Node node;
    MF_TRY(node.selector, TakeSelector());
    text_.SkipBlanks();
    if (TakeWord("NOT")) return TakeWord("EXISTS") ? WithKind(std::move(node), Node::Kind::NotExists) : Fail(InvalidPattern());
    if (TakeWord("IS")) {
      if (TakeWord("NULL")) return WithKind(std::move(node), Node::Kind::IsNull);
      if (TakeWord("TRUE")) return WithKind(std::move(node), Node::Kind::IsTrue);
      if (TakeWord("FALSE")) return WithKind(std::move(node), Node::Kind::IsFalse);
      return Fail(InvalidPattern());
    }
    MF_TRY(node.operand, TakeOperand(text_, " \t\r\n)}&|"));
    if (node.operand.regex && ++regexes_ > kRegexesMax) return Fail(InvalidPattern());
    return node;
  }
  static Result<Node> WithKind(Node node, Node::Kind kind) {
    node.kind = kind;
    return node;
  }
  bool TakeWord(std::string_view word) {
    text_.SkipBlanks();
    return text_.Take(word);
  }

  Result<Selector> TakeSelector() {
    Selector selector;
    const std::string_view begin = text_.rest();
    if (!text_.Take("$")) return Fail(InvalidPattern());
    int wildcards = 0;
    while (text_.front() == '.' || text_.front() == '[') {
      MF_TRY(Step step, TakeStep());
      wildcards += step.is_any ? 1 : 0;
      selector.steps.push_back(std::move(step));
    }
    if (selector.steps.empty() || wildcards > 1) return Fail(InvalidPattern());
    selector.text = std::string(begin.substr(0, begin.size() - text_.rest().size()));
    return selector;
  }
  Result<Step> TakeStep() {
    Step step;
    text_.Take(".");
    if (text_.Take("['") || text_.Take("[\"")) {
      step.member = std::string(text_.TakeUntil("'\""));
      text_.Skip(std::min<size_t>(1, text_.rest().size()));
      return text_.Take("]") && !step.member.empty() ? Result<Step>(std::move(step)) : Fail(InvalidPattern());
    }
    if (text_.Take("[")) {
      const std::string_view index = text_.TakeUntil("]");
      if (!text_.Take("]")) return Fail(InvalidPattern());
      const auto number = NumberOf(index);
      step.is_any = index == "*";
      if (number && *number >= 0 && *number < 1e6) step.index = static_cast<size_t>(*number);
      return step.is_any || step.index ? Result<Step>(std::move(step)) : Fail(InvalidPattern());
    }
    step.member = std::string(text_.TakeUntil(" \t\r\n.[=!<>)}&|"));
    step.is_any = step.member == "*";
    return step.member.empty() ? Fail(InvalidPattern()) : Result<Step>(std::move(step));
  }

  PatternText text_;
  int regexes_ = 0;
  int conditions_ = 0;
};

}  // namespace

Result<PatternPointer> ParseJsonPattern(std::string_view pattern) {
  MF_TRY(Node root, JsonPatternParser(pattern).Parse());
  return PatternPointer(std::make_shared<JsonPattern>(std::move(root)));
}

}  // namespace mayfly::logs
