#include "wire/descriptor.h"

#include <algorithm>

#include "base/text.h"

namespace mayfly::wire {

bool Service::Speaks(std::string_view name) const {
  const auto names = Split(protocol, ' ');
  return std::ranges::find(names, name) != names.end();
}

const ErrorShape* FindError(const Service& service, std::string_view code) {
  for (const ErrorShape& error : service.errors) {
    if (error.code == code) return &error;
  }
  return nullptr;
}

const Operation* FindOperation(const Service& service, std::string_view name) {
  for (const Operation& operation : service.operations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

}  // namespace mayfly::wire
