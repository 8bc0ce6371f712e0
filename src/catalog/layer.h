// Layer and LayerVersion: archives that functions see at /opt, published under numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace mayfly::catalog {

struct LayerName {
  std::string account_id;
  std::string region;
  std::string name;

  // arn:aws:lambda:REGION:ACCOUNT:layer:NAME
  std::string Arn() const;
  // Key of the table "layers": ACCOUNT/REGION/NAME.
  std::string Key() const { return account_id + '/' + region + '/' + name; }
};

struct LayerVersionName {
  LayerName layer;
  int64_t number = 0;

  // arn:aws:lambda:REGION:ACCOUNT:layer:NAME:NUMBER
  std::string Arn() const { return layer.Arn() + ':' + std::to_string(number); }
  // Key of the table "layer_versions": LAYER-KEY/0000000012, in the order of numbers.
  std::string Key() const;
};

// `text` has passed the model's pattern of LayerNameOrArn: a bare name is in the account and region given.
LayerName ParseLayerName(std::string_view text, std::string_view account_id, std::string_view region);
// Of an ARN with a number. nullopt when it names none of these layers (arn:aws:lambda:::awslayer:NAME, a number past all).
std::optional<LayerVersionName> ParseLayerVersionArn(std::string_view arn);

// What is remembered of a layer when all of its versions may have gone: numbers are never given again.
struct Layer {
  LayerName name;
  int64_t last_version = 0;
};

// One version as it was published. Immutable; it can only be deleted.
struct LayerVersion {
  LayerVersionName name;
  std::string description;
  std::string license_info;
  // What the publisher said; nothing enforces it. Not given and empty are two things, also to clients.
  std::optional<std::vector<std::string>> compatible_runtimes;
  std::optional<std::vector<std::string>> compatible_architectures;
  std::string code_sha256;  // hex; names the package in the code store
  int64_t code_bytes = 0;   // of the zip
  std::string created_date;  // FormatLambdaTime
  std::string signing_profile_version_arn;
  std::string signing_job_arn;
};

// Rows of the tables. What the key says is not in the text.
json::Value ToJson(const Layer& layer);
Result<> FromJson(std::string_view key, const json::Value& value, Layer& layer);
json::Value ToJson(const LayerVersion& version);
Result<> FromJson(std::string_view key, const json::Value& value, LayerVersion& version);

}  // namespace mayfly::catalog
