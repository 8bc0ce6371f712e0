// The daemon's side against a real mayfly-jail: needs root.
#include "sandbox/jailed_cage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "net/polled_descriptor.h"

namespace mayfly::sandbox {
namespace {

constexpr const char* kShell = "/bin/sh";

class JailedCageTest : public testing::Test {
 public:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    char name[] = "/tmp/mayfly-sandbox-test-XXXXXX";
    folder_ = ::mkdtemp(name);
    ::chmod(folder_.c_str(), 0755);
    std::filesystem::create_directories(folder_ + "/runtime");
    const std::string package = folder_ + "/code/" + std::string(64, '1') + "/root";
    std::filesystem::create_directories(package);
    std::ofstream(package + "/a.txt") << "a";
    code_.fill(0x11);
  }
  void TearDown() override {
    pool_.reset();
    if (jail_pid_ > 0) ::waitpid(jail_pid_, nullptr, 0);
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  // Opens a pool of real cages.
  Task<Result<>> Open(Context& ctx, PoolOptions options) {
    JailCommand command{.jail_path = MAYFLY_JAIL, .init_path = MAYFLY_INIT, .runtime_directory = folder_ + "/runtime",
                        .code_directory = folder_ + "/code", .instance = "sandboxtest", .cages_max = options.cages_max};
    MF_CO_TRY(JailProcess process, SpawnJail(command));
    jail_pid_ = process.pid;
    MF_CO_TRY(pool_, co_await JailedCagePool::Open(ctx, loop_, std::move(process), options));
    co_return Result<>();
  }
  Task<Result<std::unique_ptr<Cage>>> AcquireAssigned(Context& ctx, std::string account = {}) {
    MF_CO_TRY(std::unique_ptr<Cage> cage, co_await pool_->Acquire(ctx));
    CageSpec spec;
    spec.code = code_;
    spec.account_id = std::move(account);
    MF_CO_TRY_VOID(co_await cage->Assign(ctx, spec));
    co_return cage;
  }
  Task<std::string> ReadAll(UniqueFd fd) {
    PolledDescriptor pipe(loop_, std::move(fd));
    std::string text;
    char buffer[4096];
    for (;;) {
      auto size = co_await pipe.ReadSome(buffer, sizeof buffer);
      if (!size || *size == 0) co_return text;
      text.append(buffer, *size);
    }
  }
  // Runs `program` in the cage and gives its output.
  Task<std::string> Shell(Context& ctx, Cage& cage, std::string program) {
    ProcessSpec spec;
    spec.arguments = {kShell, "-c", std::move(program)};
    spec.environment = {"PATH=/bin"};
    auto started = co_await cage.Start(ctx, {}, spec);
    if (!started) co_return started.error().code;
    co_return co_await ReadAll(std::move(started->stdout_fd));
  }

  std::string folder_;
  Sha256Digest code_{};
  pid_t jail_pid_ = 0;
  RealLoop loop_;
  std::unique_ptr<JailedCagePool> pool_;
};

// Else a lock or a watch of a function's is seen by one of another account that has the same package.
TEST_F(JailedCageTest, AccountsHaveInodesOfTheirOwnForTheSamePackage) {
  loop_.RunVoid([](JailedCageTest& test) -> Task<> {
    Context ctx(test.loop_);
    auto opened = co_await test.Open(ctx, {.spare_cages = 2, .cages_max = 8});
    EXPECT_TRUE(opened) << opened.error().ToString();
    if (!opened) co_return;
    std::string seen[4];
    std::vector<std::unique_ptr<Cage>> cages;
    for (const int account : {0, 1, 1, 0}) {
      auto cage = co_await test.AcquireAssigned(ctx, account == 0 ? "111111111111" : "222222222222");
      EXPECT_TRUE(cage) << cage.error().ToString();
      if (!cage) co_return;
      seen[cages.size()] = co_await test.Shell(ctx, **cage, "cat /var/task/a.txt; stat -c ' %u %d %i' /var/task/a.txt");
      EXPECT_TRUE(seen[cages.size()].starts_with("a 0 ")) << seen[cages.size()];
      cages.push_back(std::move(*cage));
    }
    EXPECT_EQ(seen[0], seen[3]) << "as it lies on the disk";
    EXPECT_NE(seen[1], seen[0]);
    EXPECT_NE(seen[2], seen[1]) << "cages of the second account have each its own";
    cages.clear();
    co_await test.pool_->Stop();
  }(*this));
}

TEST_F(JailedCageTest, RunsProcessesAndTellsTheirEnd) {  // else no function runs
  loop_.RunVoid([](JailedCageTest& test) -> Task<> {
    Context ctx(test.loop_);
    auto opened = co_await test.Open(ctx, {.spare_cages = 2, .cages_max = 8});
    EXPECT_TRUE(opened) << opened.error().ToString();
    if (!opened) co_return;
    auto cage = co_await test.AcquireAssigned(ctx);
    EXPECT_TRUE(cage) << cage.error().ToString();
    if (!cage) co_return;
    OneShot<ProcessExit> ended(test.loop_);
    (*cage)->OnExit([&ended](const ProcessExit& exit) { ended.Set(exit); });
    EXPECT_EQ(co_await test.Shell(ctx, **cage, "read A < /var/task/a.txt; echo $A $PWD; exit 9"), "a /var/task\n");
    const ProcessExit exit = co_await ended.Take();
    EXPECT_EQ(exit.exit_code, 9);
    EXPECT_FALSE(exit.cage_died);
    ProcessSpec missing;
    missing.arguments = {"/var/task/bootstrap"};
    auto failed = co_await (*cage)->Start(ctx, {}, missing);
    EXPECT_EQ(failed.error().code, "ENOENT");
    EXPECT_GT((*cage)->PeakMemory().resident_bytes, 0);
    EXPECT_GT((*cage)->PeakChargedBytes(), 0);
    EXPECT_EQ((*cage)->OomKills(), 0);
    EXPECT_TRUE((*cage)->TakeListener());
    (*cage)->Freeze();
    (*cage)->SetCpuQuota(0.5);
    EXPECT_TRUE(co_await (*cage)->KillAll(ctx));
    EXPECT_EQ(co_await test.Shell(ctx, **cage, "echo again"), "again\n");
    (*cage).reset();
    co_await test.pool_->Stop();
  }(*this));
}

TEST_F(JailedCageTest, PoolIsBoundedAndRefills) {  // else a burst of functions takes all memory, or waits for ever
  loop_.RunVoid([](JailedCageTest& test) -> Task<> {
    Context ctx(test.loop_);
    auto opened = co_await test.Open(ctx, {.spare_cages = 2, .cages_max = 4});
    EXPECT_TRUE(opened) << opened.error().ToString();
    if (!opened) co_return;
    for (int round = 0; round < 5; ++round) {
      std::vector<std::unique_ptr<Cage>> cages;
      for (int i = 0; i < 4; ++i) {
        auto cage = co_await test.pool_->Acquire(ctx);
        EXPECT_TRUE(cage) << cage.error().ToString();
        if (cage) cages.push_back(std::move(*cage));
      }
      auto beyond = co_await test.pool_->Acquire(ctx);
      EXPECT_FALSE(beyond);
      if (!beyond) EXPECT_EQ(beyond.error().code, "NoCage");
    }
    co_await test.pool_->Stop();
  }(*this));
}

TEST_F(JailedCageTest, ManyRequestsAtOnce) {  // else a full socket loses requests or ends the daemon
  loop_.RunVoid([](JailedCageTest& test) -> Task<> {
    Context ctx(test.loop_);
    auto opened = co_await test.Open(ctx, {.spare_cages = 1, .cages_max = 4});
    EXPECT_TRUE(opened) << opened.error().ToString();
    if (!opened) co_return;
    auto cage = co_await test.AcquireAssigned(ctx);
    EXPECT_TRUE(cage);
    if (!cage) co_return;
    ::kill(test.jail_pid_, SIGSTOP);
    for (int i = 0; i < 5000; ++i) (*cage)->Terminate(1);
    ::kill(test.jail_pid_, SIGCONT);
    // EAGAIN: pid 1 still has a socket full of commands, which is the bound there.
    std::string said = "EAGAIN";
    for (int attempt = 0; attempt < 10'000 && said == "EAGAIN"; ++attempt) {
      (void)co_await Sleep(ctx, std::chrono::milliseconds(1));
      said = co_await test.Shell(ctx, **cage, "echo after");
    }
    EXPECT_EQ(said, "after\n");
    (*cage).reset();
    co_await test.pool_->Stop();
  }(*this));
}

TEST_F(JailedCageTest, ADeadJailIsNotAskedForEver) {  // else the daemon spins instead of ending
  loop_.RunVoid([](JailedCageTest& test) -> Task<> {
    Context ctx(test.loop_);
    auto opened = co_await test.Open(ctx, {.spare_cages = 2, .cages_max = 2});
    EXPECT_TRUE(opened) << opened.error().ToString();
    if (!opened) co_return;
    auto first = co_await test.pool_->Acquire(ctx);
    auto second = co_await test.pool_->Acquire(ctx);
    EXPECT_TRUE(first && second);
    ::kill(test.jail_pid_, SIGKILL);
    siginfo_t dead{};
    ::waitid(P_PID, static_cast<id_t>(test.jail_pid_), &dead, WEXITED | WNOWAIT);  // the loop has not heard of it yet
    (*first).reset();  // makes room, so the pool wants another cage
    EXPECT_FALSE(co_await test.pool_->Acquire(ctx));
    (*second).reset();
    co_await test.pool_->Stop();
    ::waitpid(test.jail_pid_, nullptr, 0);
    auto reopened = co_await test.Open(ctx, {.spare_cages = 1, .cages_max = 4});  // sweeps what the killed one left
    EXPECT_TRUE(reopened) << reopened.error().ToString();
    if (reopened) co_await test.pool_->Stop();
  }(*this));
}

TEST_F(JailedCageTest, DeathOfTheJailIsTold) {  // else environments hang when the jail is gone
  loop_.RunVoid([](JailedCageTest& test) -> Task<> {
    Context ctx(test.loop_);
    auto opened = co_await test.Open(ctx, {.spare_cages = 1, .cages_max = 4});
    EXPECT_TRUE(opened) << opened.error().ToString();
    if (!opened) co_return;
    auto cage = co_await test.AcquireAssigned(ctx);
    EXPECT_TRUE(cage);
    if (!cage) co_return;
    OneShot<ProcessExit> ended(test.loop_);
    (*cage)->OnExit([&ended](const ProcessExit& exit) { ended.Set(exit); });
    ::kill(test.jail_pid_, SIGKILL);
    EXPECT_TRUE((co_await ended.Take()).cage_died);
    EXPECT_EQ(co_await test.Shell(ctx, **cage, "echo"), "EPIPE");
    EXPECT_FALSE(co_await test.pool_->Acquire(ctx));
    (*cage).reset();
    co_await test.pool_->Stop();
    ::waitpid(test.jail_pid_, nullptr, 0);
    auto reopened = co_await test.Open(ctx, {.spare_cages = 1, .cages_max = 4});  // sweeps what the killed one left
    EXPECT_TRUE(reopened) << reopened.error().ToString();
    if (reopened) co_await test.pool_->Stop();
  }(*this));
}

}  // namespace
}  // namespace mayfly::sandbox
