// The commands that talk to a running daemon.
#pragma once

#include <string>

namespace mayfly::cli {

struct ClientOptions {
  std::string endpoint = "http://127.0.0.1:4566";
};

struct LogsOptions {
  std::string function;  // name or ARN
  std::string region;    // "" = the daemon's default
  std::string account;   // "" = the daemon's default
  std::string since = "1h";
  std::string filter;
  int limit = 1000;
  bool follow = false;
};

// Each returns the program's exit code and explains failures on standard error.
int ShowStatus(const ClientOptions& options);
int ShowLogs(const ClientOptions& options, const LogsOptions& logs);
// Where the daemon's clock stands, after moving it forward by `advance` (90s, 10m, 2h, 1d; "" leaves it as it is).
int ShowClock(const ClientOptions& options, const std::string& advance);

}  // namespace mayfly::cli
