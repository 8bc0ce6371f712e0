#include "services/lambda/list_texts.h"

#include "catalog/function.h"

namespace mayfly::lambda {

static_assert(alignof(catalog::Function) > 1, "the last bit of its address is the form");

const std::string* ListTexts::Find(const catalog::FunctionPointer& function, Form form) {
  strand_.Check();
  const uintptr_t key = KeyOf(function, form);
  const auto is_of = [&](const Text& text) { return !text.function.owner_before(function) && !function.owner_before(text.function); };
  if (const auto found = newer_.find(key); found != newer_.end()) return is_of(found->second) ? &found->second.json : nullptr;
  const auto found = older_.find(key);
  if (found == older_.end() || !is_of(found->second)) return nullptr;
  Text text = std::move(found->second);
  older_.erase(found);
  return &Insert(key, std::move(text));
}

const std::string& ListTexts::Keep(const catalog::FunctionPointer& function, Form form, std::string text) {
  strand_.Check();
  return Insert(KeyOf(function, form), {function, std::move(text)});
}

const std::string& ListTexts::Insert(uintptr_t key, Text text) {
  if (newer_bytes_ + text.json.size() > kBytesMax) {
    older_ = std::exchange(newer_, {});
    newer_bytes_ = 0;
  }
  newer_bytes_ += text.json.size();
  Text& place = newer_[key];
  newer_bytes_ -= place.json.size();
  place = std::move(text);
  return place.json;
}

}  // namespace mayfly::lambda
