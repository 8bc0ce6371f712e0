#include "keyring/keyring.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/sim_loop.h"
#include "keyring/master_key.h"
#include "keyring/sealing.h"

namespace mayfly::keyring {
namespace {

// If these fail, what is sealed can be read, changed or used elsewhere by who has the disk, or a daemon starts without the key that it needs.

class KeyringTest : public testing::Test {
 protected:
  KeyringTest() {
    char name[] = "/tmp/mayfly-keyring-XXXXXX";
    folder_ = ::mkdtemp(name);
    store_ = store::MakeMemoryStore(loop_);
  }
  ~KeyringTest() override {
    ::unlink(path().c_str());
    ::rmdir(folder_.c_str());
  }
  std::string path() const { return folder_ + "/master-key"; }
  Result<std::unique_ptr<Keyring>> Open(std::string passphrase = "") {
    Context ctx(loop_);
    return loop_.Run(Keyring::Open(ctx, path(), SecretBytes(std::move(passphrase)), *store_));
  }

  SimLoop loop_;
  std::string folder_;
  std::unique_ptr<store::Store> store_;
};

TEST(Sealing, OnlyKeyAndContextOpen) {
  const std::string key(kKeyBytes, 'k'), other(kKeyBytes, 'o');
  const std::string sealed = Seal(key, "value", "context");
  EXPECT_EQ(sealed.size(), kSealBytes + 5);
  EXPECT_NE(sealed, Seal(key, "value", "context"));
  EXPECT_EQ(OpenSealed(key, sealed, "context"), "value");
  EXPECT_FALSE(OpenSealed(key, sealed, "another"));
  EXPECT_FALSE(OpenSealed(other, sealed, "context"));
  for (size_t at = 0; at < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] ^= 1;
    EXPECT_FALSE(OpenSealed(key, changed, "context")) << at;
    EXPECT_FALSE(OpenSealed(key, sealed.substr(0, at), "context")) << at;
  }
  EXPECT_EQ(OpenSealed(key, Seal(key, "", ""), ""), "");
}

TEST_F(KeyringTest, TheKeyIsMadeOnceAndForTheDaemonAlone) {
  const auto first = Open();
  ASSERT_TRUE(first) << first.error().ToString();
  struct stat of_file {};
  ASSERT_EQ(::stat(path().c_str(), &of_file), 0);
  EXPECT_EQ(of_file.st_mode & 0777, 0600u);
  const std::string sealed = (*first)->Seal("value", "context");
  EXPECT_TRUE(Keyring::IsSealed(sealed));
  const auto second = Open();
  ASSERT_TRUE(second);
  EXPECT_EQ(*(*second)->Open(sealed, "context"), "value");
  EXPECT_FALSE((*second)->Open(sealed, "another"));
  EXPECT_FALSE((*second)->Open("value", "context"));
}

TEST_F(KeyringTest, AKeyThatIsGoneOrAnothersIsToldAtStart) {
  ASSERT_TRUE(Open());
  ASSERT_EQ(::unlink(path().c_str()), 0);
  const auto gone = Open();
  ASSERT_FALSE(gone);
  EXPECT_NE(gone.error().message.find("is gone"), std::string::npos);
  ASSERT_TRUE(MakeMasterKey(path(), ""));
  const auto others = Open();
  ASSERT_FALSE(others);
  EXPECT_NE(others.error().message.find("is not the master key"), std::string::npos);
  ASSERT_TRUE(WriteFileDurably(path(), "{}"));
  EXPECT_FALSE(Open());
}

TEST_F(KeyringTest, APassphraseSealsTheKey) {
  const auto first = Open();
  ASSERT_TRUE(first);
  const std::string plain = *ReadFile(path());
  ASSERT_TRUE(Open("a long passphrase"));
  EXPECT_EQ(ReadFile(path())->find(plain.substr(20, 40)), std::string::npos);
  const auto without = Open();
  ASSERT_FALSE(without);
  EXPECT_NE(without.error().hint.find("--master-key-file"), std::string::npos);
  EXPECT_FALSE(Open("a wrong passphrase"));
  const auto again = Open("a long passphrase");
  ASSERT_TRUE(again);
  EXPECT_EQ(*(*again)->Open((*first)->Seal("value", "c"), "c"), "value");
}

}  // namespace
}  // namespace mayfly::keyring
