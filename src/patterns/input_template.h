// InputTemplate: what is made of an event for who gets it: a text with <placeholders>. Of rules and pipes, which differ in how a
// placeholder is named. Pure functions. Source: AWS "Amazon EventBridge input transformation", "Amazon EventBridge Pipes input transformation".
//
//   a template of JSON        <v> becomes the value as JSON: a text in quotes, objects and lists as they are
//   inside of its strings     "… <v> …" becomes the text as it is, not escaped; of objects and lists the JSON without quotes
//   lines in quotes           "…" NEWLINE "…" becomes the lines without their quotes
//   a value that is missing   an empty text
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace mayfly::patterns {

// The value of a placeholder, by what stands between < and >; nullopt: there is none.
using PlaceholderValue = std::function<std::optional<json::Value>(std::string_view name)>;

std::string FillTemplate(std::string_view text, const PlaceholderValue& value_of);
// Whether what it becomes can be JSON: an object, a list or a text in quotes, or lines that are each a text in quotes.
bool IsWellFormedTemplate(std::string_view text);
// Without < and >, in their order.
std::vector<std::string> PlaceholdersOf(std::string_view text);

}  // namespace mayfly::patterns
