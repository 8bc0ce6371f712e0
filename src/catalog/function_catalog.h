// FunctionCatalog: which functions exist. The store is the truth; the catalog keeps all functions in memory as well, so
// that an invocation reads no disk.
//
// One per daemon, one strand. Open() reads everything (recovering is starting). A change is durable when its task completes,
// and visible to all readers from that moment. Two changes of one function at once: the second fails with
// ResourceConflictException and changes nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_set>

#include "catalog/function.h"
#include "store/store.h"

namespace mayfly::catalog {

using FunctionPointer = std::shared_ptr<const Function>;

class FunctionCatalog {
 public:
  explicit FunctionCatalog(store::Store& store) : store_(&store) {}

  Task<Result<>> Open(Context& ctx);

  // nullptr when there is none. `$LATEST` only, until versions are built.
  FunctionPointer Find(const FunctionName& name) const;
  // Functions of one account and region in the order of their names, those after `after`.
  std::vector<FunctionPointer> List(std::string_view account_id, std::string_view region, std::string_view after, size_t limit) const;
  size_t size() const { return functions_.size(); }
  // Every function, for recovery at start.
  std::vector<FunctionPointer> All() const;
  // The packages (hex SHA-256) that functions use.
  std::unordered_set<std::string> CodeInUse() const;
  // Sum of code sizes and number of functions of one account and region (GetAccountSettings).
  struct Usage {
    int64_t code_bytes = 0;
    int64_t functions = 0;
  };
  Usage UsageOf(std::string_view account_id, std::string_view region) const;

  // Error: ResourceConflictException "Function already exist: NAME".
  Task<Result<>> Create(Context& ctx, Function function);
  // Replaces `old` (which the caller read) by `next`. Errors: ResourceConflictException when it was changed meanwhile,
  // ResourceNotFoundException when it was deleted.
  Task<Result<>> Replace(Context& ctx, const FunctionPointer& old, Function next);
  Task<Result<>> Delete(Context& ctx, const FunctionPointer& old);

  // Called after each change, with the old state and the new one (either may be null).
  using Listener = std::function<void(const FunctionPointer& old_state, const FunctionPointer& new_state)>;
  void OnChange(Listener listener) { listeners_.push_back(std::move(listener)); }
  // Forgets everything that is in memory (after the store has been cleared).
  void Clear();

 private:
  struct Entry {
    FunctionPointer function;
    bool busy = false;  // a change is on its way to the store
  };
  void Notify(const FunctionPointer& old_state, const FunctionPointer& new_state);
  Result<Entry*> Lock(const FunctionPointer& old);

  store::Store* store_;
  std::map<std::string, Entry, std::less<>> functions_;  // by FunctionName::Key()
  std::vector<Listener> listeners_;
};

}  // namespace mayfly::catalog
