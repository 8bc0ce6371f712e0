#include <fmt/format.h>

#include <limits>
#include <string>
#include <unordered_map>

#include "base/encoding.h"
#include "wire/json_codec.h"

namespace mayfly::wire {
namespace {

constexpr double kNoTime = std::numeric_limits<double>::infinity();

std::string_view TokenName(const json::Value& value) {
  if (value.is_string()) return "STRING_VALUE";
  if (value.is_number()) return "NUMBER_VALUE";
  if (value.is_bool()) return value.boolean() ? "TRUE_VALUE" : "FALSE_VALUE";
  return "NULL_VALUE";
}

std::string_view TargetName(Kind kind) {
  switch (kind) {
    case Kind::String: return "a String";
    case Kind::Boolean: return "an Boolean";
    case Kind::Integer: return "an Integer";
    case Kind::Long: return "a Long";
    case Kind::Double: return "a Double";
    case Kind::Blob: return "a Blob";
    case Kind::Timestamp: return "a Timestamp";
    default: return "a Structure";
  }
}

bool IsContainer(Kind kind) { return kind == Kind::List || kind == Kind::Map || kind == Kind::Structure; }

Error WrongType(Kind kind, const json::Value& value) {
  if (value.is_array()) return SerializationError("Start of list found where not expected");
  if (value.is_object()) return SerializationError("Start of structure or map found where not expected.");
  if (IsContainer(kind)) return SerializationError("Unexpected field type");
  return SerializationError(fmt::format("{} can not be converted to {}", TokenName(value), TargetName(kind)));
}

template <typename T>
T& As(void* target) {
  return *static_cast<T*>(target);
}

// Stores a number without looking at the model's limits; false when it does not fit the type.
bool StoreNumber(const Shape& shape, const json::Value& value, void* target) {
  if (shape.kind == Kind::Double) {
    const auto number = value.AsDouble();
    if (number) As<double>(target) = *number;
    return number.has_value();
  }
  const auto number = value.AsInt64();
  if (!number) return false;
  if (shape.kind == Kind::Long) {
    As<int64_t>(target) = *number;
    return true;
  }
  if (*number < std::numeric_limits<int32_t>::min() || *number > std::numeric_limits<int32_t>::max()) return false;
  As<int32_t>(target) = static_cast<int32_t>(*number);
  return true;
}

// Some clients send booleans as strings, and AWS takes them.
std::optional<bool> BooleanOf(const json::Value& value) {
  if (value.is_bool()) return value.boolean();
  if (!value.is_string()) return std::nullopt;
  if (value.string() == "true") return true;
  if (value.string() == "false") return false;
  return std::nullopt;
}

// A time as text, of this form or, by default, of any that texts have.
std::optional<WallTime> TimeOfText(TimeForm form, std::string_view text) {
  if (form == TimeForm::EpochSeconds) {
    const auto number = json::Parse(text);
    return number && number->is_number() ? FromEpochSeconds(number->AsDouble().value_or(kNoTime)) : std::nullopt;
  }
  std::optional<WallTime> time;
  if (form != TimeForm::HttpDate) time = ParseIso8601(text);
  if (!time && form != TimeForm::Iso8601) time = ParseHttpDate(text);
  return time;
}

std::optional<WallTime> TimeOf(const Shape& shape, const json::Value& value) {
  if (value.is_number()) return FromEpochSeconds(value.AsDouble().value_or(kNoTime));
  if (value.is_string() && shape.time != TimeForm::Default) return TimeOfText(shape.time, value.string());
  return std::nullopt;
}

// Stores a scalar; its limits are not looked at.
Result<> StoreScalar(const Shape& shape, json::Value& value, void* target) {
  switch (shape.kind) {
    case Kind::String:
      if (!value.is_string()) break;
      As<std::string>(target) = json::ToUtf8(std::move(value.string()));  // it leaves by XML and CBOR, too
      return {};
    case Kind::Boolean:
      if (const auto flag = BooleanOf(value)) {
        As<bool>(target) = *flag;
        return {};
      }
      break;
    case Kind::Blob:
      if (!value.is_string()) break;
      if (auto bytes = Base64Decode(value.string())) {
        As<std::string>(target) = std::move(*bytes);
        std::string().swap(value.string());  // packages are large: do not keep both forms
        return {};
      }
      return Fail(SerializationError("A blob is not valid base64"));
    case Kind::Timestamp:
      if (const auto time = TimeOf(shape, value)) {
        As<WallTime>(target) = *time;
        return {};
      }
      break;
    default:
      if (value.is_number() && StoreNumber(shape, value, target)) return {};
  }
  return Fail(WrongType(shape.kind, value));
}

bool Hidden(const Shape& shape) {
  return shape.sensitive || (shape.element && shape.element->sensitive) || (shape.key && shape.key->sensitive);
}

// A finding about the parts of a container, told once however many parts are wrong.
void AddPartFinding(const Path& path, const Shape& shape, const json::Value& value, std::string_view part, const Shape& wanted,
                    Violations& violations) {
  const std::string shown = Hidden(shape) ? std::string() : fmt::format("'{}'", ShowValue(shape, value));
  violations.Add(path, shown, fmt::format("{} must satisfy constraint: {}", part, DescribeConstraints(wanted)));
}

Result<> ReadList(const Shape& shape, json::Value& value, void* target, const Path& path, Violations& violations) {
  if (!value.is_array()) return Fail(WrongType(shape.kind, value));
  violations.CheckSize(path, shape, value.array().size(), &value);
  const Shape& element = *shape.element;
  bool all_right = true;
  for (size_t i = 0; i < value.array().size(); ++i) {
    json::Value item = IsContainer(element.kind) ? std::move(value.array()[i]) : value.array()[i];
    const Path here{&path, {}, i + 1};
    if (item.is_null()) {
      if (IsContainer(element.kind)) violations.Missing(here);
      all_right = all_right && IsContainer(element.kind);
      continue;
    }
    void* slot = shape.list->append(target);
    if (IsContainer(element.kind)) {
      MF_TRY_VOID(ReadJson(element, item, slot, here, violations));
      continue;
    }
    MF_TRY_VOID(StoreScalar(element, item, slot));
    all_right = all_right && StoredSatisfies(element, slot);
  }
  if (!all_right) AddPartFinding(path, shape, value, "Member", element, violations);
  return {};
}

Result<> ReadMap(const Shape& shape, json::Value& value, void* target, const Path& path, Violations& violations) {
  if (!value.is_object()) return Fail(WrongType(shape.kind, value));
  const Shape& element = *shape.element;
  json::Object& members = value.object();
  for (auto& [key, item] : members) key = json::ToUtf8(std::move(key));
  std::unordered_map<std::string_view, size_t> last;  // the last of equal keys counts
  for (size_t i = 0; i < members.size(); ++i) last[members[i].first] = i;
  violations.CheckSize(path, shape, last.size(), &value);
  bool keys_right = true;
  bool values_right = true;
  for (size_t i = 0; i < members.size(); ++i) {
    if (last[members[i].first] != i) continue;
    keys_right = keys_right && Satisfies(*shape.key, members[i].first);
    json::Value item = members[i].second;
    if (item.is_null()) {
      values_right = false;
      continue;
    }
    void* slot = shape.map->append(target, members[i].first);
    if (IsContainer(element.kind)) {
      const Path here{&path, members[i].first, 0, true};
      MF_TRY_VOID(ReadJson(element, item, slot, here, violations));
      continue;
    }
    MF_TRY_VOID(StoreScalar(element, item, slot));
    values_right = values_right && StoredSatisfies(element, slot);
  }
  if (!keys_right) AddPartFinding(path, shape, value, "Map keys", *shape.key, violations);
  if (!values_right) AddPartFinding(path, shape, value, "Map value", element, violations);
  return {};
}

// Values in a JSON text, nearly: what opens a list or map or parts two values, outside of strings.
size_t EstimateValues(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',' || text[i] == '[' || text[i] == '{') ++count;
    if (text[i] != '"') continue;
    for (i = text.find_first_of("\"\\", i + 1); i != std::string_view::npos && text[i] == '\\'; i = text.find_first_of("\"\\", i + 2)) {
    }
    if (i == std::string_view::npos) break;
  }
  return count;
}

}  // namespace

