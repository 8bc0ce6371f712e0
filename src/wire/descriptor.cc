#include "wire/descriptor.h"

#include <algorithm>

#include "base/text.h"

namespace mayfly::wire {

const Member* Structure::Payload() const {
  const auto found = std::ranges::find(members, Location::Payload, &Member::location);
  return found == members.end() ? nullptr : &*found;
}

bool Structure::HasBody() const { return std::ranges::find(members, Location::Body, &Member::location) != members.end(); }

bool Operation::StreamsRequest() const {
  const Member* payload = input ? input->Payload() : nullptr;
  return payload && (payload->shape->kind == Kind::BlobStream || payload->shape->kind == Kind::EventStream);
}

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

const ErrorShape* FindStandIn(const Service& service, std::string_view code) {
  for (const ErrorShape& error : service.errors) {
    if (std::ranges::find(error.stands_for, code) != error.stands_for.end()) return &error;
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
