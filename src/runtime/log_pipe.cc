#include "runtime/log_pipe.h"

#include <algorithm>

namespace mayfly::runtime {

void LineSplitter::Add(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (partial_.empty() && end != std::string_view::npos && piece.size() <= kLogLineBytesMax) {
      line_(piece);
    } else {
      partial_ += piece;
      while (partial_.size() > kLogLineBytesMax) {
        line_(std::string_view(partial_).substr(0, kLogLineBytesMax));
        partial_.erase(0, kLogLineBytesMax);
      }
      if (end != std::string_view::npos) {
        line_(partial_);
        partial_.clear();
      }
    }
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::Flush() {
  if (!partial_.empty()) line_(partial_);
  partial_.clear();
}

bool LogBudget::Take(size_t bytes) {
  const TimePoint now = clock_->Now();
  available_ += std::chrono::duration<double>(now - filled_at_).count() * static_cast<double>(rate_);
  available_ = std::min(available_, static_cast<double>(burst_));
  filled_at_ = now;
  if (available_ < static_cast<double>(bytes)) return false;
  available_ -= static_cast<double>(bytes);
  return true;
}

}  // namespace mayfly::runtime
