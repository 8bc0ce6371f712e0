// Reading and writing a struct's members as a JSON object, from one list of members, in the struct's namespace:
//
//   void VisitMembers(resources::Is<Queue> auto& queue, auto&& visit) {
//     visit("Description", queue.description);
//     …
//   }
//
// WriteMembers(queue) and ReadMembers(value, queue) follow from it, and so do members that are a Queue, optional or a list.
// Members that have the value of a new T are left out, and what is left out keeps it: rows stay small, and rows that an older
// daemon wrote can be read.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/json.h"

namespace mayfly::resources {

using StringPairs = std::vector<std::pair<std::string, std::string>>;

// T, which is read, or const T, which is written.
template <typename Self, typename T>
concept Is = std::same_as<std::remove_const_t<Self>, T>;

template <typename T>
json::Value WriteMembers(const T& value);
template <typename T>
void ReadMembers(const json::Value& from, T& value);

class MemberWriter;
class MemberReader;
template <typename T>
concept HasMembers = requires(const T& written, T& read, MemberWriter& writer, MemberReader& reader) {
  VisitMembers(written, writer);
  VisitMembers(read, reader);
};

class MemberWriter {
 public:
  void operator()(const char* name, const std::string& value) { Add(name, value); }
  void operator()(const char* name, int value) { Add(name, value); }
  void operator()(const char* name, int64_t value) { Add(name, value); }
  void operator()(const char* name, double value) { Add(name, value); }
  void operator()(const char* name, bool value) { Add(name, value); }
  void operator()(const char* name, const std::vector<std::string>& values) { Add(name, json::Array(values.begin(), values.end())); }
  void operator()(const char* name, const StringPairs& pairs) {
    json::Object members;
    for (const auto& [key, value] : pairs) members.emplace_back(key, value);
    Add(name, std::move(members));
  }
  template <typename T>
  void operator()(const char* name, const std::optional<T>& value) {
    if (value) (*this)(name, *value);
  }
  template <HasMembers T>
  void operator()(const char* name, const T& value) { Add(name, WriteMembers(value)); }
  template <HasMembers T>
  void operator()(const char* name, const std::vector<T>& values) {
    json::Array items;
    for (const T& value : values) items.push_back(WriteMembers(value));
    Add(name, std::move(items));
  }
  json::Value Take() { return json::Value(std::move(out_)); }

 private:
  void Add(const char* name, json::Value value) { out_.emplace_back(name, std::move(value)); }

  json::Object out_;
};

// Members of the wrong type are as if they were missing.
class MemberReader {
 public:
  explicit MemberReader(const json::Value& in) : in_(in) {}
  void operator()(const char* name, std::string& value) { value = in_.StringOr(name, value); }
  void operator()(const char* name, int& value) { value = static_cast<int>(in_.IntOr(name, value)); }
  void operator()(const char* name, int64_t& value) { value = in_.IntOr(name, value); }
  void operator()(const char* name, bool& value) { value = in_.BoolOr(name, value); }
  void operator()(const char* name, double& value);
  void operator()(const char* name, std::vector<std::string>& values);
  void operator()(const char* name, StringPairs& pairs);
  template <typename T>
  void operator()(const char* name, std::optional<T>& value) {
    if (in_.Find(name)) (*this)(name, value.emplace());
  }
  template <HasMembers T>
  void operator()(const char* name, T& value) {
    if (const json::Value* found = in_.Find(name)) ReadMembers(*found, value);
  }
  template <HasMembers T>
  void operator()(const char* name, std::vector<T>& values) {
    const json::Value* found = in_.Find(name);
    if (!found || !found->is_array()) return;
    for (const json::Value& item : found->array()) ReadMembers(item, values.emplace_back());
  }

 private:
  const json::Value& in_;
};

// The members that differ from those of a new T.
template <typename T>
json::Value WriteMembers(const T& value) {
  const auto write = [](const T& from) {
    MemberWriter writer;
    VisitMembers(from, writer);
    return writer.Take();
  };
  static const json::Value kUsual = write(T());
  json::Value all = write(value);
  json::Object out;
  for (auto& member : all.object()) {
    const json::Value* usual = kUsual.Find(member.first);
    if (!usual || *usual != member.second) out.push_back(std::move(member));
  }
  return json::Value(std::move(out));
}

template <typename T>
void ReadMembers(const json::Value& from, T& value) {
  VisitMembers(value, MemberReader(from));
}

}  // namespace mayfly::resources
