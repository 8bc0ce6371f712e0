// Storage: how descriptors reach the members of generated structs. Used by generated code and by Message.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "wire/body_stream.h"
#include "wire/descriptor.h"
#include "wire/handler_call.h"

namespace mayfly::wire {

// A map of the wire: keys are unique, in the order in which they came (the last of equal ones counts).
template <typename T>
using Map = std::vector<std::pair<std::string, T>>;

// A T that may be absent, and lies elsewhere: what a struct holds of its own type. Copied with what it holds.
template <typename T>
class Box {
 public:
  Box() = default;
  Box(T value) : value_(new T(std::move(value))) {}  // NOLINT: implicit on purpose
  Box(const Box& other) : value_(other.value_ ? new T(*other.value_) : nullptr) {}
  Box(Box&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  Box& operator=(Box other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Box() { delete value_; }

  T& emplace() {
    *this = Box(T());
    return *value_;
  }
  explicit operator bool() const { return value_ != nullptr; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_; }
  const T* operator->() const { return value_; }

 private:
  T* value_ = nullptr;  // no std::unique_ptr: the structs around it keep their standard layout
};

// A list of a response whose items are JSON already. Its shape has no ListOps.
class WrittenList {
 public:
  // `item`: one JSON value.
  void Append(std::string_view item) {
    if (!items_.empty()) items_ += ',';
    items_ += item;
  }
  // The items, parted by commas.
  const std::string& items() const { return items_; }

 private:
  std::string items_;
};

template <typename T>
struct FieldAccess {
  static void* Emplace(void* field) { return field; }
  static const void* Get(const void* field) { return field; }
};
template <typename T>
struct FieldAccess<std::optional<T>> {
  static void* Emplace(void* field) { return &static_cast<std::optional<T>*>(field)->emplace(); }
  static const void* Get(const void* field) {
    const auto& value = *static_cast<const std::optional<T>*>(field);
    return value ? &*value : nullptr;
  }
};
template <typename T>
struct FieldAccess<Box<T>> {
  static void* Emplace(void* field) { return &static_cast<Box<T>*>(field)->emplace(); }
  static const void* Get(const void* field) {
    const auto& box = *static_cast<const Box<T>*>(field);
    return box ? &*box : nullptr;
  }
};
template <typename T>
inline constexpr FieldOps kFieldOps{&FieldAccess<T>::Emplace, &FieldAccess<T>::Get};

template <typename T>
struct ListAccess {
  static_assert(!std::is_same_v<T, bool>, "std::vector<bool> has no addressable elements");
  static void* Append(void* list) { return &static_cast<std::vector<T>*>(list)->emplace_back(); }
  static size_t Size(const void* list) { return static_cast<const std::vector<T>*>(list)->size(); }
  static const void* At(const void* list, size_t index) { return &(*static_cast<const std::vector<T>*>(list))[index]; }
};
template <typename T>
inline constexpr ListOps kListOps{&ListAccess<T>::Append, &ListAccess<T>::Size, &ListAccess<T>::At};

template <typename T>
struct MapAccess {
  static void* Append(void* map, std::string key) { return &static_cast<Map<T>*>(map)->emplace_back(std::move(key), T()).second; }
  static size_t Size(const void* map) { return static_cast<const Map<T>*>(map)->size(); }
  static std::pair<std::string_view, const void*> At(const void* map, size_t index) {
    const auto& entry = (*static_cast<const Map<T>*>(map))[index];
    return {entry.first, &entry.second};
  }
};
template <typename T>
inline constexpr MapOps kMapOps{&MapAccess<T>::Append, &MapAccess<T>::Size, &MapAccess<T>::At};

template <typename T>
struct EventStreamAccess {
  static RawEventStream Take(void* stream) {
    return [events = static_cast<EventStream<T>*>(stream)->Take()](Context& ctx, EventSender& sender) mutable {
      return events(ctx, EventWriter<T>(sender));
    };
  }
};
template <typename T>
inline constexpr EventStreamOps kEventStreamOps{&EventStreamAccess<T>::Take, nullptr};
template <typename T>
inline constexpr EventStreamOps kEventReaderOps{
    nullptr, [](void* reader, std::shared_ptr<EventSource> source) { *static_cast<EventReader<T>*>(reader) = EventReader<T>(std::move(source)); }};

template <typename T>
void* MakeObject() {
  return new T();
}
template <typename T>
void DestroyObject(void* object) {
  delete static_cast<T*>(object);
}

struct MessageDeleter {
  const Structure* structure = nullptr;
  void operator()(void* object) const { structure->destroy(object); }
};

// One request or response struct whose type only its Structure knows. Movable, owns the struct; empty when made from null.
class Message {
 public:
  Message() = default;
  explicit Message(const Structure* structure)
      : Message(structure, structure ? structure->make() : nullptr) {}
  // Takes over what a HandlerCall gave.
  Message(const Structure* structure, void* object) : structure_(structure), object_(object, MessageDeleter{structure}) {}

  const Structure* structure() const { return structure_; }
  void* get() { return object_.get(); }
  const void* get() const { return object_.get(); }
  // The struct as T. The caller knows the operation, and so the type.
  template <typename T>
  const T& As() const {
    return *static_cast<const T*>(object_.get());
  }

 private:
  const Structure* structure_ = nullptr;
  std::unique_ptr<void, MessageDeleter> object_;
};

// Operation::call for one method of the handler that `Choose` finds in what serves the service.
template <auto Choose, auto Method, typename Request>
HandlerCall CallHandler(ServiceHandler& all, Context& ctx, void* request) {
  return HandlerCall((Choose(all).*Method)(ctx, std::move(*static_cast<Request*>(request))));
}

}  // namespace mayfly::wire
