// RegionState: the networks of an account in a region, as one operation sees and changes them.
//
// Reads through what the operation has changed already; what it changes is committed as a whole, or not at all (Networks::Change).
// Lives on the stack of the operation; nothing is awaited while it does.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "resources/change.h"
#include "services/ec2/kinds.h"
#include "vpc/rows.h"

namespace mayfly::ec2 {

// The tables, one per kind of row.
template <typename T>
struct TableOf {
  TableOf(resources::ResourceTables& tables, std::string name, resources::RowErrors errors)
      : table(tables, std::move(name), {.owners = {}, .errors = errors}) {}
  resources::ResourceTable<T> table;
};

template <typename... Ts>
struct TablesOf : TableOf<Ts>... {
  explicit TablesOf(resources::ResourceTables& tables, resources::RowErrors errors, std::array<const char*, sizeof...(Ts)> names)
      : TablesOf(tables, errors, names, std::index_sequence_for<Ts...>()) {}
  template <typename T>
  resources::ResourceTable<T>& Of() {
    return static_cast<TableOf<T>&>(*this).table;
  }
  template <typename T>
  const resources::ResourceTable<T>& Of() const {
    return static_cast<const TableOf<T>&>(*this).table;
  }

 private:
  template <size_t... Is>
  TablesOf(resources::ResourceTables& tables, resources::RowErrors errors, const std::array<const char*, sizeof...(Ts)>& names,
           std::index_sequence<Is...>)
      : TableOf<Ts>(tables, names[Is], errors)... {}
};

using Tables = TablesOf<vpc::RegionRow, vpc::Vpc, vpc::Subnet, vpc::RouteTable, vpc::InternetGateway, vpc::NatGateway, vpc::SecurityGroup,
                        vpc::NetworkAcl, vpc::Endpoint, vpc::ElasticAddress, vpc::Interface, vpc::FunctionAttachment>;

class RegionState {
 public:
  template <typename T>
  using Pointer = std::shared_ptr<const T>;

  // All outlive it.
  RegionState(Tables& tables, vpc::Scope scope, Random& random, const Clock& clock)
      : tables_(&tables), scope_(std::move(scope)), random_(&random), clock_(&clock) {}

  const vpc::Scope& scope() const { return scope_; }
  int64_t now_millis() const;
  // "vpc-0123456789abcdef0"
  std::string NewId(std::string_view prefix) const;
  std::string NewMac() const;
  std::string NewUuid() const { return random_->Uuid(); }

  // nullptr: there is none.
  template <typename T>
  Pointer<T> Find(std::string_view id) const {
    const auto& staged = Staged<T>();
    const auto found = staged.find(id);
    return found != staged.end() ? found->second : tables_->Of<T>().Find(scope_.KeyOf(id));
  }
  // Errors of its kind: Malformed, Missing.
  template <typename T>
  Result<Pointer<T>> Get(std::string_view id) const {
    if (!IsIdOf(kKindOf<T>, id)) return Fail(Malformed(kKindOf<T>, id));
    if (auto found = Find<T>(id)) return found;
    return Fail(Missing(kKindOf<T>, id));
  }
  // In the order of their ids, those that `wanted` accepts.
  template <typename T, typename Predicate>
  std::vector<Pointer<T>> Those(Predicate wanted) const {
    if (Staged<T>().empty()) return Unchanged<T>(wanted);
    std::map<std::string, Pointer<T>, std::less<>> found;
    for (auto& row : tables_->Of<T>().List(scope_.Prefix(), "", SIZE_MAX)) found.emplace(row.value->id, std::move(row.value));
    for (const auto& [id, value] : Staged<T>()) found[id] = value;
    std::vector<Pointer<T>> those;
    for (auto& [id, value] : found) {
      if (value && wanted(*value)) those.push_back(std::move(value));
    }
    return those;
  }
  template <typename T>
  std::vector<Pointer<T>> All() const {
    return Those<T>([](const T&) { return true; });
  }
  template <typename T>
  std::vector<Pointer<T>> InVpc(std::string_view vpc_id) const {
    return Those<T>([&](const T& row) { return row.vpc_id == vpc_id; });
  }
  // The first one; nullptr: none.
  template <typename T, typename Predicate>
  Pointer<T> FindIf(Predicate wanted) const {
    const auto those = Those<T>(wanted);
    return those.empty() ? nullptr : those.front();
  }

  // A new one belongs to this region from here on.
  template <typename T>
  Pointer<T> Put(T row) {
    row.scope = scope_;
    auto pointer = std::make_shared<const T>(std::move(row));
    Staged<T>()[pointer->id] = pointer;
    return pointer;
  }
  template <typename T>
  void Delete(const T& row) {
    Staged<T>()[row.id] = nullptr;
  }

  // Stages all of it.
  Result<> Stage(resources::Change& change);
  bool has_changes() const;

 private:
  template <typename T>
  using Rows = std::map<std::string, Pointer<T>, std::less<>>;
  template <typename... Ts>
  static std::tuple<Rows<Ts>...> RowsOf(TablesOf<Ts...>*);
  using AllRows = decltype(RowsOf(static_cast<Tables*>(nullptr)));

  template <typename T, typename Predicate>
  std::vector<Pointer<T>> Unchanged(Predicate wanted) const {
    std::vector<Pointer<T>> those;
    tables_->Of<T>().ListIf(scope_.Prefix(), "", SIZE_MAX, [&](const auto& row) {
      if (wanted(*row.value)) those.push_back(row.value);
      return false;  // it is kept here
    });
    return those;
  }
  template <typename T>
  Rows<T>& Staged() {
    return std::get<Rows<T>>(staged_);
  }
  template <typename T>
  const Rows<T>& Staged() const {
    return std::get<Rows<T>>(staged_);
  }
  template <typename T>
  Result<> StageRows(resources::Change& change, const Rows<T>& rows);

  Tables* tables_;
  vpc::Scope scope_;
  Random* random_;
  const Clock* clock_;
  AllRows staged_;
};

}  // namespace mayfly::ec2
