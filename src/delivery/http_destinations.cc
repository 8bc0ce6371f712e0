#include "delivery/http_destinations.h"

#include "identity/arn.h"

namespace mayfly::delivery {
namespace {

constexpr std::string_view kPathField = "http-path";
constexpr std::string_view kHeaderField = "http-header:";
constexpr std::string_view kQueryField = "http-query:";

void AddHttpField(Delivery& delivery, std::string_view kind, std::string_view name, const std::string& value) {
  DeliveryAttribute& attribute = delivery.attributes.emplace_back();
  attribute.name = std::string(kind).append(name);
  attribute.value = value;
}

}  // namespace

bool IsApiDestinationArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  return arn && arn->service == "events" && arn->resource.starts_with("api-destination/");
}

void AddHttpFields(Delivery& delivery, const HttpFields& fields) {
  for (const std::string& value : fields.path_values) AddHttpField(delivery, kPathField, "", value);
  for (const auto& [name, value] : fields.headers) AddHttpField(delivery, kHeaderField, name, value);
  for (const auto& [name, value] : fields.query) AddHttpField(delivery, kQueryField, name, value);
}

HttpFields ReadHttpFields(const Delivery& delivery) {
  HttpFields fields;
  for (const DeliveryAttribute& attribute : delivery.attributes) {
    if (attribute.name == kPathField) fields.path_values.push_back(attribute.value);
    else if (attribute.name.starts_with(kHeaderField)) fields.headers.emplace_back(attribute.name.substr(kHeaderField.size()), attribute.value);
    else if (attribute.name.starts_with(kQueryField)) fields.query.emplace_back(attribute.name.substr(kQueryField.size()), attribute.value);
  }
  return fields;
}

}  // namespace mayfly::delivery
