// The daemon's own log: one line per event on standard error, `time level message key=value …`.
// Not the functions' logs (telemetry). Any thread.
#pragma once

#include <string_view>

#include <fmt/format.h>

namespace mayfly::log {

enum class Level : unsigned char { Debug, Info, Warning, Error };

void SetLevel(Level level);
bool IsEnabled(Level level);
void Write(Level level, std::string_view message);

template <typename... Args>
void Debug(fmt::format_string<Args...> format, Args&&... args) {
  if (IsEnabled(Level::Debug)) Write(Level::Debug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void Info(fmt::format_string<Args...> format, Args&&... args) {
  if (IsEnabled(Level::Info)) Write(Level::Info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void Warning(fmt::format_string<Args...> format, Args&&... args) {
  if (IsEnabled(Level::Warning)) Write(Level::Warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void Error(fmt::format_string<Args...> format, Args&&... args) {
  if (IsEnabled(Level::Error)) Write(Level::Error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace mayfly::log
