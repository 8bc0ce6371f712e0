#include "services/ses/service.h"

#include "base/real_loop.h"
#include "services/own_account.h"
#include "services/resource_templates.h"
#include "services/page.h"
#include "services/ses/ses_api.h"
#include "services/ses/smtp_listener.h"

namespace mayfly::ses {
namespace {

// What policies name the kinds of the model by.
constexpr services::ResourceTemplate kResources[] = {
    {"identity", "arn:{partition}:ses:{region}:{account}:identity/{Source}"},
};

// GET /_mayfly/ses: where the SMTP listener is.
class ListenerPage final : public services::Page {
 public:
  explicit ListenerPage(const SmtpListener& listener) : listener_(&listener) {}
  Task<http::Response> Get(Context&, const http::Request&, std::string_view, std::string) override {
    json::Value shown{json::Object()};
    shown.Set("smtp", listener_->address());
    co_return http::Response::Json(200, json::Write(shown) + "\n");
  }

 private:
  const SmtpListener* listener_;
};

struct SesOptions {
  std::string smtp;
};

class SesService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports, SesOptions options) {
    auto service = std::make_unique<SesService>(commons, ports);
    MF_CO_TRY_VOID(co_await service->all_.Open(ctx));
    if (!options.smtp.empty()) MF_CO_TRY_VOID(service->listener_.Listen(options.smtp));
    commons.deliveries->AddSender(std::string(kReceiptSender), service->receipts_);
    commons.deliveries->AddSender(std::string(kActionSender), service->actions_);
    ports.Offer<delivery::Target>(service->runner_, "ses");
    ports.Offer<services::Page>(service->page_, "ses");
    co_return service;
  }

  SesService(const services::Commons& commons, services::Ports& ports)
      : all_(*commons.store),
        tables_(all_),
        intake_(tables_, *commons.lanes, *commons.calendar),
        receipts_(*commons.lanes),
        functions_(ports, *commons.random),
        runner_({.tables = &tables_, .targets = commons.targets, .lanes = commons.lanes, .outgoing = &ports.Get<delivery::OutgoingMessages>(),
                 .functions = &functions_, .directory = commons.directory, .calendar = commons.calendar, .random = commons.random}),
        listener_(*commons.loop, intake_, *commons.random),
        page_(listener_),
        api_({.clock = commons.calendar, .random = commons.random, .tables = &tables_, .intake = &intake_, .runner = &runner_,
              .outgoing = &ports.Get<delivery::OutgoingMessages>()}),
        handlers_(api_.handlers()),
        authorizer_(*commons.identities, *commons.calendar, kResources),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override { listener_.Start(); }
  Task<> Stop() override { return listener_.Stop(); }

 private:
  resources::ResourceTables all_;
  SesTables tables_;
  MailIntake intake_;
  ReceiptSender receipts_;
  ActionSender actions_;
  RuleFunctions functions_;
  ReceiptRunner runner_;
  SmtpListener listener_;
  ListenerPage page_;
  SesApi api_;
  Handlers handlers_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

OptionGroup OptionsOf(SesOptions& options) {
  OptionGroup group("Amazon SES");
  group.Text("ses-smtp", options.smtp, "where mail is taken by SMTP, ADDRESS:PORT, for a trusted network; empty: nowhere");
  return group;
}

}  // namespace

services::Declaration Declare() {
  using services::PortOf;
  auto options = std::make_shared<SesOptions>();
  std::vector<services::PortId> needs = RuleFunctions::Needs();
  needs.push_back(PortOf<delivery::OutgoingMessages>());
  return {.name = "ses",
          .offers = {PortOf<delivery::Target>("ses"), PortOf<services::Page>("ses")},
          .needs = std::move(needs),
          .options = {OptionsOf(*options)},
          .open = [options](Context& ctx, const services::Commons& commons, services::Ports& ports) { return SesService::Open(ctx, commons, ports, *options); }};
}

}  // namespace mayfly::ses
