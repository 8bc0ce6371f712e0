// What requests of a service are about, as data: one row for each kind of resource that the model's `auth … on KIND` names.
//
//   {"schedule", "arn:aws:scheduler:{region}:{account}:schedule/{GroupName|=default}/{Name}"}
//
// {region}, {account}, {partition}: the caller's. {Member}: a text of the request; {A|B|=text}: the first member that is there, or
// that text itself. A value that is an ARN is the whole answer. Where a member is absent "*" stands for it.
// Rows of one kind are tried in their order: the first one whose members are all there counts, otherwise the last.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/context.h"
#include "wire/storage.h"

namespace mayfly::services {

struct ResourceTemplate {
  std::string_view kind;
  std::string_view arn;
};

// "*" for a kind that has no row.
std::string ResourceOf(std::span<const ResourceTemplate> templates, const Context& ctx, const wire::Operation& operation, const wire::Message& request);

}  // namespace mayfly::services
