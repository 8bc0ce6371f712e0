// PatternIndex: many patterns, and which of them match an event, found by what they say of exact values instead of by asking each.
//
// A pattern that wants one of some exact values at a path is kept under these, at the path where the fewest others stand so far; one that
// says no such thing (only prefixes, ranges, "$or") is asked each time. Whoever is found is asked then, so the index decides nothing.
// One strand. Memory and the cost of a change follow the pattern's size; a match costs the event's values at the paths that are in use,
// and the patterns that share them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "patterns/event_pattern.h"

namespace mayfly::patterns {

class PatternIndex {
 public:
  // Adds the pattern, or replaces the one of that name.
  void Set(const std::string& name, EventPattern pattern);
  // Not an error: there is none.
  void Remove(const std::string& name);
  size_t size() const { return patterns_.size(); }

  // The names of those that match, in their order.
  std::vector<std::string> Match(const json::Value& event) const;

 private:
  struct Place {
    std::vector<std::string> path;
    std::unordered_map<std::string, std::set<std::string>> names;  // by KeyOf of the value
  };
  struct Entry {
    EventPattern pattern;
    std::string place;              // key in places_; "" of one that is always asked
    std::vector<std::string> keys;  // in that place
  };
  size_t CrowdAt(const ExactField& field) const;
  void Enter(const std::string& name, Entry& entry);

  std::map<std::string, Entry, std::less<>> patterns_;
  std::map<std::string, Place, std::less<>> places_;
  std::set<std::string> always_;
};

}  // namespace mayfly::patterns
