#include "patterns/pattern_index.h"

#include <algorithm>

#include "base/text.h"

namespace mayfly::patterns {
namespace {

// A path as a key: no member's name is cut in two by its own bytes.
std::string PlaceOf(const std::vector<std::string>& path) {
  std::string place;
  for (const std::string& name : path) place += std::to_string(name.size()) + ':' + name;
  return place;
}

}  // namespace

// How many patterns would have to be asked for one of the field's values.
size_t PatternIndex::CrowdAt(const ExactField& field) const {
  const auto place = places_.find(PlaceOf(field.path));
  if (place == places_.end()) return 0;
  size_t most = 0;
  for (const std::string& key : field.keys) {
    const auto names = place->second.names.find(key);
    if (names != place->second.names.end()) most = std::max(most, names->second.size());
  }
  return most;
}

void PatternIndex::Enter(const std::string& name, Entry& entry) {
  const std::vector<ExactField> fields = entry.pattern.ExactFields();
  if (fields.empty()) {
    always_.insert(name);
    return;
  }
  const auto field = std::ranges::min_element(fields, {}, [this](const ExactField& one) { return CrowdAt(one); });
  entry.place = PlaceOf(field->path);
  entry.keys = field->keys;
  Place& place = places_[entry.place];
  place.path = field->path;
  for (const std::string& key : entry.keys) place.names[key].insert(name);
}

void PatternIndex::Set(const std::string& name, EventPattern pattern) {
  Remove(name);
  const auto at = patterns_.emplace(name, Entry{.pattern = std::move(pattern), .place = {}, .keys = {}}).first;
  Enter(name, at->second);
}

void PatternIndex::Remove(const std::string& name) {
  const auto found = patterns_.find(name);
  if (found == patterns_.end()) return;
  always_.erase(name);
  if (const auto place = places_.find(found->second.place); place != places_.end()) {
    for (const std::string& key : found->second.keys) {
      const auto names = place->second.names.find(key);
      if (names != place->second.names.end() && names->second.erase(name) > 0 && names->second.empty()) place->second.names.erase(names);
    }
    if (place->second.names.empty()) places_.erase(place);
  }
  patterns_.erase(found);
}

std::vector<std::string> PatternIndex::Match(const json::Value& event) const {
  std::set<std::string> candidates = always_;
  for (const auto& [name, place] : places_) {
    for (const std::string& key : KeysAt(event, place.path)) {
      const auto names = place.names.find(key);
      if (names != place.names.end()) candidates.insert(names->second.begin(), names->second.end());
    }
  }
  std::vector<std::string> matching;
  for (const std::string& name : candidates) {
    if (patterns_.find(name)->second.pattern.Matches(event)) matching.push_back(name);
  }
  return matching;
}

}  // namespace mayfly::patterns
