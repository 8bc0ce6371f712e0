#include "services/codecommit/service.h"

#include "base/real_loop.h"
#include "services/codecommit/codecommit_api.h"
#include "services/own_account.h"
#include "services/resource_templates.h"

namespace mayfly::codecommit {
namespace {

// What policies name the kinds of the model by.
constexpr services::ResourceTemplate kResources[] = {
    {"repository", "arn:{partition}:codecommit:{region}:{account}:{repositoryName}"},
};

struct CodeCommitOptions {
  std::string folder;
};

class CodeCommitService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, CodeCommitOptions options) {
    auto service = std::make_unique<CodeCommitService>(commons, std::move(options));
    MF_CO_TRY_VOID(co_await service->all_.Open(ctx));
    commons.deliveries->AddSender(std::string(kTriggerSender), service->watcher_);
    co_return service;
  }

  CodeCommitService(const services::Commons& commons, CodeCommitOptions options)
      : all_(*commons.store),
        tables_(all_),
        watcher_({.loop = commons.loop, .files = commons.files, .tables = &tables_, .lanes = commons.lanes, .random = commons.random, .calendar = commons.calendar},
                 std::move(options.folder)),
        api_({.clock = commons.calendar, .random = commons.random, .tables = &tables_, .watcher = &watcher_, .targets = commons.targets}),
        handlers_(api_.handlers()),
        authorizer_(*commons.identities, *commons.calendar, kResources),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override { watcher_.Start(); }
  Task<> Stop() override { return watcher_.Stop(); }

 private:
  resources::ResourceTables all_;
  RepositoryTables tables_;
  PushWatcher watcher_;
  CodeCommitApi api_;
  Handlers handlers_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

OptionGroup OptionsOf(CodeCommitOptions& options) {
  OptionGroup group("AWS CodeCommit");
  group.Text("codecommit-repositories", options.folder, "folder of bare git repositories, ACCOUNT/NAME.git each, to which pushes are seen; empty: none");
  return group;
}

}  // namespace

services::Declaration Declare() {
  auto options = std::make_shared<CodeCommitOptions>();
  return {.name = "codecommit",
          .offers = {},
          .needs = {},
          .options = {OptionsOf(*options)},
          .open = [options](Context& ctx, const services::Commons& commons, services::Ports&) { return CodeCommitService::Open(ctx, commons, *options); }};
}

}  // namespace mayfly::codecommit
