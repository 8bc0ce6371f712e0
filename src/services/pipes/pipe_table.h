// What EventBridge Pipes keeps: pipes. Rows of the control store, durable like everything that was answered 2xx.
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "resources/json_members.h"
#include "resources/resource_table.h"

namespace mayfly::pipes {

inline constexpr size_t kPipesMax = 1'000;  // per account and region

struct PipeName {
  std::string account_id;
  std::string region;
  std::string name;

  std::string Key() const { return Place() + name; }
  // "ACCOUNT/REGION/": of the rows of all that the account has there.
  std::string Place() const { return account_id + '/' + region + '/'; }
  std::string Arn() const;
};

PipeName PipeOf(const Context& ctx, std::string name);
std::optional<PipeName> ParsePipeArn(std::string_view arn);

struct PipeRow {
  PipeName name;         // not part of the row: it is the row's key
  std::string settings;  // what the client said: the request as JSON, without name, state and tags
  std::string state = "RUNNING";  // or STOPPED: wanted, and as good as reached
  int64_t created_millis = 0;
  int64_t modified_millis = 0;
  resources::StringPairs tags;

  bool is_running() const { return state == "RUNNING"; }
};

json::Value ToJson(const PipeRow& pipe);
Result<> FromJson(std::string_view key, const json::Value& value, PipeRow& pipe);

// Made before the store's tables are opened.
struct PipeTable {
  explicit PipeTable(resources::ResourceTables& all);

  resources::ResourceTable<PipeRow> pipes;  // by PipeName::Key()
};

// Errors of the service.
Error Invalid(std::string message);  // ValidationException
Error NoPipe(std::string_view name);

}  // namespace mayfly::pipes
