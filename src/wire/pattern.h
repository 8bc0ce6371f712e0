// Pattern: a regular expression of the model, compiled once, at its first use.
#pragma once

#include <atomic>
#include <string_view>

namespace mayfly::wire {

// `shown` is the text that clients are told. RE2 has no look-around, so a pattern that has some says it again as `match`
// (what must match as a whole) and `refuse` (what must not); both empty otherwise.
//
// Usable from any thread. What is compiled lives as long as the program: patterns are static tables of generated code.
class Pattern {
 public:
  constexpr Pattern(std::string_view shown, std::string_view match = {}, std::string_view refuse = {})
      : shown_(shown), match_(match), refuse_(refuse) {}
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  std::string_view shown() const { return shown_; }
  // Whether the whole of `text` matches. Linear in the text, whatever the text. Text that is not UTF-8 matches nothing but
  // what bytes of ASCII match.
  bool Matches(std::string_view text) const;

 private:
  struct Compiled;
  const Compiled& Get() const;

  std::string_view shown_;
  std::string_view match_;
  std::string_view refuse_;
  mutable std::atomic<const Compiled*> compiled_{nullptr};
};

}  // namespace mayfly::wire