Error SerializationError(std::string_view text) { return Error::Service("SerializationException", std::string(text)); }

Result<json::Value> ParseJsonBody(std::string_view body) {
  if (body.size() > kBodyValuesMax && EstimateValues(body) > kBodyValuesMax) {
    return Fail(SerializationError("The request body has too many values"));
  }
  auto value = json::Parse(body);
  if (!value) return Fail(SerializationError("The request body is not valid JSON: " + value.error().message));
  return value;
}

Result<json::Value> ParseJsonDocument(std::string body) {
  json::Value value;
  if (!body.empty()) {
    MF_TRY(value, ParseJsonBody(body));
  }
  if (value.is_null()) value = json::Value(json::Object());
  return value;
}

Result<> ReadJson(const Shape& shape, json::Value& value, void* target, const Path& path, Violations& violations) {
  switch (shape.kind) {
    case Kind::List: return ReadList(shape, value, target, path, violations);
    case Kind::Map: return ReadMap(shape, value, target, path, violations);
    case Kind::Structure: return ReadJsonMembers(*shape.structure, MemberChoice::All, value, target, &path, violations);
    default: break;
  }
  MF_TRY_VOID(StoreScalar(shape, value, target));
  violations.CheckStored(path, shape, target, value.is_number() ? std::string_view(value.number_text()) : std::string_view());
  return {};
}

