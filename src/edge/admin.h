// The daemon's own pages under /_mayfly/: health, status, logs, metrics, reset, package downloads. Not part of AWS's API.
//
//   GET  /_mayfly/health              200 {"status":"ok",…}; never needs credentials
//   GET  /_mayfly/status              counts, and what serves which runtime identifier
//   GET  /_mayfly/logs?function=F&since_ms=N&limit=N&filter=T&region=R&account=A&follow=1
//                                     text, one line per log line; with follow it goes on until the client leaves
//   GET  /_mayfly/metrics             what services publish as metrics since the start, and the environments of each function, in Prometheus' text format
//   GET  /_mayfly/network?function=F&host=HOST&port=N&region=R&account=A
//                                     JSON: whether a connection of the function's passes, and by which rule (uplink/explain.h)
//   GET, POST, DELETE /_mayfly/vpc?region=R&account=A
//                                     what is attached to VPCs of functions (attachments.h)
//   GET  /_mayfly/traces?trace_id=T&limit=N&account=A
//                                     JSON: segments that functions have sent to the X-Ray daemon (telemetry/trace_segments.h)
//   GET  /_mayfly/outbox, /_mayfly/sns/…  what services show beside their APIs (services/page.h)
//   POST /_mayfly/reset               forgets everything; `open` mode only
//   GET, POST /_mayfly/clock          shows and moves the calendar (test_clock.h); `open` mode only
//   GET  /_mayfly/code/ACCOUNT/SHA256?…  a package; the signature in the query is GetFunction's, and expires
//
// In strict mode all but health and code need a signature (any service name), and show the caller's own account: what is another's does
// not exist for it, under whatever name it asks. The operator, the root of the default account, sees all accounts, and names one by
// `account` (Authenticator::IsOperator). The credentials of functions do not count here.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/blocking_pool.h"
#include "base/calendar_loop.h"
#include "base/json.h"
#include "catalog/function_catalog.h"
#include "catalog/runtimes.h"
#include "identity/authenticator.h"
#include "invoke/invoker.h"
#include "net/http_message.h"
#include "runtime/environment_manager.h"
#include "store/log_store.h"
#include "telemetry/metrics.h"

namespace mayfly::services {
class Page;
}

namespace mayfly::telemetry {
class TraceSegments;
}

namespace mayfly::uplink {
class FunctionNetwork;
}

namespace mayfly::packages {
class CodeStore;
}

namespace mayfly::vpc {
class AttachedResources;
}

namespace mayfly::edge {

// What the pages look at. All outlive the Admin.
struct AdminParts {
  Loop* loop;
  CalendarLoop* calendar;
  catalog::FunctionCatalog* catalog;
  const catalog::RuntimeTable* runtimes;
  runtime::EnvironmentManager* environments;
  invoke::Invoker* invoker;
  store::LogStore* logs;
  const telemetry::Metrics* metrics;
  const telemetry::TraceSegments* traces;
  packages::CodeStore* code;
  uplink::FunctionNetwork* network;
  vpc::AttachedResources* attached;
  BlockingPool* files;
  identity::Authenticator* authenticator;
  std::map<std::string, services::Page*, std::less<>> pages;  // by the first part of their paths
  std::function<json::Value()> describe_events;  // asynchronous invocation, for the status page
  std::string version;
  // Empties everything; set by the daemon.
  std::function<Task<Result<>>(Context&)> reset;
  // Whether the signature of a download link holds.
  std::function<bool(const http::Request&)> is_download_allowed;
};

class Admin {
 public:
  explicit Admin(AdminParts parts) : parts_(std::move(parts)), started_(parts_.loop->Now()) {}
  // `request.target` starts with "/_mayfly/".
  Task<http::Response> Handle(Context& ctx, http::Request& request);

 private:
  http::Response Health() const;
  http::Response Status(const Principal& caller) const;
  Task<http::Response> Metrics(Context& ctx);
  Task<http::Response> Attachments(Context& ctx, http::Request& request);
  Task<http::Response> Network(Context& ctx, const http::Request& request);
  // The function that a page is asked about. Error: what to answer.
  std::expected<catalog::FunctionPointer, http::Response> FunctionOf(const Context& ctx, const http::Request& request) const;
  // Figures of the whole machine.
  void AddMachine(json::Value& status) const;
  // Whose things the request is about: the caller's, or what an operator names.
  std::string AccountOf(const Context& ctx, const http::Request& request) const;
  http::Response Traces(const Context& ctx, const http::Request& request) const;
  Task<http::Response> Logs(Context& ctx, const http::Request& request);
  Task<http::Response> Clock(Context& ctx, http::Request& request);
  Task<http::Response> Reset(Context& ctx);
  Task<http::Response> Code(Context& ctx, const http::Request& request);

  AdminParts parts_;
  TimePoint started_;
};

}  // namespace mayfly::edge
