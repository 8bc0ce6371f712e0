#include "identity/session_data.h"

#include <zlib.h>

#include "base/json.h"

namespace mayfly::identity {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

json::Value Written(const Pairs& pairs) {
  json::Object object;
  for (const auto& [key, value] : pairs) object.emplace_back(key, value);
  return object;
}
json::Value Written(const std::vector<std::string>& texts) { return json::Array(texts.begin(), texts.end()); }

void Read(const json::Value& value, std::string_view name, std::string& text) { text = value.StringOr(name, ""); }
void Read(const json::Value& value, std::string_view name, Pairs& pairs) {
  const json::Value* found = value.Find(name);
  if (!found || !found->is_object()) return;
  for (const auto& [key, member] : found->object()) pairs.emplace_back(key, member.is_string() ? member.string() : std::string());
}
void Read(const json::Value& value, std::string_view name, std::vector<std::string>& texts) {
  const json::Value* found = value.Find(name);
  if (!found || !found->is_array()) return;
  for (const json::Value& text : found->array()) texts.push_back(text.is_string() ? text.string() : std::string());
}

}  // namespace

std::string Pack(const SessionData& data) {
  json::Object object{{"t", data.issued_seconds}};
  const auto add = [&](const char* name, const auto& value) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::string>) {
      if (!value.empty()) object.emplace_back(name, value);
    } else {
      if (!value.empty()) object.emplace_back(name, Written(value));
    }
  };
  add("i", data.identity_id);
  add("m", data.maker_arn);
  add("p", data.policy);
  add("a", data.policy_arns);
  add("g", data.tags);
  add("y", data.transitive_tag_keys);
  add("k", data.context_keys);
  add("s", data.source_identity);
  const std::string text = json::Write(object);
  std::string packed(compressBound(text.size()), '\0');
  uLongf bytes = packed.size();
  const int done = compress2(reinterpret_cast<Bytef*>(packed.data()), &bytes, reinterpret_cast<const Bytef*>(text.data()), text.size(), Z_BEST_COMPRESSION);
  MF_ASSERT(done == Z_OK);
  packed.resize(bytes);
  return packed;
}

std::optional<SessionData> Unpack(std::string_view packed) {
  std::string text(kUnpackedMax, '\0');
  uLongf bytes = text.size();
  if (uncompress(reinterpret_cast<Bytef*>(text.data()), &bytes, reinterpret_cast<const Bytef*>(packed.data()), packed.size()) != Z_OK) return std::nullopt;
  text.resize(bytes);
  const auto value = json::Parse(text);
  if (!value || !value->is_object()) return std::nullopt;
  SessionData data;
  data.issued_seconds = value->IntOr("t", 0);
  Read(*value, "i", data.identity_id);
  Read(*value, "m", data.maker_arn);
  Read(*value, "p", data.policy);
  Read(*value, "a", data.policy_arns);
  Read(*value, "g", data.tags);
  Read(*value, "y", data.transitive_tag_keys);
  Read(*value, "k", data.context_keys);
  Read(*value, "s", data.source_identity);
  return data;
}

}  // namespace mayfly::identity
