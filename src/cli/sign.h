// mayfly sign: signs packages offline, and says whose signatures a daemon knows. docs/code-signing.md explains it.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace mayfly::cli {

struct SignOptions {
  std::string data_dir = "/var/lib/mayfly";
  std::string account_id = "000000000000";
  std::string region = "us-east-1";
  std::string zip;
  std::string key;
  std::string profile;  // NAME or the ARN of a version; "": the one in the key's certificate
  std::string output;   // "": FILE-signed.zip
  int expires_days = 4106;  // AWS: 135 months
  std::string profile_name;
  int valid_days = 5475;
  std::string certificate;
  std::string revoked;
};

// Adds the command's options and subcommands to `sign`. `options` outlives the parsing.
void AddSignCommand(CLI::App& sign, SignOptions& options);
// After parsing; the program's exit code. Explains failures on standard error.
int RunSign(const CLI::App& sign, const SignOptions& options);

}  // namespace mayfly::cli
