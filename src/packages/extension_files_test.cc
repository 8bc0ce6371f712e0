// If these fail, extensions of layers are not started, or things are started that are none.
#include "packages/extension_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace mayfly::packages {
namespace {

TEST(ExtensionFiles, AreTheFilesOfTheFolderInTheirOrder) {
  std::string folder = testing::TempDir() + "/opt-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  EXPECT_TRUE(ListExtensionFiles(folder)->empty());
  std::filesystem::create_directories(folder + "/extensions/library");
  EXPECT_TRUE(ListExtensionFiles(folder)->empty());
  for (const char* name : {"tail", "agent"}) std::ofstream(folder + "/extensions/" + name) << "x";
  std::filesystem::create_symlink("agent", folder + "/extensions/link");
  EXPECT_EQ(*ListExtensionFiles(folder), (std::vector<std::string>{"agent", "link", "tail"}));
  std::ofstream(folder + "/disable-extensions-jwigqn8j") << "";
  EXPECT_TRUE(ListExtensionFiles(folder)->empty());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mayfly::packages
