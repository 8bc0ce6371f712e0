// A zygote forks into cages: needs root and Debian's python3.11.
#include "jail/jail_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "jail/kernel_files.h"

namespace mayfly::jail {
namespace {

using sandbox::JailOperation;
using sandbox::JailReportKind;

// A trusted interpreter, and what a child of it runs: the last argument, as a program.
constexpr const char* kTestZygote = R"(
import ctypes, os, struct, sys, json
descriptor = ctypes.PyDLL('/var/runtime/zygote/libmayfly_zygote.so').mayfly_zygote_serve(int(sys.argv[1]))
if descriptor >= 0:
    os.lseek(descriptor, 0, 0)
    data = os.read(descriptor, 1 << 20)
    os.close(descriptor)
    argument_count, _ = struct.unpack_from('<II', data)
    program = data[8:].split(b'\0')[argument_count - 1].decode()
    try: exec(program, {})
    finally: sys.stdout.flush()
)";

class ZygoteTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    std::ofstream(driver_.runtime_dir() + "/python/zygote.py") << kTestZygote;
    std::filesystem::copy_file(MAYFLY_ZYGOTE_LIBRARY, driver_.runtime_dir() + "/zygote/libmayfly_zygote.so");
    ASSERT_TRUE(driver_.Start({"--zygote", std::string("1=0:") + kPython, "--zygote", "2=0:/usr/bin/nothing"}));
    ASSERT_EQ(StartZygote(1), 0);
    ASSERT_TRUE(driver_.WaitEvent(JailReportKind::ZygoteReady));
  }
  int StartZygote(uint32_t index, uint64_t group = 0) { return Operate(JailOperation::StartZygote, index, group); }
  int StopZygote(uint32_t index, uint64_t group) { return Operate(JailOperation::StopZygote, index, group); }
  int Operate(JailOperation operation, uint32_t index, uint64_t group) {
    sandbox::JailRequest request{};
    request.operation = operation;
    request.zygote_index = index;
    request.zygote_group = group;
    return driver_.Call(request).report.error;
  }
  ProcessEnd RunForked(const std::string& program) {
    const uint32_t cage = driver_.MakeAssignedCage();
    return driver_.Finish(cage, driver_.Fork(cage, 1, {kPython, program}));
  }
  // The 16 bytes that the kernel gave the program when it was executed: canaries are made of them.
  std::string RandomBytes(uint64_t group) {
    const std::string program = R"(
import ctypes
libc = ctypes.CDLL(None)
libc.getauxval.restype = ctypes.c_ulong
print(ctypes.string_at(libc.getauxval(25), 16).hex())
)";
    const uint32_t cage = driver_.MakeAssignedCage();
    const ProcessEnd end = driver_.Finish(cage, driver_.Fork(cage, 1, {kPython, program}, group));
    EXPECT_EQ(end.out.size(), 33u) << end.err;
    return end.out;
  }
  JailDriver driver_;
};

