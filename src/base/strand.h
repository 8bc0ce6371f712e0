// Strand: proves that what belongs to one strand is used on it alone.
//
// A class whose state belongs to one strand (its header says "on its strand") keeps one as a member and begins each public method
// that touches the state with strand_.Check(). The strand is that of the first check: objects may be made on another thread than
// the one that they live on. One thread runs one loop, so a strand is known by its thread.
//
// Stays on in release: it costs one comparison with an address that the thread knows, less than a nanosecond. What is used on a
// second strand ends the program with the place of the call.
#pragma once

#include <source_location>

#include "base/result.h"

namespace mayfly {

class Strand {
 public:
  void Check(std::source_location where = std::source_location::current()) const {
    if (thread_ == &this_thread_) [[likely]] return;
    if (thread_ != nullptr) Panic(where.file_name(), static_cast<int>(where.line()), "used on another strand than its own");
    thread_ = &this_thread_;
  }

 private:
  // Its address is the thread's name.
  static inline thread_local constinit char this_thread_ = 0;

  mutable const char* thread_ = nullptr;
};

}  // namespace mayfly
