// If these fail, provisioned environments are missing, too many, of the wrong version, or never come back after a crash.
#include "invoke/provisioner.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "runtime/simulation.h"

namespace mayfly::invoke {
namespace {

using runtime::FakeBehaviour;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const catalog::FunctionName kName{"000000000000", "us-east-1", "f"};

struct ProvisionerWorld {
  SimLoop loop;
  runtime::FakeFunction function;
  runtime::SimulatedFactory factory{loop, function};
  runtime::EnvironmentManager environments;
  std::unique_ptr<store::Store> store = store::MakeMemoryStore(loop);
  catalog::Tables tables{*store};
  catalog::FunctionCatalog catalog{loop, tables};
  std::vector<std::unique_ptr<Provisioner>> ended;
  std::unique_ptr<Provisioner> provisioner;
  TaskScope tasks{loop};
  int in_provisioned = 0, elsewhere = 0;

  explicit ProvisionerWorld(runtime::ManagerOptions options = {}) : environments(loop, factory, options) {
    Context ctx(loop);
    EXPECT_TRUE(loop.Run(tables.all.Open(ctx)));
    Change([&](resources::Change& change) {
      EXPECT_TRUE(change.Create(tables.functions, kName.Key(), Version("$LATEST")));
      for (const int number : {1, 2}) {
        EXPECT_TRUE(change.Create(tables.versions, catalog::VersionKey(kName, number), Version(std::to_string(number))));
      }
      EXPECT_TRUE(change.Create(tables.aliases, catalog::AliasKey(kName, "live"), Alias("1")));
    });
    Start();
    log::SetLevel(log::Level::Warning);
  }
  // As a daemon that starts on the same data.
  void Start() {
    if (provisioner) {
      provisioner->Stop();
      ended.push_back(std::move(provisioner));  // the tables still know it
    }
    environments.RetireAll();
    provisioner = std::make_unique<Provisioner>(loop, tables, catalog, environments, ProvisionerOptions{.make_spec = [](catalog::FunctionPointer version) {
      return MakeSpec(std::move(version));
    }});
    provisioner->Open();
  }
  static Task<Result<SpecPointer>> MakeSpec(catalog::FunctionPointer version) {
    auto spec = std::make_shared<runtime::EnvironmentSpec>();
    spec->label.function_version = version->version;
    co_return spec;
  }
  static catalog::Function Version(std::string version) {
    catalog::Function function{.name = kName, .version = std::move(version)};
    function.SetContentId("c");
    return function;
  }
  static catalog::Alias Alias(std::string version) { return {.function = kName, .name = "live", .function_version = std::move(version)}; }
  template <typename Stage>
  void Change(Stage stage) {
    loop.RunVoid([](ProvisionerWorld& world, Stage stage) -> Task<> {
      Context ctx(world.loop);
      resources::Change change(world.tables.all);
      stage(change);
      EXPECT_TRUE(co_await change.Commit(ctx));
    }(*this, stage));
  }
  catalog::SettingOwner Owner(std::string qualifier = "live") const { return {kName, std::move(qualifier)}; }
  void Ask(int count, std::string qualifier = "live") {
    const catalog::SettingOwner owner = Owner(std::move(qualifier));
    Change([&](resources::Change& change) { EXPECT_TRUE(change.Put(tables.provisioned_concurrency, owner.Key(), catalog::ProvisionedConcurrency{owner, count})); });
  }
  void Delete() {
    Change([&](resources::Change& change) {
      EXPECT_TRUE(change.Delete(tables.provisioned_concurrency, Owner().Key(), tables.provisioned_concurrency.Find(Owner().Key())));
    });
  }
  void Point(std::string version) {
    Change([&](resources::Change& change) {
      const std::string key = catalog::AliasKey(kName, "live");
      EXPECT_TRUE(change.Replace(tables.aliases, key, tables.aliases.Find(key), Alias(std::move(version))));
    });
  }
  void Invoke() {
    tasks.Spawn([](ProvisionerWorld& world) -> Task<> {
      Context ctx(world.loop);
      const auto alias = world.catalog.FindAlias(kName, "live");
      const auto version = world.catalog.FindVersion(kName, alias->function_version);
      const Provisioner::Pool* pool = world.provisioner->FindIdle(*version);
      ++(pool ? world.in_provisioned : world.elsewhere);
      const std::string key = pool ? pool->key : version->environment_key;
      (void)co_await world.environments.Invoke(ctx, key, pool ? pool->spec : *co_await MakeSpec(version), {.request_id = "r", .payload = "1"});
    }(*this));
  }
  std::string State(std::string qualifier = "live") const {
    const auto state = provisioner->StateOf(Owner(std::move(qualifier)));
    return fmt::format("{} {}{}", state.status, state.available, state.status_reason.empty() ? "" : " " + state.status_reason);
  }
  void ExpectNothingLeft() {
    provisioner->Stop();
    environments.RetireAll();
    loop.RunFor(minutes(1));
    EXPECT_EQ(factory.world.live_cages, 0);
    EXPECT_EQ(environments.counts().live, 0);
  }
};

TEST(Provisioner, MakesThemChangesTheirNumberAndEndsThem) {
  ProvisionerWorld world;
  world.Ask(5);
  EXPECT_EQ(world.State(), "IN_PROGRESS 0");
  world.loop.RunFor(seconds(1));
  EXPECT_EQ(world.State(), "READY 5");
  EXPECT_EQ(world.factory.world.live_cages, 5);
  world.Ask(8);
  EXPECT_EQ(world.State(), "IN_PROGRESS 5");
  world.loop.RunFor(seconds(1));
  EXPECT_EQ(world.State(), "READY 8");
  world.Ask(2);
  world.loop.RunFor(seconds(1));
  EXPECT_EQ(world.State(), "READY 2");
  EXPECT_EQ(world.factory.world.live_cages, 2);
  world.Delete();
  world.loop.RunFor(seconds(1));
  EXPECT_EQ(world.factory.world.live_cages, 0);
  world.ExpectNothingLeft();
}

TEST(Provisioner, InvocationsTakeThemFirstAndSpillOver) {
  ProvisionerWorld world;
  world.function.on_event = [](const std::string&) { return FakeBehaviour{.takes = seconds(1)}; };
  world.Ask(3);
  world.loop.RunFor(seconds(1));
  for (int i = 0; i < 5; ++i) world.Invoke();
  EXPECT_EQ(world.in_provisioned, 3);
  EXPECT_EQ(world.elsewhere, 2);
  EXPECT_EQ(world.provisioner->UseOf(*world.catalog.FindVersion(kName, "1")).busy, 3);
  world.loop.RunFor(seconds(5));
  world.Invoke();
  EXPECT_EQ(world.in_provisioned, 4);
  world.loop.RunFor(seconds(5));
  EXPECT_EQ(world.State(), "READY 3");
  world.ExpectNothingLeft();
}

TEST(Provisioner, CrashedOnesAreReplaced) {
  ProvisionerWorld world;
  world.Ask(3);
  world.loop.RunFor(seconds(1));
  world.function.on_event = [](const std::string&) { return FakeBehaviour{.kind = FakeBehaviour::Kind::Exit}; };
  world.Invoke();
  world.Invoke();
  world.loop.RunFor(milliseconds(10));
  EXPECT_EQ(world.State(), "READY 1");
  world.loop.RunFor(seconds(1));
  EXPECT_EQ(world.State(), "READY 3");
  EXPECT_EQ(world.factory.world.live_cages, 3);
  world.ExpectNothingLeft();
}

TEST(Provisioner, AFailingInitFailsItAndIsTriedAgain) {
  ProvisionerWorld world;
  int inits = 0;
  bool broken = true;
  world.function.on_init = [&] { return ++inits, broken ? -1 : 0; };
  world.Ask(2);
  world.loop.RunFor(seconds(5));
  EXPECT_EQ(world.State(), "FAILED 0 FUNCTION_ERROR_INIT_FAILURE");
  EXPECT_EQ(inits, 2);
  world.loop.RunFor(hours(1));
  EXPECT_EQ(world.State(), "FAILED 0 FUNCTION_ERROR_INIT_FAILURE");
  EXPECT_LT(inits, 30);
  EXPECT_GT(inits, 8);
  broken = false;
  world.loop.RunFor(minutes(11));
  EXPECT_EQ(world.State(), "READY 2");
  world.ExpectNothingLeft();
}

TEST(Provisioner, ANewWishIsTriedAtOnce) {
  ProvisionerWorld world({.environments_max = 3});
  world.Ask(5);
  world.loop.RunFor(seconds(5));
  EXPECT_EQ(world.State(), "FAILED 3 MACHINE_CAPACITY_EXCEEDED: all execution environments of this machine are in use");
  world.Ask(2);
  world.loop.RunFor(milliseconds(1));
  EXPECT_EQ(world.State(), "READY 2");
  world.ExpectNothingLeft();
}

TEST(Provisioner, AnAliasMovesWithoutAGap) {
  ProvisionerWorld world;
  world.Ask(3);
  world.loop.RunFor(seconds(1));
  world.Point("2");
  EXPECT_EQ(world.State(), "IN_PROGRESS 0");
  EXPECT_EQ(world.provisioner->UseOf(*world.catalog.FindVersion(kName, "1")).available, 3);  // the old ones are still there
  world.loop.RunFor(milliseconds(10));
  const int started = world.factory.world.started_processes;
  world.Point("1");  // back, before the new ones were there
  EXPECT_EQ(world.State(), "READY 3");
  EXPECT_EQ(world.factory.world.started_processes, started);
  world.loop.RunFor(seconds(1));
  EXPECT_EQ(world.factory.world.live_cages, 3);
  world.Point("2");
  world.loop.RunFor(seconds(1));
  EXPECT_EQ(world.State(), "READY 3");
  EXPECT_EQ(world.provisioner->UseOf(*world.catalog.FindVersion(kName, "1")).available, 0);
  EXPECT_EQ(world.provisioner->UseOf(*world.catalog.FindVersion(kName, "2")).available, 3);
  EXPECT_EQ(world.factory.world.live_cages, 3);
  world.ExpectNothingLeft();
}

TEST(Provisioner, ARestartMakesThemAgain) {
  ProvisionerWorld world;
  world.Ask(2);
  world.Ask(1, "2");
  world.loop.RunFor(seconds(1));
  world.Start();
  EXPECT_EQ(world.State(), "IN_PROGRESS 0");
  world.loop.RunFor(seconds(1));
  EXPECT_EQ(world.State(), "READY 2");
  EXPECT_EQ(world.State("2"), "READY 1");
  EXPECT_EQ(world.factory.world.live_cages, 3);
  world.ExpectNothingLeft();
}

TEST(Provisioner, OldOnesAreRenewedWithoutAGap) {
  ProvisionerWorld world({.age_max = hours(11)});
  world.Ask(2);
  for (int minute = 0; minute < 60 * 30; ++minute) {
    world.loop.RunFor(minutes(1));
    ASSERT_GE(world.environments.CountProvisioned(world.catalog.FindVersion(kName, "1")->environment_key + "+provisioned:live").ready, 2) << minute;
    world.Invoke();
  }
  EXPECT_EQ(world.elsewhere, 0);
  EXPECT_EQ(world.factory.world.live_cages, 2);
  EXPECT_EQ(world.factory.world.started_processes, 6);
  world.ExpectNothingLeft();
}

// Wishes, crashes, failing inits, moving aliases, restarts: in the end there is what was asked for last, and nothing else.
class ProvisionerChaos : public testing::TestWithParam<uint64_t> {};

TEST_P(ProvisionerChaos, EndsWithWhatWasAskedFor) {
  SeededRandom random(GetParam());
  ProvisionerWorld world({.idle_timeout = minutes(1), .environments_max = 40});
  bool calm = false;
  world.function.on_init = [&] { return !calm && random.Below(10) == 0 ? 1 : 0; };
  world.function.on_event = [&](const std::string&) {
    FakeBehaviour behaviour{.takes = milliseconds(random.Below(800))};
    const auto dice = random.Below(20);
    if (!calm) behaviour.kind = dice == 0 ? FakeBehaviour::Kind::CageDies : dice == 1 ? FakeBehaviour::Kind::Exit : FakeBehaviour::Kind::Answer;
    return behaviour;
  };
  int asked = 0;
  for (int step = 0; step < 400; ++step) {
    world.loop.RunFor(milliseconds(random.Below(400)));
    const auto dice = random.Below(20);
    if (dice < 2) world.Ask(asked = static_cast<int>(1 + random.Below(12)));
    else if (dice == 2) world.Point(std::to_string(1 + random.Below(2)));
    else if (dice == 3 && asked) world.Delete(), asked = 0;
    else if (dice == 4 && random.Below(5) == 0) world.Start();
    else world.Invoke();
  }
  world.Ask(asked = static_cast<int>(1 + random.Below(12)));
  calm = true;
  world.loop.RunFor(hours(1));
  EXPECT_EQ(world.State(), fmt::format("READY {}", asked)) << "seed " << GetParam();
  EXPECT_EQ(world.factory.world.live_cages, asked) << "seed " << GetParam();
  EXPECT_EQ(world.factory.busy_violations, 0);
  world.ExpectNothingLeft();
}

INSTANTIATE_TEST_SUITE_P(Seeds, ProvisionerChaos, testing::Range<uint64_t>(1, 41));

}  // namespace
}  // namespace mayfly::invoke
