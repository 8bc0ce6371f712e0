// mayfly(1), made of the commands themselves.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace mayfly::cli {

// Of the program with all of its commands; those that take the daemon's options refer to mayflyd(8).
std::string WriteCommandManual(const CLI::App& app);

}  // namespace mayfly::cli
