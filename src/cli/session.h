// A session with a running daemon: one endpoint, one caller. Commands that ask a daemon run inside one.
#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "base/real_loop.h"
#include "cli/aws_settings.h"
#include "net/http_client.h"

namespace CLI {
class App;
}

namespace mayfly::cli {

struct ClientOptions {
  std::string endpoint;
  std::string region;  // "": AWS's settings say, or the daemon's default
};
// --endpoint (its default comes from the environment), and --region.
void AddEndpoint(CLI::App& command, ClientOptions& options);
void AddRegion(CLI::App& command, ClientOptions& options);

class Session {
 public:
  Session(RealLoop& loop, ClientOptions options);

  struct Call {
    std::string method = "GET";
    std::string target;  // path and query
    std::string body;
    http::Headers headers;
  };
  // Signed when there are credentials: a daemon in strict mode asks for it. Errors: Fault "NoDaemon". HTTP's statuses are no errors here.
  Task<Result<http::ClientResponse>> Send(Context& ctx, Call call, http::Client::Mode mode = http::Client::Mode::Whole);
  // The document of an answer 2xx. Errors: as Send; a Service error with the daemon's code and text, kStatus… of exit codes by ExitCodeOf.
  Task<Result<json::Value>> Fetch(Context& ctx, Call call);
  // GET.
  Task<Result<json::Value>> Fetch(Context& ctx, std::string target);
  // What an answer that is no 2xx says, as Fetch's error.
  Error ErrorOf(const http::ClientResponse& response) const;
  const ClientOptions& options() const { return options_; }

 private:
  RealLoop* loop_;
  ClientOptions options_;
  AwsSettings settings_;
  http::Client client_;
};

// Runs `work` inside a session, to its exit code; explains what it returns as an error on standard error.
int RunSession(const ClientOptions& options, const std::function<Task<Result<int>>(Context&, Session&)>& work);
// Explains an error on standard error; its exit code.
int Explain(const Error& error);

}  // namespace mayfly::cli
