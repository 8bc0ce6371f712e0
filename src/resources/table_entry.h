// TableEntry: one row of a ResourceTable in memory. A hundred thousand functions with their versions are four times as many rows, so
// a row is small: key, text and flags lie in one piece of memory, and the parsed value is only pointed to.
//
// Lives in a set that is ordered by keys. Everything but the key may change while it is in there.
#pragma once

#include <memory>
#include <set>
#include <string_view>

namespace mayfly::resources {

class TableEntry {
 public:
  // `text`: as it is stored (PackText); empty while a new row is on its way. Keys have fewer than 65,536 bytes.
  TableEntry(std::string_view key, std::string_view text) : bytes_(Make(key, text)) {}

  std::string_view key() const { return {bytes_.get() + sizeof(Head), head().key_bytes}; }
  std::string_view text() const { return {bytes_.get() + sizeof(Head) + head().key_bytes, head().text_bytes}; }
  void SetText(std::string_view text) const { bytes_ = Make(key(), text); }

  // A change is on its way to the store, and what it is. A new text has none.
  enum class Change : unsigned char { None, Replacement, Deletion };
  Change change() const { return head().change; }
  void SetChange(Change change) const { head().change = change; }

  // The value as long as somebody holds it.
  mutable std::weak_ptr<const void> parsed;

 private:
  struct Head {
    unsigned text_bytes;
    unsigned short key_bytes;
    Change change;
  };

  static std::unique_ptr<char[]> Make(std::string_view key, std::string_view text);
  Head& head() const { return *reinterpret_cast<Head*>(bytes_.get()); }

  mutable std::unique_ptr<char[]> bytes_;
};

struct OrderOfKeys {
  using is_transparent = void;
  bool operator()(const TableEntry& a, const TableEntry& b) const { return a.key() < b.key(); }
  bool operator()(const TableEntry& a, std::string_view b) const { return a.key() < b; }
  bool operator()(std::string_view a, const TableEntry& b) const { return a < b.key(); }
};

using TableEntries = std::set<TableEntry, OrderOfKeys>;

}  // namespace mayfly::resources
