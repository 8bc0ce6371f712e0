// Store on one SQLite file: requests go to the writer's thread and to a few readers; answers come back on the strand.
#include <algorithm>

#include "base/blocking_pool.h"
#include "base/strand.h"
#include "store/write_admission.h"
#include "store/batch_rules.h"
#include "store/listeners.h"
#include "store/sqlite_readers.h"
#include "store/sqlite_schema.h"
#include "store/sqlite_writer.h"
#include "store/store.h"

namespace mayfly::store {
namespace {

using RowListeners = Listeners<const RowChanges&>;

// What lives on the strand. Shared with the tasks that wait for room and with deliveries on their way, which may both
// outlast the store.
struct SqliteStoreState {
  explicit SqliteStoreState(Loop& loop) : admission(loop, {kWaitingBytesMax, kWaitingBatchesMax}) {}

  // Before the task that waits for the request is resumed.
  void Finish(WriteRequest& request) {
    thread.Check();
    MF_ASSERT(!request.done.IsSet());
    admission.Leave(request.bytes);
    if (request.outcome && !watches.empty()) Notify(request);
  }
  void Notify(WriteRequest& request) {
    if (request.kind == WriteRequest::Kind::Clear) {
      const RowChanges all{.keys = {}, .version = request.version};
      for (const std::string& table : watches.Names()) RowListeners::Call(watches.Of(table), all);
    } else if (request.kind == WriteRequest::Kind::Commit) {
      for (const auto& [table, changes] : ChangesOf(request.batch, request.version)) RowListeners::Call(watches.Of(table), changes);
    }
  }

  Strand thread;
  WriteAdmission admission;
  RowListeners watches;
  bool open = true;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(Loop& loop, StoreLock lock) : loop_(loop), lock_(std::move(lock)), strand_(std::make_shared<SqliteStoreState>(loop)) {}
  ~SqliteStore() override { strand_->open = false; }

  Result<> Open(const SqliteOptions& options) {
    MF_ASSERT(!writer_ && !readers_ && !pool_);
    const int reader_threads = std::clamp(options.reader_threads, 1, 64);
    auto deliver = [&loop = loop_, strand = strand_](WriteRequests group) {
      loop.PostFromAnyThread([strand, group = std::move(group)] {
        for (const auto& request : group) {
          strand->Finish(*request);
          request->done.Set();
        }
      });
    };
    MF_TRY(writer_, SqliteWriter::Open(options, tally_, loop_.WallNow(), std::move(deliver)));
    MF_TRY(readers_, SqliteReaders::Open(options.path, reader_threads));
    pool_.emplace("store-reader", reader_threads);
    return {};
  }

  Task<Result<Committed>> Commit(Context& ctx, Batch batch) override {
    MF_CO_TRY(const auto request, MakeCommit(std::move(batch)));
    MF_CO_TRY_VOID(co_await Write(ctx, request));
    co_return Committed{.version = request->version, .appended = AppendedIds(request->batch), .repeated = RepeatedAppends(request->batch)};
  }

  // Here and below the arguments are copied before the task starts: it may be started after the caller's own are gone.
  Task<Result<LeasedItems>> Lease(Context& ctx, std::string_view queue, LeaseWish wish) override {
    auto request = std::make_shared<WriteRequest>(loop_, WriteRequest::Kind::Lease);
    request->lease = {std::string(queue), wish};
    return WriteAndTake(ctx, std::move(request), [](WriteRequest& done) { return std::move(done.leased); });
  }
  Task<Result<std::vector<LeaseOutcome>>> ChangeLeases(Context& ctx, std::string_view queue, std::vector<LeaseChange> changes) override {
    auto request = std::make_shared<WriteRequest>(loop_, WriteRequest::Kind::ChangeLeases);
    request->bytes = changes.size() * sizeof(LeaseChange);
    request->change_leases = {std::string(queue), std::move(changes)};
    return WriteAndTake(ctx, std::move(request), [](WriteRequest& done) { return std::move(done.changed); });
  }
  Task<Result<size_t>> Discard(Context& ctx, std::string_view queue, size_t count, WallTime due_before) override {
    auto request = std::make_shared<WriteRequest>(loop_, WriteRequest::Kind::Discard);
    request->discard = {std::string(queue), count, due_before};
    return WriteAndTake(ctx, std::move(request), [](WriteRequest& done) { return done.discarded; });
  }

