#include "wire/descriptor.h"

namespace mayfly::wire {

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
