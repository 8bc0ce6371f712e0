// Hostile extensions: any sequence of calls, names, ids and bodies, with events and restarts between. Whatever they do, there are
// never more than ten, states stay consistent, every request is answered or waits as GET /event/next does, and no subscription
// leaves its bounds.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/sim_loop.h"
#include "base/task_scope.h"
#include "runtime/extensions_api.h"
#include "runtime/telemetry_subscription.h"
#include "runtime/testing_choices.h"

namespace {

using namespace mayfly;
using namespace mayfly::runtime;

class Watcher final : public ExtensionEvents {
 public:
  void OnExtensionProgress() override {}
};

http::Request MakeRequest(Choices& choices, const ExtensionsApi& api) {
  static constexpr const char* kOperations[] = {"register", "event/next", "init/error", "exit/error"};
  static constexpr const char* kNames[] = {"agent", "tail", "inner", "other"};
  static constexpr const char* kBodies[] = {R"({"events":["INVOKE"]})", R"({"events":["INVOKE","SHUTDOWN"]})", R"({"events":[]})", "{}"};
  http::Request request;
  const uint8_t kind = choices.Byte();
  request.method = kind & 1 ? "GET" : "POST";
  request.target = std::string("/2020-01-01/extension/") + (kind < 240 ? kOperations[kind / 2 % 4] : choices.Text(32));
  if (kind & 8) request.headers.Add("Lambda-Extension-Name", kind & 16 ? std::string(kNames[choices.Byte() % 4]) : choices.Text(64));
  const auto& extensions = api.extensions();
  if (!extensions.empty() && kind & 32) request.headers.Add("Lambda-Extension-Identifier", extensions[choices.Byte() % extensions.size()].id);
  else if (kind & 64) request.headers.Add("Lambda-Extension-Identifier", choices.Text(40));
  if (kind & 128) request.headers.Add("Lambda-Extension-Function-Error-Type", choices.Text(32));
  if (kind & 4) request.headers.Add("Lambda-Extension-Accept-Feature", choices.Text(32));
  request.body = kind & 2 ? std::string(kBodies[choices.Byte() % 4]) : choices.Text(200);
  return request;
}

Task<> Send(ExtensionsApi& api, Loop& loop, http::Request request, std::stop_token stop) {
  Context ctx(loop);
  ctx.stop = stop;
  const http::Response response = co_await api.Handle(ctx, request);
  MF_ASSERT(response.status >= 200 && response.status < 500);
}

void CheckSubscription(const std::string& body) {
  for (const TelemetryApi api : {TelemetryApi::Telemetry, TelemetryApi::Logs}) {
    const auto subscription = ParseTelemetrySubscription(body, api);
    if (!subscription) continue;
    MF_ASSERT(subscription->items_max >= 1000 && subscription->items_max <= 10'000);
    MF_ASSERT(subscription->bytes_max >= 262'144 && subscription->bytes_max <= 1'048'576);
    MF_ASSERT(subscription->destination.port != 0);
    MF_ASSERT(subscription->platform || subscription->function || subscription->extension);
    for (const char c : subscription->destination.target) MF_ASSERT(c > ' ' && c <= '~');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  CheckSubscription(std::string(reinterpret_cast<const char*>(data), size));
  SimLoop loop;
  SeededRandom random(1);
  Watcher watcher;
  ExtensionsApi api(loop, watcher);
  TaskScope requests(loop);
  Choices choices(data, size);
  for (int step = 0; step < 200 && !choices.empty(); ++step) {
    const uint8_t action = choices.Byte();
    if (action < 20) {
      api.Open({.function_name = "f"}, random);
      for (int i = 0; i < action % 4; ++i) api.Expect("agent" + std::string(static_cast<size_t>(i), '1'));
    } else if (action < 40) {
      api.HandOutInvoke("{}");
    } else if (action < 50) {
      api.HandOutShutdown("{}");
    } else if (action < 55) {
      api.CloseRegistration();
    } else if (action < 60) {
      api.Restart();
    } else {
      requests.Spawn(Send(api, loop, MakeRequest(choices, api), requests.stop_token()));
    }
    loop.RunFor(std::chrono::milliseconds(1));
    MF_ASSERT(api.extensions().size() <= kExtensionsMax);
    for (const Extension& extension : api.extensions()) {
      MF_ASSERT(!extension.asking || extension.state == ExtensionState::Ready);
      MF_ASSERT(extension.external || !extension.wants_shutdown);
    }
  }
  requests.Stop();
  loop.RunUntilIdle();
  MF_ASSERT(requests.size() == 0);
  return 0;
}
