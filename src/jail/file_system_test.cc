// File systems in cages, for real: needs root.
#include "jail/file_system.h"

#include <gtest/gtest.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "jail/jail_driver.h"

namespace mayfly::jail {
namespace {

TEST(IdMap, SwapsTwoAndKeepsTheRest) {  // else functions work as somebody else, or see others' files as their own
  EXPECT_EQ(IdMapLines(1000, 100000), "0 100000 993\n993 101000 1\n994 100994 6\n1000 100993 1\n1001 101001 64535\n");
  EXPECT_EQ(IdMapLines(993, 100000), "0 100000 993\n993 100993 1\n994 100994 64542\n");
  EXPECT_EQ(IdMapLines(0, 0), "0 993 1\n1 1 992\n993 0 1\n994 994 64542\n");
  EXPECT_EQ(IdMapLines(65535, 0), "0 0 993\n993 65535 1\n994 994 64541\n65535 993 1\n");
}

class FileSystemTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    if (access(kPython, X_OK) != 0) GTEST_SKIP() << "needs " << kPython;
    for (const char* name : {"one", "two"}) {
      std::filesystem::create_directories(Path(name));
      std::ofstream(Path(name) + "/name") << name;
    }
    ASSERT_EQ(chown(Path("one").c_str(), 1000, 1001), 0);
    ASSERT_EQ(chmod(Path("one").c_str(), 0700), 0);
    ASSERT_TRUE(driver_.Start({"--file-system", "1=1000:1001:rw:" + Path("one"), "--file-system", "2=0:0:ro:" + Path("two")}));
  }
  std::string Path(const std::string& name) const { return driver_.folder() + "/" + name; }
  int Assign(uint32_t cage, uint32_t index, const char* name) {
    sandbox::JailRequest request = driver_.AssignRequest(cage, 1);
    request.flags = sandbox::kHasFileSystem;
    request.file_system = index;
    strncpy(request.mount_name, name, sizeof request.mount_name - 1);
    return driver_.Call(request).report.error;
  }
  JailDriver driver_;
};

TEST_F(FileSystemTest, IsMountedForItsUserAndForNobodyElse) {  // else a function sees the files of others, or cannot write its own
  const uint32_t writer = driver_.MakeCage().report.cage;
  ASSERT_EQ(Assign(writer, 1, "data.1"), 0);
  const ProcessEnd wrote = driver_.Python(writer, R"(
import os
print(os.listdir('/mnt'), os.path.ismount('/mnt/data.1'), open('/mnt/data.1/name').read())
open('/mnt/data.1/mine', 'w').write('written')
s = os.stat('/mnt/data.1/mine'); print(s.st_uid, s.st_gid, os.stat('/mnt/data.1').st_uid, os.stat('/mnt/data.1/name').st_uid)
for path in ('/mnt/x', '/mnt/data.1/name'):
    try: open(path, 'a'); print('WROTE', path)
    except OSError as e: print(e.errno)
try: os.chown('/mnt/data.1/mine', 0, 0); print('CHOWN')
except OSError as e: print(e.errno)
os.chmod('/mnt/data.1/mine', 0o6755)
)");
  EXPECT_EQ(wrote.out, "['data.1'] True one\n993 993 993 0\n30\n13\n1\n") << wrote.err;
  struct stat status{};
  ASSERT_EQ(stat((Path("one") + "/mine").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 1000u);
  EXPECT_EQ(status.st_gid, 1001u);
  const uint32_t second = driver_.MakeCage().report.cage;
  ASSERT_EQ(Assign(second, 1, "other"), 0);
  EXPECT_EQ(driver_.Python(second, "print(open('/mnt/other/mine').read())").out, "written\n") << "shared by the cages that have it";
  const ProcessEnd stranger = driver_.Python(driver_.MakeAssignedCage(), "import os\nprint(os.listdir('/mnt'), [l for l in open('/proc/self/mounts') if '/mnt' in l])");
  EXPECT_EQ(stranger.out, "[] []\n") << stranger.err;
}

TEST_F(FileSystemTest, ReadOnlyAndNosuid) {  // else a function changes what it may only read
  const uint32_t cage = driver_.MakeCage().report.cage;
  ASSERT_EQ(Assign(cage, 2, "ro"), 0);
  const ProcessEnd end = driver_.Python(cage, R"(
import os
print(open('/mnt/ro/name').read())
try: open('/mnt/ro/x', 'w'); print('WROTE')
except OSError as e: print(e.errno)
options = [l.split()[3].split(',') for l in open('/proc/self/mounts') if l.split()[1] == '/mnt/ro'][0]
print('nosuid' in options, 'nodev' in options)
)");
  EXPECT_EQ(end.out, "two\n30\nTrue True\n") << end.err;
}

TEST_F(FileSystemTest, UnknownIndex) {  // else a request mounts something else
  const uint32_t cage = driver_.MakeCage().report.cage;
  EXPECT_EQ(Assign(cage, 3, "x"), ENXIO);
  EXPECT_EQ(Assign(cage, 64, "x"), EINVAL);
}

}  // namespace
}  // namespace mayfly::jail
