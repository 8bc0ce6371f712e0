// The program: its commands, what each of them runs, and what is said of a command line that cannot be understood.
//
// A file per command adds it here (commands.h). One thread; lives as long as main.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mayflyd/daemon_options.h"

namespace CLI {
class App;
class Error;
}

namespace mayfly::cli {

class Program {
 public:
  Program();
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  CLI::App& app() { return *app_; }
  // `run` gives the exit code when `command` is the last one of the line.
  void OnCommand(CLI::App* command, std::function<int()> run) { commands_.emplace_back(command, std::move(run)); }
  // The daemon's options, which several commands take.
  daemon::Options& daemon_options() { return daemon_options_; }

  // The exit code. A line that cannot be understood is told on standard error with a hint, and is exit code 2.
  int Run(int argc, const char* const* argv);

 private:
  int ExplainUsage(const CLI::Error& error, const std::vector<std::string>& words) const;

  std::unique_ptr<CLI::App> app_;
  daemon::Options daemon_options_;
  std::vector<std::pair<CLI::App*, std::function<int()>>> commands_;
};

// The word of `known` that `word` was most likely meant to be; "" when none is near. Pure.
std::string NearestWord(const std::string& word, const std::vector<std::string>& known);

}  // namespace mayfly::cli
