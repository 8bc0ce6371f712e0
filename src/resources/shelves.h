// Tables for tests: shelves (A/S) that have boards (A/S/012) and notes (A/S/12[/more]) on them.
#pragma once

#include <map>
#include <string>

#include <fmt/format.h>

#include "base/random.h"
#include "resources/edit.h"
#include "resources/change.h"

namespace mayfly::resources {

struct Note {
  std::string text;
};
inline json::Value ToJson(const Note& note) {
  json::Value value{json::Object()};
  value.Set("Text", note.text);
  return value;
}
inline Result<> FromJson(std::string_view, const json::Value& value, Note& note) {
  if (!value.Find("Text")) return Fail(Error::Fault("no text"));
  note.text = value.StringOr("Text", "");
  return {};
}

struct Shelves {
  explicit Shelves(store::Store& store) : all(store) {}

  ResourceTables all;
  ResourceTable<Note> shelves{all, "shelves", {.owners = {}, .errors = {.missing = &NoShelf}}};
  ResourceTable<Note> boards{all, "boards", {.owners = {OfShelf()}, .errors = {}}};
  // A note lies on a shelf, on the board of its number if there is one.
  ResourceTable<Note> notes{all, "notes", {.owners = {OfShelf(), OfBoard()}, .errors = {}}};

 private:
  static Error NoShelf(std::string_view key) { return Error::Service("ResourceNotFoundException", fmt::format("No shelf: {}", key)); }
  static std::string ShelfOf(std::string_view key) { return std::string(key.substr(0, key.find('/', key.find('/') + 1))); }
  Owner OfShelf() {
    return {.table = &shelves,
            .key_of = [](std::string_view key) { return std::optional(ShelfOf(key)); },
            .root_of = [](std::string_view key) { return std::string(key); }};
  }
  Owner OfBoard() {
    return {.table = &boards,
            .key_of = [](std::string_view key) {
              const std::string shelf = ShelfOf(key);
              const std::string_view number = key.substr(shelf.size() + 1);
              return std::optional(fmt::format("{}/{:0>3}", shelf, number.substr(0, number.find('/'))));
            },
            .root_of = [](std::string_view key) {
              const size_t number = key.find_first_not_of('0', key.rfind('/') + 1);
              return fmt::format("{}{}", key.substr(0, key.rfind('/') + 1), key.substr(number));
            },
            .needed = Owner::Needed::IfPresent};
  }
};

inline Task<Result<>> Put(Context& ctx, ResourceTable<Note>& table, std::string key, std::string text) {
  Change change(table.tables());
  MF_CO_TRY_VOID(change.Put(table, key, Note{std::move(text)}));
  co_return co_await change.Commit(ctx);
}

inline Task<Result<>> Delete(Context& ctx, ResourceTable<Note>& table, std::string key) {
  Change change(table.tables());
  MF_CO_TRY(const auto old, table.Get(key));
  MF_CO_TRY_VOID(change.Delete(table, key, old));
  co_return co_await change.Commit(ctx);
}

// Appends to the note of one shelf by an Edit.
inline Task<Result<>> Append(Context& ctx, Shelves& shelves, std::string key, std::string text) {
  return Edit(ctx, shelves.shelves, std::move(key), [text = std::move(text)](Note& note) -> Result<> {
    note.text += text;
    return {};
  });
}

// All shelves and notes by their keys.
inline std::map<std::string, std::string> RowsOf(Shelves& shelves) {
  std::map<std::string, std::string> rows;
  for (auto* table : {&shelves.shelves, &shelves.notes}) {
    const auto listed = table->List("", "", SIZE_MAX);
    MF_ASSERT(listed.size() == table->size());
    for (const auto& row : listed) rows[row.key] = row.value->text;
  }
  return rows;
}

}  // namespace mayfly::resources
