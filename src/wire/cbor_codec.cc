#include "wire/cbor_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "wire/json_codec.h"
#include "wire/storage.h"

namespace mayfly::wire {
namespace {

using ItemKind = CborItem::Kind;

template <typename T>
T& Target(void* target) {
  return *static_cast<T*>(target);
}
template <typename T>
const T& Target(const void* value) {
  return *static_cast<const T*>(value);
}

Error WrongType(const Path& path) { return SerializationError(fmt::format("The value at '{}' is of another type", path.ToString())); }

std::optional<int64_t> IntegerOf(const CborItem& item) {
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (item.value > kMax) return std::nullopt;
  if (item.is(ItemKind::Unsigned)) return static_cast<int64_t>(item.value);
  if (item.is(ItemKind::Negative)) return -1 - static_cast<int64_t>(item.value);
  return std::nullopt;
}

std::optional<double> DoubleOf(const CborItem& item) {
  if (item.is(ItemKind::Float)) return item.number;
  if (item.is(ItemKind::Unsigned)) return static_cast<double>(item.value);
  if (item.is(ItemKind::Negative)) return -1 - static_cast<double>(item.value);
  return std::nullopt;
}

class DocumentReader {
 public:
  DocumentReader(std::string_view bytes, Violations& violations) : reader_(bytes), violations_(violations) {}

  Result<> ReadDocument(const Structure& structure, MemberChoice choice, void* target) {
    MF_TRY(const CborItem item, reader_.Next());
    MF_TRY_VOID(ReadMembers(structure, choice, item, target, nullptr));
    if (!reader_.done()) return Fail(CborReader::Malformed("something follows its end"));
    return {};
  }

 private:
  Result<> ReadMembers(const Structure& structure, MemberChoice choice, const CborItem& map, void* target, const Path* path) {
    if (!map.is(ItemKind::Map)) return Fail(path ? WrongType(*path) : CborReader::Malformed("it is no map"));
    std::vector<bool> seen(structure.members.size());
    MF_TRY_VOID(reader_.ForEach(map, [&]() -> Result<> {
      MF_TRY(const CborItem key, NextKey());
      const auto member = std::ranges::find(structure.members, key.text, &Member::name);
      MF_TRY(CborItem value, reader_.Next());
      const bool known = member != structure.members.end() && (choice == MemberChoice::All || member->location == Location::Body);
      if (!known || value.is(ItemKind::Null)) return reader_.Skip(value);
      const auto index = static_cast<size_t>(member - structure.members.begin());
      if (seen[index]) return Fail(CborReader::Malformed("a key comes twice"));
      seen[index] = true;
      return Read(*member->shape, value, Structure::Emplace(*member, target), {path, member->name});
    }));
    for (size_t i = 0; i < seen.size(); ++i) {
      const Member& member = structure.members[i];
      if (member.required && !seen[i] && (choice == MemberChoice::All || member.location == Location::Body)) violations_.Missing({path, member.name});
    }
    return {};
  }

  Result<CborItem> NextKey() {
    MF_TRY(CborItem key, reader_.Next());
    if (!key.is(ItemKind::Text)) return Fail(CborReader::Malformed("a key is no text"));
    return key;
  }

  Result<> Read(const Shape& shape, CborItem& item, void* target, const Path& path) {
    switch (shape.kind) {
      case Kind::List: return ReadList(shape, item, target, path);
      case Kind::Map: return ReadMap(shape, item, target, path);
      case Kind::Structure: return ReadMembers(*shape.structure, MemberChoice::All, item, target, &path);
      case Kind::Timestamp: return ReadTime(item, target, path);
      default: break;
    }
    if (!Store(shape, item, target)) return Fail(WrongType(path));
    violations_.CheckStored(path, shape, target, NumberText(item));
    return {};
  }

  // Stores a scalar; false when the item is none of its type.
  static bool Store(const Shape& shape, CborItem& item, void* target) {
    if (shape.kind == Kind::String || shape.kind == Kind::Blob) {
      if (!item.is(shape.kind == Kind::String ? ItemKind::Text : ItemKind::Bytes)) return false;
      Target<std::string>(target) = std::move(item.text);
      return true;
    }
    if (shape.kind == Kind::Boolean) {
      Target<bool>(target) = item.boolean;
      return item.is(ItemKind::Boolean);
    }
    if (shape.kind == Kind::Double) {
      const auto number = DoubleOf(item);
      Target<double>(target) = number.value_or(0);
      return number.has_value();
    }
    const auto number = IntegerOf(item);
    if (!number) return false;
    if (shape.kind == Kind::Long) {
      Target<int64_t>(target) = *number;
      return true;
    }
    Target<int32_t>(target) = static_cast<int32_t>(*number);
    return Target<int32_t>(target) == *number;
  }

  // Target messages to clients show it.
  static std::string NumberText(const CborItem& item) {
    if (item.is(ItemKind::Float)) return fmt::to_string(item.number);
    const auto number = IntegerOf(item);
    return number ? fmt::to_string(*number) : std::string();
  }

  Result<> ReadTime(const CborItem& item, void* target, const Path& path) {
    if (!item.is(ItemKind::Tag) || item.value != kCborTimeTag) return Fail(WrongType(path));
    MF_TRY(const CborItem seconds, reader_.Next());
    const auto number = DoubleOf(seconds);
    const auto time = number ? FromEpochSeconds(*number) : std::nullopt;
    if (!time) return Fail(WrongType(path));
    Target<WallTime>(target) = *time;
    return {};
  }

