// The texts that a request has somewhere inside, by a path of members: "Target.RoleArn", "Targets.RoleArn" (of every element of a list).
// Numbers and booleans are written as JSON does; bytes, times and streams have no text. Pure functions.
#pragma once

#include <functional>
#include <string_view>

#include "wire/descriptor.h"

namespace mayfly::services {

using TakeText = std::function<void(std::string_view text)>;

void ForEachText(const wire::Structure& structure, const void* object, std::string_view path, const TakeText& take);
// The entries of a map<string,string>, or the elements of a list of structures with a key and a value, however these are called.
using TakePair = std::function<void(std::string_view key, std::string_view value)>;
void ForEachPair(const wire::Structure& structure, const void* object, std::string_view path, const TakePair& take);

// The member of that name, in whatever case its letters are; null when there is none.
const wire::Member* FindMember(const wire::Structure& structure, std::string_view name);
// Of a text of the request itself, "" when it is absent.
std::string_view TextOf(const wire::Structure& structure, const void* object, std::string_view name);

}  // namespace mayfly::services
