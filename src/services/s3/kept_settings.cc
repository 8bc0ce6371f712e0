#include "services/s3/kept_settings.h"

#include "wire/json_codec.h"

namespace mayfly::s3 {
namespace {

const wire::Shape& PayloadOf(std::string_view operation) {
  const wire::Operation* found = wire::FindOperation(kService, operation);
  MF_ASSERT(found && found->input && found->input->Payload());
  return *found->input->Payload()->shape;
}

}  // namespace

std::string WriteSetting(std::string_view operation, const void* value) {
  std::string json;
  wire::WriteJson(PayloadOf(operation), value, json);
  return json;
}

Result<> ReadSetting(std::string_view operation, std::string_view json, void* value) {
  MF_TRY(json::Value parsed, json::Parse(json));
  wire::Violations violations;
  auto read = wire::ReadJson(PayloadOf(operation), parsed, value, {nullptr, operation}, violations);
  if (read && violations.empty()) return {};
  return Fail(Error::Fault("a setting of a bucket cannot be read"));
}

}  // namespace mayfly::s3
