#include "wire/pattern.h"

#include <re2/re2.h>

#include <memory>

#include "base/result.h"

namespace mayfly::wire {
namespace {

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options ExpressionOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(16 << 20);  // bounds of a few hundred repetitions become large programs
  return options;
}

}  // namespace

struct Pattern::Compiled {
  RE2 match;
  std::unique_ptr<RE2> refuse;

  Compiled(std::string_view wanted, std::string_view unwanted) : match(Piece(wanted), ExpressionOptions()) {
    if (!unwanted.empty()) refuse = std::make_unique<RE2>(Piece(unwanted), ExpressionOptions());
    MF_ASSERT(match.ok() && (!refuse || refuse->ok()));  // a test compiles every pattern of every model
  }
};

const Pattern::Compiled& Pattern::Get() const {
  if (const Compiled* ready = compiled_.load(std::memory_order_acquire)) return *ready;
  auto fresh = std::make_unique<Compiled>(match_.empty() ? shown_ : match_, refuse_);
  const Compiled* expected = nullptr;
  if (compiled_.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
  return *expected;  // another thread was faster
}

bool Pattern::Matches(std::string_view text) const {
  const Compiled& compiled = Get();
  if (!RE2::FullMatch(Piece(text), compiled.match)) return false;
  return !compiled.refuse || !RE2::FullMatch(Piece(text), *compiled.refuse);
}

}  // namespace mayfly::wire