Result<> ReadJsonMembers(const Structure& structure, MemberChoice choice, json::Value& object, void* target, const Path* path,
                         Violations& violations) {
  if (!object.is_object()) return Fail(WrongType(Kind::Structure, object));
  for (const Member& member : structure.members) {
    if (choice == MemberChoice::BodyOnly && member.location != Location::Body) continue;
    if (member.shape->kind == Kind::BlobStream || member.shape->kind == Kind::EventStream) continue;  // no JSON has one
    const Path here{path, member.name};
    json::Value* value = object.Find(member.name);
    if (!value || value->is_null()) {
      if (member.required) violations.Missing(here);
      continue;
    }
    void* field = Structure::Emplace(member, target);
    MF_TRY_VOID(ReadJson(*member.shape, *value, field, here, violations));
    if (member.bare_characters_max > 0) {
      const auto& text = As<std::string>(field);
      const bool bare = text.find(':') == std::string::npos;
      if (bare && CountCharacters(text) > member.bare_characters_max) {
        violations.AddBareName(here, text, member.bare_characters_max);
      }
    }
  }
  return {};
}

Result<> ReadText(const Shape& shape, std::string_view text, void* target, const Path& path, Violations& violations) {
  json::Value value{text};
  if (shape.kind == Kind::Timestamp) {
    const auto time = TimeOfText(shape.time, text);
    if (!time) return Fail(WrongType(shape.kind, value));
    As<WallTime>(target) = *time;
    return {};
  }
  if (shape.kind == Kind::Integer || shape.kind == Kind::Long || shape.kind == Kind::Double) {
    const auto number = json::Parse(text);
    if (!number || !number->is_number() || !StoreNumber(shape, *number, target)) return Fail(WrongType(shape.kind, value));
    violations.CheckStored(path, shape, target, text);
    return {};
  }
  MF_TRY_VOID(StoreScalar(shape, value, target));
  violations.CheckStored(path, shape, target, {});
  return {};
}

}  // namespace mayfly::wire
