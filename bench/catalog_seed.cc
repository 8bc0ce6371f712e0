// Fills an empty data directory with functions and their versions, as the API would have stored them, or reads all rows of one:
// the reference for how fast a start can be. Prints one JSON object.
//
//   catalog_seed fill DIRECTORY FUNCTIONS VERSIONS
//   catalog_seed scan DIRECTORY
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <string_view>

#include "base/random.h"
#include "base/real_loop.h"
#include "catalog/tables.h"

namespace {

using namespace mayfly;

constexpr int kPerBatch = 500;
constexpr size_t kScanPage = 4000;

catalog::Function MakeFunction(int number, Random& random) {
  catalog::Function function;
  function.name = {"000000000000", "us-east-1", fmt::format("seeded-function-{:06}", number)};
  function.runtime = "python3.11";
  function.role = "arn:aws:iam::000000000000:role/service-role/seeded-function-role";
  function.handler = "index.handler";
  function.description = fmt::format("function {} of many", number);
  function.memory_mib = 128 << number % 4;
  function.code_sha256 = random.Hex(32);
  function.code_bytes = 10'000 + number;
  function.environment = {{"STAGE", "production"}, {"TABLE_NAME", fmt::format("table-{}", number)}};
  function.has_environment = true;
  function.revision_id = random.Uuid();
  function.content_id = random.Uuid();
  function.last_modified = "2026-01-01T00:00:00.000+0000";
  return function;
}

Task<Result<>> Fill(Context& ctx, store::Store& store, int functions, int versions) {
  SeededRandom random(1);
  for (int first = 0; first < functions; first += kPerBatch) {
    store::Batch batch;
    for (int number = first; number < functions && number < first + kPerBatch; ++number) {
      catalog::Function latest = MakeFunction(number, random);
      latest.last_version = versions;
      batch.Put("functions", latest.name.Key(), resources::PackText(json::Write(ToJson(latest))));
      for (int version = 1; version <= versions; ++version) {
        catalog::Function published = MakeFunction(number, random);
        published.version = std::to_string(version);
        published.published_sha256 = random.Hex(32);
        batch.Put("versions", catalog::RowKey(published), resources::PackText(json::Write(ToJson(published))));
      }
    }
    MF_CO_TRY_VOID(co_await store.Commit(ctx, std::move(batch)));
  }
  fmt::print("{{\"functions\": {}, \"versions\": {}}}\n", functions, versions);
  co_return Result<>();
}

Task<Result<>> Scan(Context& ctx, store::Store& store) {
  const auto begin = std::chrono::steady_clock::now();
  size_t bytes = 0;
  for (const char* table : {"functions", "versions"}) {
    std::string from;
    for (;;) {
      MF_CO_TRY(const std::vector<store::Row> rows, co_await store.Scan(ctx, table, "", from, kScanPage));
      for (const store::Row& row : rows) bytes += row.value.size();
      if (rows.size() < kScanPage) break;
      from = rows.back().key + '\0';
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{{\"bytes\": {}, \"seconds\": {}}}\n", bytes, seconds);
  co_return Result<>();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 2 ? argv[1] : "";
  if ((what != "fill" || argc != 5) && (what != "scan" || argc != 3)) {
    fmt::print(stderr, "usage: catalog_seed fill DIRECTORY FUNCTIONS VERSIONS | scan DIRECTORY\n");
    return 2;
  }
  RealLoop loop;
  auto store = store::OpenSqliteStore(loop, {.path = std::string(argv[2]) + "/control.db"});
  Context ctx(loop);
  const Result<> done = !store            ? Result<>(Fail(store.error()))
                        : what == "fill" ? loop.Run(Fill(ctx, **store, std::atoi(argv[3]), std::atoi(argv[4])))
                                         : loop.Run(Scan(ctx, **store));
  if (!done) fmt::print(stderr, "catalog_seed: {}\n", done.error().ToString());
  return done ? 0 : 1;
}
