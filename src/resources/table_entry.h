// TableEntry: one row of a ResourceTable in memory. A hundred thousand functions with what belongs to them are four times as many
// rows, so a row is small: all of it lies in one piece of memory, and 12 bytes say what is where.
//
// Lives in a set that is ordered by keys. Everything but the key may change while it is in there (Mutable).
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string_view>

namespace mayfly::resources {

class TableEntry {
 public:
  // `text`: as it is stored (PackText), with the version that the store gave it; empty and 0 while a new row is on its way.
  // Limits: those of store::Batch; a version below 2^48.
  TableEntry(std::string_view key, std::string_view text, int64_t version) : bytes_(Make(key, text, version)) {}

  std::string_view key() const { return {bytes_.get() + sizeof(Head), head().key_bytes}; }
  std::string_view text() const { return {bytes_.get() + sizeof(Head) + head().key_bytes, head().text_bytes}; }
  int64_t version() const { return static_cast<int64_t>(head().version_high) << 32 | head().version_low; }
  // Ends the change that is on its way, too.
  void Set(std::string_view text, int64_t version) { bytes_ = Make(key(), text, version); }

  // A change that is on its way to the store.
  enum class Change : unsigned char { None, Creation, Replacement, Deletion };
  Change change() const { return static_cast<Change>(head().change); }
  void SetChange(Change change) { head().change = static_cast<uint16_t>(change) & 3; }

 private:
  struct Head {
    uint32_t text_bytes;
    uint32_t version_low;
    uint16_t version_high;
    uint16_t key_bytes : 14;
    uint16_t change : 2;
  };
  static_assert(sizeof(Head) == 12);

  static std::unique_ptr<char[]> Make(std::string_view key, std::string_view text, int64_t version);
  Head& head() { return *reinterpret_cast<Head*>(bytes_.get()); }
  const Head& head() const { return *reinterpret_cast<const Head*>(bytes_.get()); }

  std::unique_ptr<char[]> bytes_;
};

struct OrderOfKeys {
  using is_transparent = void;
  bool operator()(const TableEntry& a, const TableEntry& b) const { return a.key() < b.key(); }
  bool operator()(const TableEntry& a, std::string_view b) const { return a.key() < b; }
  bool operator()(std::string_view a, const TableEntry& b) const { return a < b.key(); }
};

using TableEntries = std::set<TableEntry, OrderOfKeys>;

// A set takes all of an element for its key; of this one only key() is, and that cannot change.
inline TableEntry& Mutable(TableEntries&, TableEntries::const_iterator entry) { return const_cast<TableEntry&>(*entry); }

}  // namespace mayfly::resources