TEST_F(ZygoteTest, ChildIsInItsCage) {  // else a fork keeps the zygote's power
  const uint32_t cage = driver_.MakeAssignedCage();
  const std::string program = R"(
import os, sys, threading
s = dict(l.split(':', 1) for l in open('/proc/self/status').read().splitlines())
print(os.getresuid(), os.getresgid(), os.getgroups(), 'json' in sys.modules)
print(*(s[k].strip() for k in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp', 'Threads')))
print(os.getpid() == threading.get_native_id(), os.getpid() < 10, os.path.exists('/var/task/hello.txt'), open('/proc/self/oom_score_adj').read().strip())
print(sorted(int(f) for f in os.listdir('/proc/self/fd')), os.readlink('/proc/self/ns/net') == os.readlink('/proc/self/ns/net'))
for n in ('user', 'pid', 'mnt', 'net', 'uts', 'ipc', 'cgroup'): print(os.readlink('/proc/self/ns/' + n))
open('/tmp/x', 'w').write('y')
try: open('/usr/x', 'w'); print('WROTE')
except OSError: pass
)";
  const ProcessEnd forked = driver_.Finish(cage, driver_.Fork(cage, 1, {kPython, program}));
  EXPECT_EQ(forked.err, "");
  const std::string none = "0000000000000000 ";
  EXPECT_TRUE(forked.out.starts_with("(993, 993, 993) (993, 993, 993) [] True\n" + none + none + none + none + none +
                                     "1 2 1\nTrue True True 1000\n[0, 1, 2, 3] True\n"))
      << forked.out;
  const ProcessEnd executed = driver_.Python(cage, "import os\nfor n in ('user', 'pid', 'mnt', 'net', 'uts', 'ipc', 'cgroup'): print(os.readlink('/proc/self/ns/' + n))");
  EXPECT_TRUE(forked.out.ends_with(executed.out)) << forked.out << executed.out;
}

TEST_F(ZygoteTest, ChildHasTheCagesLimits) {  // else a forked function has no memory limit
  DriverReport made = driver_.MakeCage();
  sandbox::JailRequest assign = driver_.AssignRequest(made.report.cage, 1);
  assign.memory_bytes = 64ull << 20;
  ASSERT_EQ(driver_.Call(assign).report.error, 0);
  const TestProcess process = driver_.Fork(made.report.cage, 1, {kPython, "import time; time.sleep(0.3); x = bytearray(200 << 20); print('alive')"});
  const auto exited = driver_.WaitEvent(JailReportKind::ProcessExited, made.report.cage);
  EXPECT_EQ(exited->signal, SIGKILL);
  EXPECT_NE(ReadHere(made.descriptors[sandbox::kOomCounter]).find("oom_kill 1"), std::string::npos);
  EXPECT_EQ(driver_.Finish(made.report.cage, driver_.Fork(made.report.cage, 1, {kPython, "print('next')"})).out, "next\n");
}

TEST_F(ZygoteTest, NobodyHasTheFunctionsUserAndPower) {  // else an extension stops a child on its way in, and keeps what it has
  const uint32_t cage = driver_.MakeAssignedCage();
  // A signal to the next pid gets through as soon as that process has the function's user.
  const std::string extension = R"(
import os, signal
seen, pid = [], os.getpid() + 1
print('up', flush=True)
while len(seen) < 20:
    try: os.kill(pid, signal.SIGSTOP)
    except OSError: continue
    s = dict(l.split(':', 1) for l in open('/proc/%d/status' % pid).read().splitlines())
    seen.append(' '.join(s[k].strip() for k in ('CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp', 'Groups')))
    os.kill(pid, signal.SIGKILL)
    pid += 1
print('\n'.join(sorted(set(seen))))
)";
  TestProcess watching = driver_.Exec(cage, {kPython, "-I", "-S", "-c", extension});
  char up[3] = {};
  ASSERT_EQ(read(watching.out.get(), up, 3), 3);
  for (int i = 0; i < 20; ++i) {
    const TestProcess child = driver_.Fork(cage, 1, {kPython, "import time; time.sleep(100)"});
    ASSERT_EQ(child.error, 0);
    EXPECT_TRUE(driver_.WaitEvent(JailReportKind::ProcessExited, cage));
  }
  const std::string none = "0000000000000000 ";
  EXPECT_EQ(ReadToEnd(watching.out.get()), none + none + none + none + "1 2 \n");
}

TEST_F(ZygoteTest, ManyChildrenStaySeparate) {  // else descriptors or exits get mixed up
  for (int i = 0; i < 30; ++i) {
    const uint32_t cage = driver_.MakeAssignedCage();
    ASSERT_NE(cage, 0u);
    const std::string code = std::to_string(i + 1);
    const ProcessEnd end = driver_.Finish(cage, driver_.Fork(cage, 1, {kPython, "import os, sys; print(" + code + "); sys.stdout.flush(); os._exit(" + code + ")"}));
    EXPECT_EQ(end.out, code + "\n");
    EXPECT_EQ(end.exit_code, i + 1);
    driver_.Operate(JailOperation::Destroy, cage);
  }
}

