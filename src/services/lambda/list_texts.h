// ListTexts: how functions look in lists, as JSON, for those that were listed last. Clients walk through the same pages again and
// again; describing a function takes ten times as long as copying what was said of it.
//
// One per FunctionViews, on its strand. What changes is another object in the catalog, so that nothing here is ever out of date.
// Limit: kBytesMax of text for the newer half and as much for the older one, which is forgotten when the newer is full.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/strand.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class ListTexts {
 public:
  enum class Form : unsigned char { Plain, Qualified };

  // nullptr when it is not there. Valid until the next call.
  const std::string* Find(const catalog::FunctionPointer& function, Form form);
  // Valid until the next call.
  const std::string& Keep(const catalog::FunctionPointer& function, Form form, std::string text);

  static constexpr size_t kBytesMax = 2u << 20;

 private:
  struct Text {
    std::weak_ptr<const catalog::Function> function;  // of another one that had this address: not this text
    std::string json;
  };
  using Texts = std::unordered_map<uintptr_t, Text>;

  static uintptr_t KeyOf(const catalog::FunctionPointer& function, Form form) {
    return reinterpret_cast<uintptr_t>(function.get()) | static_cast<uintptr_t>(form);
  }
  const std::string& Insert(uintptr_t key, Text text);

  Strand strand_;
  Texts newer_, older_;
  size_t newer_bytes_ = 0;
};

}  // namespace mayfly::lambda
