#include "wire/struct_text.h"

#include "wire/json_codec.h"
#include "wire/violations.h"

namespace mayfly::wire {

std::string WriteStruct(const Structure& structure, const void* object) {
  std::string text;
  WriteJsonMembers(structure, MemberChoice::All, object, text);
  return text;
}

Result<> ReadStruct(const Structure& structure, json::Value& value, void* object) {
  Violations passed_over;
  return ReadJsonMembers(structure, MemberChoice::All, value, object, nullptr, passed_over);
}

}  // namespace mayfly::wire
