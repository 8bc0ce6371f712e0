// If these fail, the code of a function is removed while it is needed, what nobody needs fills the disk, or a layer's or an image's
// extensions are not started.
#include "images/package_collector.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/real_loop.h"
#include "images/tree_facts.h"
#include "packages/zip_test_builder.h"

namespace mayfly::images {
namespace {

class Collector : public ::testing::Test {
 protected:
  static std::string MakeFolder() {
    std::string pattern = ::testing::TempDir() + "collector-XXXXXX";
    return ::mkdtemp(pattern.data());
  }
  void SetUp() override {
    ASSERT_TRUE(loop_.Run(tables_.all.Open(ctx_)));
    ASSERT_TRUE(loop_.Run(functions_.Open(ctx_)));
    layers_.Open();
  }
  void TearDown() override {
    code_.reset();
    std::filesystem::remove_all(folder_);
  }

  // The name of a package with that text in it; nothing pins it any more.
  std::string Store(std::string text, std::string path = "file") {
    auto stored = code_->Put(packages::MakeZip({{.name = std::move(path), .bytes = std::move(text), .mode = 0100755}}));
    EXPECT_TRUE(stored) << stored.error().message;
    return stored->sha256_hex;
  }
  // A folder as images leave it: with a list of its layers.
  std::string StoreTree(char name, const std::vector<std::string>& layers, const std::string& extensions = "") {
    const std::string tree(64, name);
    auto pin = code_->PutFolder(tree, [&](const std::string& folder) -> Result<> {
      std::filesystem::create_directory(folder + "/root");
      std::string names;
      for (const std::string& layer : layers) names += (names.empty() ? "" : ",") + json::Quote(layer);
      std::ofstream(folder + "/image.json") << "{\"Layers\":[" << names << "],\"Extensions\":[" << extensions << "]}";
      return {};
    });
    EXPECT_TRUE(pin);
    return tree;
  }
  std::string StoreLayer(char name) {
    const std::string layer(64, name);
    EXPECT_TRUE(code_->PutFolder(layer, [](const std::string& folder) -> Result<> {
      std::ofstream(folder + "/list") << "";
      return {};
    }));
    return layer;
  }
  void MakeFunction(const std::string& package) {
    catalog::Function function;
    function.name = {"000000000000", "us-east-1", "f" + package.substr(0, 8)};
    function.code_sha256 = package;
    ASSERT_TRUE(loop_.Run(functions_.Create(ctx_, std::move(function))));
  }
  void MakeLayer(const std::string& package) {
    catalog::LayerVersion version;
    version.name.layer = {"000000000000", "us-east-1", "layer"};
    version.code_sha256 = package;
    ASSERT_TRUE(loop_.Run(layers_.Publish(ctx_, std::move(version))));
  }
  void Collect() {
    loop_.RunVoid(functions_.Survey(ctx_, [](const catalog::Function&) {}));
    PackageCollector collector(loop_, files_, *code_, functions_, layers_);
    loop_.RunVoid(collector.Run(ctx_));
  }
  std::set<std::string> Left() const {
    const auto left = code_->List();
    return left ? std::set<std::string>(left->begin(), left->end()) : std::set<std::string>();
  }

  RealLoop loop_;
  Context ctx_{loop_};
  const std::string folder_ = MakeFolder();
  std::unique_ptr<packages::CodeStore> code_ = std::move(*packages::CodeStore::Open(folder_));
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_);
  catalog::Tables tables_{*store_};
  catalog::FunctionCatalog functions_{loop_, tables_};
  catalog::LayerCatalog layers_{tables_};
  BlockingPool files_{"test-files", 2};
};

TEST_F(Collector, TakesWhatNothingRefersTo) {
  const std::string of_function = Store("function"), of_layer = Store("layer"), of_nobody = Store("nobody");
  MakeFunction(of_function);
  MakeLayer(of_layer);
  Collect();
  EXPECT_EQ(Left(), (std::set<std::string>{of_function, of_layer}));
}

TEST_F(Collector, LeavesWhatIsJustBeingCreated) {
  const std::string package = Store("new");
  auto pin = code_->Pin(package);
  Collect();
  EXPECT_EQ(Left(), std::set<std::string>{package});
  pin.reset();
  Collect();
  EXPECT_EQ(Left(), std::set<std::string>());
}

TEST_F(Collector, ALayerOfAnImageLivesAsLongAsItsTrees) {
  const std::string shared = StoreLayer('1'), other = StoreLayer('2');
  const std::string used = StoreTree('a', {shared});
  StoreTree('b', {shared, other});
  MakeFunction(used);
  Collect();
  EXPECT_EQ(Left(), (std::set<std::string>{shared, used}));
}

TEST_F(Collector, EndsWhenItIsAskedTo) {
  Store("one");
  std::stop_source stop;
  stop.request_stop();
  ctx_.stop = stop.get_token();
  Collect();
  EXPECT_EQ(Left().size(), 1u);
}

TEST_F(Collector, ExtensionsAreThoseOfTheImageOrOfTheLayers) {
  const std::string image = StoreTree('a', {StoreLayer('1')}, "\"alpha\",\"beta\"");
  const std::string layer = Store("#!/bin/sh\n", "extensions/gamma");
  EXPECT_EQ(*ListTreeExtensions(*code_, image), (std::vector<std::string>{"alpha", "beta"}));
  EXPECT_EQ(*ListTreeExtensions(*code_, layer), (std::vector<std::string>{"gamma"}));
  EXPECT_EQ(*ListTreeExtensions(*code_, std::string(64, 'f')), (std::vector<std::string>{}));
}

}  // namespace
}  // namespace mayfly::images