  Task<Result<>> Clear(Context& ctx) override { return Write(ctx, std::make_shared<WriteRequest>(loop_, WriteRequest::Kind::Clear)); }

  Task<Result<std::optional<Row>>> Get(Context&, std::string_view table, std::string_view key) override {
    return Read([table = std::string(table), key = std::string(key)](SqliteReader& reader) { return reader.Get(table, key); });
  }
  Task<Result<std::vector<Row>>> Scan(Context&, std::string_view table, std::string_view prefix, std::string_view from,
                                      size_t limit) override {
    return Read([table = std::string(table), prefix = std::string(prefix), from = std::string(from), limit](SqliteReader& reader) {
      return reader.Scan(table, prefix, from, limit);
    });
  }
  Task<Result<std::optional<WallTime>>> NextDue(Context&, std::string_view queue) override {
    return Read([queue = std::string(queue)](SqliteReader& reader) { return reader.NextDue(queue); });
  }
  QueueCounts Counts(std::string_view queue) const override { return tally_.Counts(queue, loop_.WallNow()); }
  std::vector<std::string> QueueNames() const override { return tally_.Names(); }

  std::shared_ptr<void> Watch(std::string_view table, Listener listener) override {
    return strand_->watches.Add(table, std::move(listener));
  }
  StoreCounters Counters() const override { return writer_->Counters(); }

 private:
  Result<std::shared_ptr<WriteRequest>> MakeCommit(Batch batch) {
    MF_TRY_VOID(ValidateBatch(batch));
    auto request = std::make_shared<WriteRequest>(loop_, WriteRequest::Kind::Commit);
    request->bytes = BatchBytes(batch);
    request->batch = std::move(batch);
    return request;
  }
  // `this` is touched only while the store is open; a task that waited for room may wake up after it has gone.
  Task<Result<>> Write(Context& ctx, std::shared_ptr<WriteRequest> request) {
    strand_->thread.Check();
    MF_ASSERT(writer_ && !request->done.IsSet());
    const auto strand = strand_;
    MF_CO_TRY_VOID(co_await strand->admission.Enter(ctx, request->bytes));
    if (!strand->open) {
      strand->admission.Leave(request->bytes);
      co_return Fail(Error::Fault("the store has been closed"));
    }
    request->now = loop_.WallNow();
    writer_->Submit(request);
    co_await request->done.Wait();
    strand->thread.Check();
    co_return std::move(request->outcome);
  }
  template <typename Take>
  Task<Result<std::invoke_result_t<Take, WriteRequest&>>> WriteAndTake(Context& ctx, std::shared_ptr<WriteRequest> request, Take take) {
    MF_CO_TRY_VOID(co_await Write(ctx, request));
    co_return take(*request);
  }

  template <typename Function, typename Value = std::invoke_result_t<Function, SqliteReader&>>
  Task<Value> Read(Function function) {
    strand_->thread.Check();
    MF_ASSERT(pool_ && readers_);
    return pool_->Run(loop_, [readers = readers_, function = std::move(function)] { return readers->With(function); });
  }

  Loop& loop_;
  StoreLock lock_;  // first of what is opened, last to go
  std::shared_ptr<SqliteStoreState> strand_;
  std::shared_ptr<SqliteReaders> readers_;
  std::optional<BlockingPool> pool_;
  QueueTally tally_;
  std::unique_ptr<SqliteWriter> writer_;
};

}  // namespace

Result<std::unique_ptr<Store>> OpenSqliteStore(Loop& loop, SqliteOptions options) {
  auto phrase = [&](Error error) { return Fail(std::move(error).Wrap("open " + options.path)); };
  auto lock = StoreLock::Take(options.path);
  if (!lock) return phrase(std::move(lock).error());
  auto store = std::make_unique<SqliteStore>(loop, std::move(*lock));
  if (auto opened = store->Open(options); !opened) return phrase(std::move(opened).error());
  return store;
}

}  // namespace mayfly::store
