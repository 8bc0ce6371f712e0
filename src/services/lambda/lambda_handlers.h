// LambdaHandlers: AWS Lambda's operations, put together: a handler for each group of model/lambda.model, and what works behind them.
//
// One per daemon, on its strand; made when all that LambdaParts names is open. Nothing happens in the background before Recover().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/task.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

struct Handlers;

// What the operations work with. All outlive the LambdaHandlers.
struct LambdaParts {
  Loop* loop;
  catalog::Tables* tables;
  catalog::FunctionCatalog* catalog;
  catalog::LayerCatalog* layers;
  const catalog::Access* access;  // for what a request mentions besides what it is about, e.g. layers
  const catalog::RuntimeTable* runtimes;
  packages::CodeStore* code;
  images::ImageStore* images;
  const catalog::FileSystemTable* file_systems;
  packages::CodeSource* code_source;                  // what S3Bucket and S3Key name
  const packages::SigningProfiles* signing_profiles;  // whose signatures are known
  invoke::Invoker* invoker;
  invoke::EventQueue* events;
  const invoke::LoopGuard* loops;
  BlockingPool* files;
  Random* random;
  catalog::ConcurrencyLedger* ledger;
  int account_concurrency = 1000;
  int64_t code_storage_bytes_max = 300ll << 30;  // zips of functions and layers, per account and region
  int unreserved_concurrency_min = 100;          // must stay for functions without reserved concurrency; all, where the account has less
  Duration update_delay{};                       // how long a new or updated function stays Pending or InProgress
  // A URL that gives the package for ten minutes: GetFunction's Code.Location.
  std::function<std::string(const catalog::Function&)> download_url;
  // The same of a layer version: Content.Location.
  std::function<std::string(const catalog::LayerVersion&)> layer_download_url;
  // Where a function URL answers: "http://ID.lambda-url.REGION.localhost:4566/".
  std::function<std::string(const catalog::FunctionUrl&)> function_url;
  FunctionVpcs* vpcs = nullptr;         // never null in the end
  sources::QueueSource* queues = nullptr;  // null: mappings take queues as they are named
  // LastProcessingResult of the mapping with that key (EventSourceMapping::Key), "" before there was anything; empty: nobody polls.
  std::function<std::string_view(const std::string& key)> last_processing_result;
};

class LambdaHandlers {
 public:
  explicit LambdaHandlers(LambdaParts parts);
  ~LambdaHandlers();

  // For wire::Endpoint, and for who calls an operation of this daemon. Valid as long as this.
  Handlers& handlers();

  // Finishes what a crash interrupted: functions that are Pending or InProgress, mappings that are Creating, Deleting ….
  void Recover();
  // Ends background work (state changes that are on their way).
  Task<> Stop();

 private:
  struct Members;
  std::unique_ptr<Members> members_;
};

}  // namespace mayfly::lambda
