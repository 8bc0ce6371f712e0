// How far something has come that takes more than a second: a download, an image.
//
// On a terminal one line that is written over and over, with rate and time left, and that goes when it is done; elsewhere (a log, a
// pipe) a line for each tenth. Nothing at all is written within the first second. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cli/terminal.h"

namespace mayfly::cli {

class Progress {
 public:
  // What `write` gets is bytes for standard error.
  using Writer = void (*)(std::string_view);
  Progress(std::string what, const Clock& clock, Terminal terminal, Writer write);
  // On standard error, with the machine's clock.
  explicit Progress(std::string what);
  // The line goes when nobody has ended it.
  ~Progress() { End(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `total` <= 0: not known. `note`: what stands behind it ("layer 2 of 5").
  void Update(int64_t bytes, int64_t total, std::string_view note = {});
  void End();
  // On a terminal: whatever line stands there goes.
  void Clear();

 private:
  std::string Describe(int64_t bytes, int64_t total, std::string_view note) const;

  std::string what_;
  const Clock* clock_;
  Terminal terminal_;
  Writer write_;
  TimePoint started_;
  TimePoint drawn_at_{};
  int64_t first_bytes_ = -1;  // what was there when it began does not count for the rate
  int tenth_ = 0;
  bool drawn_ = false;
};

}  // namespace mayfly::cli