  Result<> ReadList(const Shape& shape, const CborItem& list, void* target, const Path& path) {
    if (!list.is(ItemKind::Array)) return Fail(WrongType(path));
    size_t count = 0;
    MF_TRY_VOID(reader_.ForEach(list, [&]() -> Result<> {
      const Path here{&path, {}, ++count};
      MF_TRY(CborItem item, reader_.Next());
      if (!item.is(ItemKind::Null)) return Read(*shape.element, item, shape.list->append(target), here);
      violations_.Missing(here);
      return {};
    }));
    violations_.CheckSize(path, shape, count, nullptr);
    return {};
  }

  Result<> ReadMap(const Shape& shape, const CborItem& map, void* target, const Path& path) {
    if (!map.is(ItemKind::Map)) return Fail(WrongType(path));
    std::unordered_set<std::string> keys;
    MF_TRY_VOID(reader_.ForEach(map, [&]() -> Result<> {
      MF_TRY(const CborItem key, NextKey());
      if (!keys.insert(key.text).second) return Fail(CborReader::Malformed("a key comes twice"));
      const Path here{&path, key.text, 0, true};
      violations_.CheckText(path, *shape.key, key.text);
      MF_TRY(CborItem value, reader_.Next());
      if (!value.is(ItemKind::Null)) return Read(*shape.element, value, shape.map->append(target, key.text), here);
      violations_.Missing(here);
      return {};
    }));
    violations_.CheckSize(path, shape, keys.size(), nullptr);
    return {};
  }

  CborReader reader_;
  Violations& violations_;
};

class DocumentWriter {
 public:
  explicit DocumentWriter(std::string& out) : writer_(out) {}

  void WriteMembers(const Structure& structure, MemberChoice choice, const void* object) {
    const auto present = [&](const Member& member) {
      return (choice == MemberChoice::All || member.location == Location::Body) && Structure::Get(member, object);
    };
    writer_.Map(static_cast<uint64_t>(std::ranges::count_if(structure.members, present)));
    for (const Member& member : structure.members) {
      if (!present(member)) continue;
      writer_.Text(member.name);
      Write(*member.shape, Structure::Get(member, object));
    }
  }

 private:
  void Write(const Shape& shape, const void* value) {
    switch (shape.kind) {
      case Kind::String: return writer_.Text(Target<std::string>(value));
      case Kind::Boolean: return writer_.Boolean(Target<bool>(value));
      case Kind::Integer: return writer_.Integer(Target<int32_t>(value));
      case Kind::Long: return writer_.Integer(Target<int64_t>(value));
      case Kind::Double: return writer_.Double(Target<double>(value));
      case Kind::Blob: return writer_.Bytes(Target<std::string>(value));
      case Kind::Timestamp: return WriteTime(Target<WallTime>(value));
      case Kind::List: return WriteList(shape, value);
      case Kind::Map: return WriteMap(shape, value);
      case Kind::Structure: return WriteMembers(*shape.structure, MemberChoice::All, value);
      case Kind::BlobStream:
      case Kind::EventStream: MF_ASSERT(false); return;  // no CBOR has one
    }
  }

  void WriteTime(WallTime time) {
    const int64_t milliseconds = ToEpochMillis(time);
    writer_.Tag(kCborTimeTag);
    if (milliseconds % 1000 == 0) writer_.Integer(milliseconds / 1000);
    else writer_.Double(static_cast<double>(milliseconds) / 1000);
  }

  void WriteList(const Shape& shape, const void* list) {
    const size_t size = shape.list->size(list);
    writer_.Array(size);
    for (size_t i = 0; i < size; ++i) Write(*shape.element, shape.list->at(list, i));
  }

  void WriteMap(const Shape& shape, const void* map) {
    const size_t size = shape.map->size(map);
    writer_.Map(size);
    for (size_t i = 0; i < size; ++i) {
      const auto [key, value] = shape.map->at(map, i);
      writer_.Text(key);
      Write(*shape.element, value);
    }
  }

  CborWriter writer_;
};

void WriteNumber(const json::Value& value, CborWriter& writer) {
  if (const auto number = value.AsInt64()) writer.Integer(*number);
  else writer.Double(value.AsDouble().value_or(0));
}

}  // namespace

Result<> ReadCborDocument(const Structure& structure, MemberChoice choice, std::string_view bytes, void* target, Violations& violations) {
  constexpr std::string_view kNoMembers = "\xa0";
  return DocumentReader(bytes.empty() ? kNoMembers : bytes, violations).ReadDocument(structure, choice, target);
}

void WriteCborMembers(const Structure& structure, MemberChoice choice, const void* object, std::string& out) {
  DocumentWriter(out).WriteMembers(structure, choice, object);
}

void WriteCborValue(const json::Value& value, CborWriter& writer) {
  if (value.is_null()) return writer.Null();
  if (value.is_bool()) return writer.Boolean(value.boolean());
  if (value.is_number()) return WriteNumber(value, writer);
  if (value.is_string()) return writer.Text(value.string());
  if (value.is_array()) {
    writer.Array(value.array().size());
    for (const json::Value& item : value.array()) WriteCborValue(item, writer);
    return;
  }
  writer.Map(value.object().size());
  for (const json::Member& member : value.object()) {
    writer.Text(member.first);
    WriteCborValue(member.second, writer);
  }
}

}  // namespace mayfly::wire
