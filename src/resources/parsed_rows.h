// ParsedRows: the values of a table's rows that have been parsed. Who asks twice gets the same one, as long as somebody holds it;
// the last kRecentMax are held here, about as many as a machine has environments for.
//
// One per table, on its strand.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mayfly::resources {

class ParsedRows {
 public:
  using Pointer = std::shared_ptr<const void>;
  static constexpr size_t kRecentMax = 2048;

  // nullptr: it has not been parsed, or nobody has it any more.
  Pointer Find(std::string_view key) const;
  void Put(std::string_view key, Pointer value);
  // The row has changed or gone. Who holds its value keeps it.
  void Forget(std::string_view key);
  void Clear();

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  void Sweep();

  std::unordered_map<std::string, std::weak_ptr<const void>, Hash, std::equal_to<>> by_key_;
  size_t sweep_at_ = 2 * kRecentMax;  // so many of by_key_ are looked through for values that have gone
  std::vector<Pointer> recent_;       // a ring
  size_t next_recent_ = 0;
};

}  // namespace mayfly::resources
