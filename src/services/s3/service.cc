#include "services/s3/service.h"

#include "base/loop.h"
#include "base/real_loop.h"
#include "services/s3/code_buckets.h"
#include "services/s3/collector.h"
#include "services/s3/configurations_api.h"
#include "services/s3/forms_api.h"
#include "services/s3/object_target.h"
#include "services/s3/s3_api.h"
#include "services/s3/settings_api.h"
#include "services/s3/visits.h"

namespace mayfly::s3 {
namespace {

struct S3Options {
  int64_t free_mib_min = 256;
};

class S3Service final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports, S3Options options) {
    MF_CO_TRY(auto store, store::OpenSqliteStore(*commons.loop, {.path = commons.data_path + "/s3.db"}));
    MF_CO_TRY(auto files, DataFiles::Open(commons.data_path + "/s3", *commons.random, static_cast<uint64_t>(options.free_mib_min) << 20));
    auto service = std::make_unique<S3Service>(commons, std::move(store), std::move(files));
    MF_CO_TRY_VOID(co_await service->buckets_.Open(ctx));
    MF_CO_TRY_VOID(co_await service->objects_.Open(ctx));
    ports.Offer<packages::OwnBuckets>(service->code_);
    ports.Offer<delivery::Target>(service->target_, "s3");
    commons.deliveries->AddSender(std::string(kNotificationSender), service->outbox_);
    co_return service;
  }

  S3Service(const services::Commons& commons, std::unique_ptr<store::Store> store, std::unique_ptr<DataFiles> files)
      : store_(std::move(store)),
        files_(std::move(files)),
        buckets_(*store_),
        visits_(buckets_),
        outbox_(*store_, *commons.lanes, *commons.random, *commons.loop, *commons.calendar, visits_),
        objects_(*store_, *files_, outbox_, *commons.random, *commons.loop, *commons.calendar),
        uploads_(objects_, *commons.random),
        authorizer_(buckets_, *commons.identities, *commons.calendar),
        api_({.buckets = &buckets_, .objects = &objects_, .uploads = &uploads_, .outbox = &outbox_, .authorizer = &authorizer_, .targets = commons.targets,
              .random = commons.random, .loop = commons.loop}),
        settings_(buckets_, objects_, outbox_, *commons.targets, *commons.random),
        forms_({.buckets = &buckets_, .objects = &objects_, .authorizer = &authorizer_, .keys = commons.keys, .sessions = commons.sessions, .mode = commons.mode}),
        configurations_(buckets_),
        handlers_{{}, api_, api_, api_, api_, settings_, settings_, configurations_, settings_, forms_},
        code_(buckets_, objects_, authorizer_),
        target_(buckets_, objects_, authorizer_),
        collector_(buckets_, objects_, uploads_, *commons.calendar),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {
    endpoint_.SetReception(visits_.AsReception());
  }

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override {
    objects_.CollectOrphans();
    outbox_.Start();
    collector_.Start();
  }
  Task<> Stop() override {
    co_await collector_.Stop();
    co_await outbox_.Stop();
    co_await objects_.Stop();
  }
  Task<Result<>> Reset(Context& ctx) override { return objects_.Clear(ctx); }

 private:
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<DataFiles> files_;
  Buckets buckets_;
  Visits visits_;
  Outbox outbox_;
  ObjectStore objects_;
  Uploads uploads_;
  Authorizer authorizer_;
  S3Api api_;
  SettingsApi settings_;
  FormsApi forms_;
  ConfigurationsApi configurations_;
  Handlers handlers_;
  CodeBuckets code_;
  ObjectTarget target_;
  Collector collector_;
  wire::Endpoint endpoint_;
};

OptionGroup OptionsOf(S3Options& options) {
  OptionGroup group("Amazon S3");
  group.Number("s3-free-min", options.free_mib_min, {0, int64_t{1} << 30}, "MiB that objects leave free on the disk; a write beyond fails with InsufficientStorage");
  return group;
}

}  // namespace

services::Declaration Declare() {
  auto options = std::make_shared<S3Options>();
  return {.name = "s3",
          .offers = {services::PortOf<packages::OwnBuckets>(), services::PortOf<delivery::Target>("s3")},
          .needs = {},
          .options = {OptionsOf(*options)},
          .open = [options](Context& ctx, const services::Commons& commons, services::Ports& ports) { return S3Service::Open(ctx, commons, ports, *options); }};
}

}  // namespace mayfly::s3
