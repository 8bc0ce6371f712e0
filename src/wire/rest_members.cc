#include "wire/rest_members.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "wire/json_codec.h"
#include "wire/storage.h"

namespace mayfly::wire {
namespace {

const std::string* FindLabel(const RouteMatch& match, std::string_view name) {
  for (const auto& [label, value] : match.labels) {
    if (label == name) return &value;
  }
  return nullptr;
}

// The single text of a member; null when the request has none.
const std::string* FindText(const Member& member, const RouteMatch& match, const http::Request& request) {
  if (member.location == Location::Path) return FindLabel(match, member.wire_name);
  if (member.location == Location::Header) return request.headers.Find(member.wire_name);
  for (const auto& [name, value] : match.query) {
    if (name == member.wire_name) return &value;
  }
  return nullptr;
}

// Takes one value off a header's list: up to a comma, or between quotes. Blanks around it are nothing.
std::string TakeValue(std::string_view& list) {
  list.remove_prefix(std::min(list.find_first_not_of(" \t"), list.size()));
  std::string value;
  if (list.starts_with('"')) {
    size_t at = 1;
    for (; at < list.size() && list[at] != '"'; ++at) {
      if (list[at] == '\\' && at + 1 < list.size()) ++at;
      value += list[at];
    }
    list.remove_prefix(std::min(list.find(',', at), list.size()));
  } else {
    value = list.substr(0, list.find(','));
    list.remove_prefix(value.size());
    value.erase(value.find_last_not_of(" \t") + 1);
  }
  if (!list.empty()) list.remove_prefix(1);  // the comma
  return value;
}

// Dates of HTTP have a comma of their own.
bool HoldsCommas(const Shape& element) { return element.kind == Kind::Timestamp && element.time != TimeForm::Iso8601 && element.time != TimeForm::EpochSeconds; }

std::vector<std::string> ListTexts(const Member& member, const RouteMatch& match, const http::Request& request) {
  std::vector<std::string> texts;
  if (member.location == Location::Query) {
    for (const auto& [name, value] : match.query) {
      if (name == member.wire_name) texts.push_back(value);
    }
    return texts;
  }
  for (const auto& [name, value] : request.headers.fields()) {
    if (!EqualIgnoringCase(name, member.wire_name)) continue;
    for (std::string_view rest = value; !rest.empty();) {
      texts.push_back(TakeValue(rest));
      if (HoldsCommas(*member.shape->element) && !rest.empty()) texts.back() += ", " + TakeValue(rest);
    }
  }
  return texts;
}

Result<> ReadOutsideList(const Member& member, std::vector<std::string> texts, void* object, Violations& violations) {
  const Path path{nullptr, member.name};
  if (texts.empty()) {
    if (member.required) violations.Missing(path);
    return {};
  }
  const Shape& shape = *member.shape;
  if (shape.element->kind == Kind::String) {  // whose findings AWS tells of the list as a whole
    json::Array items(std::make_move_iterator(texts.begin()), std::make_move_iterator(texts.end()));
    json::Value list(std::move(items));
    return ReadJson(shape, list, Structure::Emplace(member, object), path, violations);
  }
  void* list = Structure::Emplace(member, object);
  violations.CheckSize(path, shape, texts.size(), nullptr);
  for (size_t i = 0; i < texts.size(); ++i) MF_TRY_VOID(ReadText(*shape.element, texts[i], shape.list->append(list), {&path, {}, i + 1}, violations));
  return {};
}

bool BeginsWith(std::string_view name, std::string_view prefix) {
  return name.size() > prefix.size() && EqualIgnoringCase(name.substr(0, prefix.size()), prefix);
}

std::string SmallLetters(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Of headers that come twice the values are parted by commas, as HTTP says.
Result<> ReadPrefixHeaders(const Member& member, const http::Request& request, void* object, Violations& violations) {
  const Path path{nullptr, member.name};
  std::map<std::string, std::string> entries;
  for (const auto& [name, value] : request.headers.fields()) {
    if (!BeginsWith(name, member.wire_name)) continue;
    const auto [entry, is_new] = entries.try_emplace(SmallLetters(std::string_view(name).substr(member.wire_name.size())), value);
    if (!is_new) entry->second.append(",").append(value);
  }
  if (entries.empty()) {
    if (member.required) violations.Missing(path);
    return {};
  }
  const Shape& shape = *member.shape;
  void* map = Structure::Emplace(member, object);
  violations.CheckSize(path, shape, entries.size(), nullptr);
  for (const auto& [key, value] : entries) {
    violations.CheckText(path, *shape.key, key);
    MF_TRY_VOID(ReadText(*shape.element, value, shape.map->append(map, key), {&path, key, 0, true}, violations));
  }
  return {};
}

Result<> ReadOutside(const Member& member, const RouteMatch& match, const http::Request& request, void* object, Violations& violations) {
  if (member.location == Location::PrefixHeaders) return ReadPrefixHeaders(member, request, object, violations);
  if (member.shape->kind == Kind::List) return ReadOutsideList(member, ListTexts(member, match, request), object, violations);
  const Path path{nullptr, member.name};
  const std::string* text = FindText(member, match, request);
  if (text) return ReadText(*member.shape, *text, Structure::Emplace(member, object), path, violations);
  if (member.required) violations.Missing(path);
  return {};
}

bool InHeaders(const Member& member) { return member.location == Location::Header || member.location == Location::PrefixHeaders; }

std::string HeaderText(const Shape& shape, const void* value) { return WriteText(shape, value, TimeForm::HttpDate); }

// A text in which a comma or a quote would be taken for the list's is quoted.
std::string ListItemText(const Shape& shape, const void* value) {
  const std::string text = HeaderText(shape, value);
  if (shape.kind != Kind::String || text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string ListText(const Shape& shape, const void* list) {
  std::string out;
  for (size_t i = 0; i < shape.list->size(list); ++i) out.append(i > 0 ? ", " : "").append(ListItemText(*shape.element, shape.list->at(list, i)));
  return out;
}

void WritePrefixHeaders(const Member& member, const void* map, http::Response& response) {
  for (size_t i = 0; i < member.shape->map->size(map); ++i) {
    const auto [key, value] = member.shape->map->at(map, i);
    response.headers.Set(std::string(member.wire_name).append(key), *static_cast<const std::string*>(value));
  }
}

void WriteOutside(const Member& member, const void* value, http::Response& response) {
  if (member.location == Location::Status) response.status = *static_cast<const int32_t*>(value);
  if (member.location == Location::PrefixHeaders) WritePrefixHeaders(member, value, response);
  if (member.location != Location::Header) return;
  response.headers.Set(member.wire_name, member.shape->kind == Kind::List ? ListText(*member.shape, value) : HeaderText(*member.shape, value));
}

}  // namespace

Result<> ReadOutsideMembers(const Structure& structure, const RouteMatch& match, const http::Request& request, void* object, Violations& violations) {
  for (const Member& member : structure.members) {
    if (member.location == Location::Body || member.location == Location::Payload) continue;
    MF_TRY_VOID(ReadOutside(member, match, request, object, violations));
  }
  return {};
}

Result<> ReadHeaderMembers(const Structure& structure, const http::Request& request, void* object, Violations& violations) {
  const RouteMatch none;
  for (const Member& member : structure.members) {
    if (InHeaders(member)) MF_TRY_VOID(ReadOutside(member, none, request, object, violations));
  }
  return {};
}

void WriteOutsideMembers(const Structure& structure, const void* object, http::Response& response) {
  for (const Member& member : structure.members) {
    if (const void* value = Structure::Get(member, object)) WriteOutside(member, value, response);
  }
}

}  // namespace mayfly::wire
