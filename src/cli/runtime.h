// `mayfly runtime`: which identifiers this machine serves, and with what; adding interpreters that lie somewhere else, and images.
#pragma once

#include <string>

#include "mayflyd/daemon_options.h"

namespace mayfly::cli {

struct RuntimeOptions {
  std::string identifier;
  std::string root;         // an unpacked directory: bound at /var/lang
  std::string interpreter;  // below root; "" for the family's usual place
  std::string image;        // instead of root: a container image
  bool markdown = false;    // the table of docs/runtimes.md, which says nothing of this machine
};

// Exit codes.
int ListRuntimes(const daemon::Options& options, const RuntimeOptions& runtime);
int AddRuntime(const daemon::Options& options, const RuntimeOptions& runtime);
int RemoveRuntime(const daemon::Options& options, const RuntimeOptions& runtime);

}  // namespace mayfly::cli