TEST_F(ZygoteTest, KillAllReachesForkedChildren) {  // else a reset leaves the old runtime
  const uint32_t cage = driver_.MakeAssignedCage();
  const TestProcess process = driver_.Fork(cage, 1, {kPython, "import time; print('up', flush=True); time.sleep(100)"});
  char up[3] = {};
  ASSERT_EQ(read(process.out.get(), up, 3), 3);
  EXPECT_EQ(driver_.Operate(JailOperation::KillAll, cage), 0);
  EXPECT_EQ(driver_.WaitEvent(JailReportKind::ProcessExited, cage)->signal, SIGKILL);
  const TestProcess second = driver_.Fork(cage, 1, {kPython, "import time; print('up', flush=True); time.sleep(100)"});
  ASSERT_EQ(read(second.out.get(), up, 3), 3);
  EXPECT_EQ(driver_.Operate(JailOperation::Terminate, cage, second.number), 0);
  EXPECT_EQ(driver_.WaitEvent(JailReportKind::ProcessExited, cage)->signal, SIGTERM);
}

TEST_F(ZygoteTest, GroupsHaveZygotesOfTheirOwn) {  // else who reads a canary in one account knows that of another
  for (const uint64_t group : {111111111111, 222222222222}) {
    ASSERT_EQ(StartZygote(1, group), 0);
    ASSERT_EQ(driver_.WaitEvent(JailReportKind::ZygoteReady)->zygote_group, group);
  }
  const std::string first = RandomBytes(111111111111);
  EXPECT_EQ(RandomBytes(111111111111), first) << "of one zygote";
  EXPECT_NE(RandomBytes(222222222222), first);
  EXPECT_NE(RandomBytes(0), first);
  EXPECT_EQ(StopZygote(1, 111111111111), 0);
  EXPECT_EQ(driver_.Fork(driver_.MakeAssignedCage(), 1, {kPython, "1"}, 111111111111).error, ENOENT);
  EXPECT_EQ(StopZygote(1, 333), 0) << "it does not run";
  ASSERT_EQ(StartZygote(1, 111111111111), 0);
  ASSERT_EQ(driver_.WaitEvent(JailReportKind::ZygoteReady)->zygote_group, 111111111111u);
  EXPECT_NE(RandomBytes(111111111111), first) << "booted anew";
}

TEST_F(ZygoteTest, ChildRunsOnTheCagesProcessors) {  // else a forked function starts as many threads as the machine has processors
  sandbox::JailRequest assign = driver_.AssignRequest(driver_.MakeCage().report.cage, 1);
  assign.processors = 1;
  ASSERT_EQ(driver_.Call(assign).report.error, 0);
  const ProcessEnd end = driver_.Finish(assign.cage, driver_.Fork(assign.cage, 1, {kPython, "import os; print(len(os.sched_getaffinity(0)), os.cpu_count())"}));
  EXPECT_EQ(end.out, "1 1\n") << end.err;
}

TEST_F(ZygoteTest, ChildStaysFirstInLineForTheOutOfMemoryKiller) {  // else a function lets the machine's own programs be killed in its place
  if (!HasResourceCapability()) GTEST_SKIP() << "needs CAP_SYS_RESOURCE";
  const ProcessEnd end = RunForked(kLowerOwnScore);
  EXPECT_EQ(end.out, kScoreStays) << end.err;
}

TEST_F(ZygoteTest, DeathIsToldAndForksAreRefused) {  // else the daemon waits for ever instead of going on by exec
  EXPECT_EQ(StartZygote(2), 0);
  EXPECT_EQ(driver_.WaitEvent(JailReportKind::ZygoteDied)->zygote_index, 2u);
  EXPECT_EQ(StartZygote(3), ENOENT);
  const uint32_t cage = driver_.MakeAssignedCage();
  EXPECT_EQ(driver_.Fork(cage, 2, {kPython, "1"}).error, ENOENT);
  EXPECT_EQ(driver_.Python(cage, "print(1)").out, "1\n");
}

}  // namespace
}  // namespace mayfly::jail
