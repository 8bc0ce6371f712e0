#include "services/s3/visits.h"

#include "base/encoding.h"
#include "services/s3/cors.h"
#include "services/s3/kept_settings.h"
#include "wire/host_form.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kLocal = "127.0.0.1";

std::string AddressIn(std::string_view peer) {
  std::string_view address = wire::WithoutPort(peer);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  return std::string(address.empty() || address == "unix" ? kLocal : address);
}

// What a request is about, as its Host and path say.
struct Place {
  std::string bucket;
  bool has_key = false;
};

Place PlaceIn(const http::Request& request) {
  static const std::vector<wire::HostForm> kForms = wire::HostFormsOf(kService);
  const std::string_view host = wire::WithoutPort(request.headers.Get("Host"));
  std::string_view path = request.path();
  path.remove_prefix(path.starts_with('/') ? 1 : 0);
  const bool is_plain = std::ranges::any_of(kForms, [&](const wire::HostForm& form) { return !form.has_label() && form.Fits(host); });
  for (const wire::HostForm& form : kForms) {
    if (const auto label = is_plain ? std::nullopt : form.LabelIn(host)) return {std::string(*label), !path.empty()};
  }
  const size_t end = path.find('/');
  return {PercentDecode(path.substr(0, end)).value_or(std::string()), end != std::string_view::npos && end + 1 < path.size()};
}

}  // namespace

class Visits::OfRequest final : public wire::Visit {
 public:
  OfRequest(Visits& visits, const Context& ctx, const http::Request& request) : visits_(&visits), request_id_(ctx.request_id) {
    visits_->addresses_[request_id_] = AddressIn(request.peer);
    if (request.method == "OPTIONS" || request.headers.Find("Origin")) Meet(request);
  }
  OfRequest(const OfRequest&) = delete;
  OfRequest& operator=(const OfRequest&) = delete;
  ~OfRequest() override { visits_->addresses_.erase(request_id_); }

  std::optional<Result<http::Response>> Answer() override { return std::move(answer_); }
  void Finish(http::Response& response) override {
    for (const auto& [name, value] : told_.fields()) response.headers.Set(name, value);
  }

 private:
  void Meet(const http::Request& request) {
    const Place place = PlaceIn(request);
    const BucketPointer bucket = visits_->buckets_->Find(place.bucket);
    const bool has_rules = bucket && !bucket->Setting("cors").empty();
    const CORSConfiguration set = has_rules ? SettingOf<CORSConfiguration>(bucket->Setting("cors")).value_or(CORSConfiguration{}) : CORSConfiguration{};
    if (request.method == "OPTIONS") {
      answer_ = AnswerPreflight(has_rules ? &set.cors_rules : nullptr, request, place.has_key);
      return;
    }
    const CorsQuestion question{.origin = std::string(request.headers.Get("Origin")), .method = request.method, .headers = {}};
    if (const CORSRule* rule = AllowingRule(set.cors_rules, question)) told_ = CorsHeaders(*rule, question);
  }

  Visits* visits_;
  std::string request_id_;
  std::optional<Result<http::Response>> answer_;
  http::Headers told_;
};

wire::Reception Visits::AsReception() {
  return [this](Context& ctx, const http::Request& request) { return std::make_unique<OfRequest>(*this, ctx, request); };
}

std::string Visits::AddressOf(const std::string& request_id) const {
  const auto found = addresses_.find(request_id);
  return found == addresses_.end() ? std::string(kLocal) : found->second;
}

}  // namespace mayfly::s3
