#include "services/cloudtrail/service.h"

#include <algorithm>

#include "base/loop.h"
#include "services/cloudtrail/lookup.h"
#include "services/own_account.h"

namespace mayfly::cloudtrail {
namespace {

Result<Question> QuestionOf(const Context& ctx, const LookupEventsRequest& request, WallTime now) {
  if (request.event_category && *request.event_category != "insight") {
    return Fail(Error::Service("InvalidEventCategoryException", "Event category value is invalid."));
  }
  if (request.lookup_attributes && request.lookup_attributes->size() > 1) {
    return Fail(Error::Service("InvalidLookupAttributesException", "You can only use one lookup attribute at a time."));
  }
  if (request.max_results && (*request.max_results < 1 || *request.max_results > kResultsMax)) {
    return Fail(Error::Service("InvalidMaxResultsException", "Max results value is invalid: it must be between 1 and 50."));
  }
  Question question{.account_id = ctx.principal.account_id, .region = ctx.principal.region, .attribute = std::nullopt, .start = now - kHistory};
  if (request.lookup_attributes && !request.lookup_attributes->empty()) question.attribute = request.lookup_attributes->front();
  if (request.start_time) question.start = std::max(question.start, *request.start_time);
  if (request.end_time) question.end = *request.end_time;
  if (request.start_time && request.end_time && *request.start_time > *request.end_time) {
    return Fail(Error::Service("InvalidTimeRangeException", "The start time must be before the end time."));
  }
  return question;
}

class TrailApi final : public Handler {
 public:
  TrailApi(const telemetry::Trail& trail, BlockingPool& files, const Clock& clock) : trail_(&trail), files_(&files), clock_(&clock) {}

  Task<Result<LookupEventsResponse>> LookupEvents(Context& ctx, LookupEventsRequest request) override {
    MF_CO_TRY(Question question, QuestionOf(ctx, request, clock_->WallNow()));
    telemetry::Trail::Place from;
    if (request.next_token) {
      MF_CO_TRY(from, PlaceOf(*request.next_token));
    }
    if (request.event_category) co_return LookupEventsResponse{.events = std::vector<Event>(), .next_token = {}};  // there are no insights
    const auto results_max = static_cast<size_t>(request.max_results.value_or(kResultsMax));
    co_return co_await files_->Run(*ctx.loop, [directory = trail_->directory(), question = std::move(question), from = std::move(from), results_max] {
      return LookUp(directory, question, from, results_max);
    });
  }

 private:
  const telemetry::Trail* trail_;
  BlockingPool* files_;
  const Clock* clock_;
};

class CloudTrailService final : public services::Service {
 public:
  explicit CloudTrailService(const services::Commons& commons)
      : api_(*commons.trail, *commons.files, *commons.calendar),
        authorizer_(*commons.identities, *commons.calendar),
        endpoint_(kService, &api_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }

 private:
  TrailApi api_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

Task<Result<std::unique_ptr<services::Service>>> OpenCloudTrail(Context&, const services::Commons& commons, services::Ports&) {
  co_return std::make_unique<CloudTrailService>(commons);
}

}  // namespace

services::Declaration Declare() { return {.name = "cloudtrail", .offers = {}, .needs = {}, .options = {}, .open = &OpenCloudTrail}; }

}  // namespace mayfly::cloudtrail
