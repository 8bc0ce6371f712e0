// JsonPath: where in an event something stands: $.detail.name, $.list[0], $.list[*].x, $['a b']. The part of JSON path that AWS's event
// services know. A value; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"

namespace mayfly::patterns {

class JsonPath {
 public:
  // "$" is the whole. nullopt: `text` is no such path.
  static std::optional<JsonPath> Parse(std::string_view text);
  // nullopt: there is nothing. Behind a [*] a list of what was found.
  std::optional<json::Value> Find(const json::Value& root) const;

 private:
  struct Every {};
  using Step = std::variant<std::string, size_t, Every>;

  static bool ReadName(std::string_view& text, std::vector<Step>& steps);
  static bool ReadBracket(std::string_view& text, std::vector<Step>& steps);
  static void Collect(const json::Value& value, const std::vector<Step>& steps, size_t at, json::Array& found);

  std::vector<Step> steps_;
};

}  // namespace mayfly::patterns
