#include "catalog/function_url_index.h"

namespace mayfly::catalog {
namespace {

constexpr size_t kPage = 1000;

}  // namespace

FunctionUrlIndex::FunctionUrlIndex(Tables& tables) : tables_(&tables) {
  tables.function_urls.OnChange([this](const std::string& key, const auto& old_value, const auto& new_value) {
    if (old_value) key_of_.erase(old_value->url_id);
    if (new_value) key_of_[new_value->url_id] = key;
  });
}

void FunctionUrlIndex::Open() {
  std::string after;
  for (;;) {
    const auto page = tables_->function_urls.List("", after, kPage);
    for (const auto& row : page) key_of_[row.value->url_id] = row.key;
    if (page.size() < kPage) return;
    after = page.back().key;
  }
}

FunctionUrlPointer FunctionUrlIndex::Find(std::string_view url_id) const {
  const auto found = key_of_.find(std::string(url_id));
  return found == key_of_.end() ? nullptr : tables_->function_urls.Find(found->second);
}

}  // namespace mayfly::catalog
