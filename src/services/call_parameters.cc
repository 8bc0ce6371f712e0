#include "services/call_parameters.h"

#include <cctype>

#include <fmt/format.h>

#include "base/json.h"

namespace mayfly::services {
namespace {

constexpr int kLevelsMax = 12;
constexpr std::string_view kHidden = "\"HIDDEN_DUE_TO_SECURITY_REASONS\"";

// Writes until there is too much.
class ParametersWriter {
 public:
  bool WriteStructure(const wire::Structure& structure, const void* object, int level) {
    out_ += '{';
    bool first = true;
    for (const wire::Member& member : structure.members) {
      const void* value = wire::Structure::Get(member, object);
      if (!value || !IsTold(*member.shape)) continue;
      if (!std::exchange(first, false)) out_ += ',';
      std::string name(member.name);
      name[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(name[0])));
      json::WriteString(name, out_);
      out_ += ':';
      if (!Value(*member.shape, value, level + 1)) return false;
    }
    out_ += '}';
    return true;
  }

  std::string Take() { return std::move(out_); }

 private:
  static bool IsTold(const wire::Shape& shape) {
    using enum wire::Kind;
    if (shape.kind == Blob || shape.kind == BlobStream || shape.kind == EventStream) return false;
    return shape.kind != List || (shape.list && IsTold(*shape.element));
  }

  bool Value(const wire::Shape& shape, const void* value, int level) {
    if (out_.size() > kParametersBytesMax || level > kLevelsMax) return false;
    if (shape.sensitive) {
      out_ += kHidden;
      return true;
    }
    using enum wire::Kind;
    switch (shape.kind) {
      case String: json::WriteString(*static_cast<const std::string*>(value), out_); break;
      case Boolean: out_ += *static_cast<const bool*>(value) ? "true" : "false"; break;
      case Integer: out_ += std::to_string(*static_cast<const int32_t*>(value)); break;
      case Long: out_ += std::to_string(*static_cast<const int64_t*>(value)); break;
      case Double: out_ += fmt::format("{}", *static_cast<const double*>(value)); break;
      case Timestamp: json::WriteString(FormatIso8601(*static_cast<const WallTime*>(value)), out_); break;
      case List: return WriteList(shape, value, level);
      case Map: return WriteMap(shape, value, level);
      case Structure: return WriteStructure(*shape.structure, value, level);
      default: out_ += "null";
    }
    return out_.size() <= kParametersBytesMax;
  }

  bool WriteList(const wire::Shape& shape, const void* list, int level) {
    out_ += '[';
    for (size_t at = 0; at < shape.list->size(list); ++at) {
      if (at > 0) out_ += ',';
      if (!Value(*shape.element, shape.list->at(list, at), level + 1)) return false;
    }
    out_ += ']';
    return true;
  }

  bool WriteMap(const wire::Shape& shape, const void* map, int level) {
    out_ += '{';
    for (size_t at = 0; shape.map && at < shape.map->size(map); ++at) {
      const auto [key, value] = shape.map->at(map, at);
      if (at > 0) out_ += ',';
      json::WriteString(key, out_);
      out_ += ':';
      if (!Value(*shape.element, value, level + 1)) return false;
    }
    out_ += '}';
    return true;
  }

  std::string out_;
};

}  // namespace

std::string ParametersOf(const wire::Message& request) {
  if (!request.structure()) return {};
  ParametersWriter writer;
  if (!writer.WriteStructure(*request.structure(), request.get(), 0)) return {};
  std::string text = writer.Take();
  return text == "{}" ? std::string() : text;
}

}  // namespace mayfly::services
