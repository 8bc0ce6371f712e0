// FunctionUrlIndex: which function a URL's id belongs to, for every request that comes in by one.
//
// One per daemon, on the catalog's strand; follows the table of function URLs from its making on.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "catalog/tables.h"

namespace mayfly::catalog {

using FunctionUrlPointer = std::shared_ptr<const FunctionUrl>;

class FunctionUrlIndex {
 public:
  explicit FunctionUrlIndex(Tables& tables);

  // After the tables have been opened: takes in what they hold.
  void Open();
  // nullptr when there is none.
  FunctionUrlPointer Find(std::string_view url_id) const;

 private:
  Tables* tables_;
  std::unordered_map<std::string, std::string> key_of_;  // by url id
};

}  // namespace mayfly::catalog
