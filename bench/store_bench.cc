// Durable commits of the embedded store, beside the disk's own fdatasync (the most that one commit at a time could reach).
// Interleaved rounds, best and median of each; prints one JSON object. Arguments: DIRECTORY (default .), ROUNDS (default 5).
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/real_loop.h"
#include "base/task_scope.h"
#include "store/store.h"

namespace {

using namespace mayfly;
using namespace mayfly::store;

constexpr auto kRoundDuration = std::chrono::milliseconds(400);
constexpr size_t kValueBytes = 1024;

struct Shared {
  Store& store;
  Context& ctx;
  TimePoint end;
  uint64_t commits = 0;
};

double PerSecond(uint64_t count, TimePoint start) {
  return static_cast<double>(count) / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Task<> PutUntilEnd(Shared& shared, int writer) {
  for (uint64_t i = 0; shared.ctx.loop->Now() < shared.end; ++i) {
    Batch batch;
    batch.Put("bench", fmt::format("{:04}/{:08}", writer, i % 1000), std::string(kValueBytes, 'v'));
    const auto committed = co_await shared.store.Commit(shared.ctx, std::move(batch));
    MF_ASSERT(committed);
    ++shared.commits;
  }
}

Task<> AppendUntilEnd(Shared& shared, int) {
  while (shared.ctx.loop->Now() < shared.end) {
    Batch batch;
    batch.Append("bench", std::string(kValueBytes, 'v'), shared.ctx.loop->WallNow());
    const auto committed = co_await shared.store.Commit(shared.ctx, std::move(batch));
    MF_ASSERT(committed);
    ++shared.commits;
  }
}

using Writer = Task<> (*)(Shared&, int);

double RunWriters(RealLoop& loop, Store& store, Writer writer, int count) {
  Context ctx(loop);
  const TimePoint start = loop.Now();
  Shared shared{store, ctx, start + kRoundDuration};
  loop.RunVoid([](Shared& shared, Writer writer, int count) -> Task<> {
    TaskScope scope(*shared.ctx.loop);
    for (int i = 0; i < count; ++i) scope.Spawn(writer(shared, i));
    co_await scope.Join();
  }(shared, writer, count));
  return PerSecond(shared.commits, start);
}

// Takes everything that the appends left, 64 at a time, each lease and each acknowledgement durable.
double Drain(RealLoop& loop, Store& store) {
  Context ctx(loop);
  const TimePoint start = loop.Now();
  uint64_t items = 0;
  loop.RunVoid([](Store& store, Context& ctx, uint64_t& items) -> Task<> {
    for (;;) {
      const auto leased = co_await store.Lease(ctx, "bench", {.count = 64, .lease = std::chrono::minutes(1)});
      MF_ASSERT(leased);
      if (leased->items.empty()) co_return;
      Batch batch;
      for (const QueueItem& item : leased->items) batch.Acknowledge("bench", item.id);
      const auto committed = co_await store.Commit(ctx, std::move(batch));
      MF_ASSERT(committed);
      items += leased->items.size();
    }
  }(store, ctx, items));
  return PerSecond(items, start);
}

// A growing file, one page and one fdatasync at a time.
double RawSyncs(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string page(4096, 'p');
  const TimePoint start = std::chrono::steady_clock::now();
  uint64_t count = 0;
  while (std::chrono::steady_clock::now() < start + kRoundDuration) {
    MF_ASSERT(::write(fd, page.data(), page.size()) == static_cast<ssize_t>(page.size()) && ::fdatasync(fd) == 0);
    ++count;
  }
  ::close(fd);
  return PerSecond(count, start);
}

std::string Summary(std::vector<double> rates) {
  std::ranges::sort(rates);
  return fmt::format("{{\"best\": {:.0f}, \"median\": {:.0f}}}", rates.back(), rates[rates.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  std::string directory = std::string(argc > 1 ? argv[1] : ".") + "/mayfly-store-bench-XXXXXX";
  const int rounds = std::max(1, argc > 2 ? std::atoi(argv[2]) : 5);
  if (!::mkdtemp(directory.data())) return std::perror("mkdtemp"), 1;
  std::vector<double> syncs, one, many, appends, drains;
  double batches_per_transaction = 0;
  {
    RealLoop loop;
    auto store = OpenSqliteStore(loop, {.path = directory + "/bench.db"});
    if (!store) return std::fprintf(stderr, "%s\n", store.error().ToString().c_str()), 1;
    for (int round = 0; round < rounds; ++round) {
      syncs.push_back(RawSyncs(directory + "/raw"));
      one.push_back(RunWriters(loop, **store, PutUntilEnd, 1));
      const StoreCounters before = (*store)->Counters();
      many.push_back(RunWriters(loop, **store, PutUntilEnd, 64));
      const StoreCounters after = (*store)->Counters();
      batches_per_transaction =
          static_cast<double>(after.batches - before.batches) / static_cast<double>(after.transactions - before.transactions);
      appends.push_back(RunWriters(loop, **store, AppendUntilEnd, 64));
      drains.push_back(Drain(loop, **store));
    }
  }
  std::filesystem::remove_all(directory);
  fmt::print(
      "{{\"unit\": \"per second\", \"value_bytes\": {}, \"fdatasync\": {}, \"commits_1\": {}, \"commits_64\": {}, "
      "\"enqueues_64\": {}, \"lease_and_acknowledge_64\": {}, \"batches_per_transaction_64\": {:.1f}}}\n",
      kValueBytes, Summary(syncs), Summary(one), Summary(many), Summary(appends), Summary(drains), batches_per_transaction);
}
