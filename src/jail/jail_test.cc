// The whole jail, for real: needs root. What runs inside the cages is Debian's python3.11.
#include "jail/jail_driver.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "jail/cgroup_mounts.h"
#include "jail/kernel_files.h"

namespace mayfly::jail {
namespace {

using namespace std::chrono_literals;
using sandbox::JailOperation;
using sandbox::JailReportKind;

class JailTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    if (access(kPython, X_OK) != 0) GTEST_SKIP() << "needs " << kPython;
    ASSERT_TRUE(driver_.Start());
  }
  JailDriver driver_;
};

TEST_F(JailTest, CageHasItsOwnNamespaces) {  // else a function sees the machine
  const uint32_t cage = driver_.MakeAssignedCage();
  ASSERT_NE(cage, 0u);
  const ProcessEnd end = driver_.Python(cage, "import os\nfor n in sorted(os.listdir('/proc/self/ns')): print(n, os.readlink('/proc/self/ns/' + n))");
  ASSERT_EQ(end.exit_code, 0) << end.err;
  for (const char* name : {"user", "pid", "mnt", "net", "uts", "ipc", "cgroup"}) {
    const std::string ours = std::filesystem::read_symlink(std::string("/proc/self/ns/") + name);
    EXPECT_EQ(end.out.find(ours), std::string::npos) << name;
    EXPECT_NE(end.out.find(std::string(name) + ":["), std::string::npos) << name;
  }
}

TEST_F(JailTest, FunctionHasNoPower) {  // else it could take more
  const ProcessEnd end = driver_.Python(driver_.MakeAssignedCage(), R"(
import os
s = dict(l.split(':', 1) for l in open('/proc/self/status').read().splitlines())
print(os.getresuid(), os.getresgid(), os.getgroups(), os.getpid() > 1)
print(*(s[k].strip() for k in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp')))
print(open('/proc/self/uid_map').read().split())
)");
  EXPECT_EQ(end.err, "");
  const std::string none = "0000000000000000 ";
  EXPECT_TRUE(end.out.starts_with("(993, 993, 993) (993, 993, 993) [] True\n" + none + none + none + none + none + "1 2\n")) << end.out;
  EXPECT_NE(end.out.find("'65536']"), std::string::npos) << end.out;
}

TEST_F(JailTest, RootIsReadOnlyAndSmall) {  // else functions could leave things for each other
  const ProcessEnd end = driver_.Python(driver_.MakeAssignedCage(), R"(
import os, errno
for place in ('/', '/usr', '/etc', '/var/task', '/var/runtime', '/opt', '/dev', '/var', '/home/sbx_user1051'):
    try:
        open(place + '/x', 'w'); print('WROTE', place)
    except OSError as e:
        if e.errno not in (errno.EROFS, errno.EACCES): print('ODD', place, e)
for path in ('/etc/shadow', '/etc/machine-id', '/etc/hostname', '/root', '/work', '/sys', '/boot', '/store', '/masks', '/template'):
    if os.path.exists(path): print('THERE', path)
for path in ('/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/cmdline', '/proc/sysrq-trigger'):
    try:
        if open(path, 'rb').read(): print('READ', path)
    except OSError: pass
try:
    open('/proc/sysrq-trigger', 'w').write('h'); print('WROTE sysrq')
except OSError: pass
print(open('/var/task/hello.txt').read(), sorted(os.listdir('/proc/sys')), os.listdir('/proc/irq'))
print(open('/etc/passwd').read().count('sbx_user1051:x:993'))
open('/tmp/a', 'w').write('b'); open('/dev/null', 'w').write('c'); open('/dev/shm/a', 'w').write('d')
)");
  EXPECT_EQ(end.out, "hello from the package ['fs', 'kernel', 'net', 'vm'] []\n1\n");
  EXPECT_EQ(end.err, "");
}

TEST_F(JailTest, FilesHaveTheirOwnIdentity) {  // else locks and watches tell of the machine and of other cages
  const std::string places = "['/usr/bin/python3.11', '/etc/passwd', '/dev/null', '/dev/full', '/proc/cmdline', '/proc/sys/kernel/pid_max', "
                             "'/proc/sys/kernel/random/uuid', '/var/runtime/python/shared', '/usr', '/etc', '/', '/var/runtime', '/etc/alternatives'] + "
                             "[p for p in ('/etc/ssl/certs/ca-certificates.crt',) if os.path.exists(p)]";
  const ProcessEnd listed = driver_.Python(driver_.MakeAssignedCage(), "import os; print(len(os.listdir('/etc/alternatives')), len(os.listdir('/')) > 5, 'unfinished' in os.listdir('/'))");
  size_t alternatives = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/etc/alternatives")) ++alternatives;
  EXPECT_EQ(listed.out, std::to_string(alternatives) + " True False\n") << listed.err;
  std::ofstream(driver_.runtime_dir() + "/python/shared") << "x";
  const uint32_t first = driver_.MakeAssignedCage();
  // Holds every kind of lock on every file, and listens, until it is told that the others are done.
  TestProcess holder = driver_.Exec(first, {kPython, "-I", "-S", "-c", R"(
import ctypes, fcntl, os, signal, struct, time
libc = ctypes.CDLL(None)
watch, held = libc.inotify_init1(os.O_NONBLOCK), []
for place in )" + places + R"(:
    fd = os.open(place, os.O_RDONLY)
    held.append(fd)
    fcntl.flock(fd, fcntl.LOCK_EX)
    if not os.path.isdir(place): fcntl.fcntl(fd, fcntl.F_SETLK, struct.pack('hhqqi4x', fcntl.F_RDLCK, 0, 0, 1, 0))
for place in )" + places + R"(:
    if libc.inotify_add_watch(watch, place.encode(), 0xfff) < 0: print('no watch', place)
done = []
signal.signal(signal.SIGTERM, lambda *_: done.append(1))
print('up', flush=True)
while not done: time.sleep(0.01)
try: print('heard', os.read(watch, 65536))
except BlockingIOError: print('nothing')
)"});
  char up[3] = {};
  ASSERT_EQ(read(holder.out.get(), up, 3), 3);
  const ProcessEnd other = driver_.Python(driver_.MakeAssignedCage(), R"(
import fcntl, os, struct
for place in )" + places + R"(:
    fd = os.open(place, os.O_RDONLY)
    if os.path.isdir(place): os.listdir(place)
    else: os.read(fd, 1)
    try: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e: print('locked', place)
    if os.path.isdir(place): continue
    kind = struct.unpack('hhqqi4x', fcntl.fcntl(fd, fcntl.F_GETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 1, 0)))[0]
    if kind != fcntl.F_UNLCK: print('locked for fcntl', place)
print(open('/proc/sys/kernel/random/uuid').read() != open('/proc/sys/kernel/random/uuid').read())
)");
  EXPECT_EQ(other.out, "True\n") << other.err;
  ReadAt(AT_FDCWD, "/usr/bin/python3.11");
  EXPECT_EQ(driver_.Operate(JailOperation::Terminate, first, holder.number), 0);
  const ProcessEnd heard = driver_.Finish(first, std::move(holder));
  EXPECT_EQ(heard.err, "");
  EXPECT_EQ(heard.out, "nothing\n");
}

TEST_F(JailTest, ASlotsNextCageKnowsNothingOfTheOneBefore) {  // else what a cage leaves in its root reaches whoever comes next
  const std::string program = R"(
import fcntl, os
print(sorted(os.listdir('/tmp')), sorted(os.listdir('/dev/shm')), len(open('/proc/self/mountinfo').readlines()))
held = os.open('/usr/bin/python3.11', os.O_RDONLY)
fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
open('/tmp/left', 'w').write('x'); open('/dev/shm/left', 'w').write('x')
)";
  std::string first;
  for (int i = 0; i < 8; ++i) {  // more than a slot: those that were freed last are taken first
    const uint32_t cage = driver_.MakeAssignedCage();
    const ProcessEnd end = driver_.Python(cage, program);
    EXPECT_TRUE(end.out.starts_with("[] [] ")) << end.out << end.err;
    if (i == 0) first = end.out;
    EXPECT_EQ(end.out, first);
    EXPECT_EQ(driver_.Operate(JailOperation::Destroy, cage), 0);
  }
}

TEST_F(JailTest, TheMachineLooksAsLargeAsTheFunction) {  // else libraries make pools and caches for the whole machine
  const std::string program = R"(
import os
def lines(path): return open(path).read().splitlines()
memory = dict(l.split(':') for l in lines('/proc/meminfo'))
print(memory['MemTotal'].split(), memory['MemAvailable'].split(), memory['SwapTotal'].split())
print(os.cpu_count(), len(os.sched_getaffinity(0)), sum(l.startswith('processor') for l in lines('/proc/cpuinfo')),
      sum(l.startswith('cpu') for l in lines('/proc/stat')) - 1, any(l.startswith('btime ') for l in lines('/proc/stat')))
for path in ('/proc/meminfo', '/proc/cpuinfo', '/proc/stat'):
    for attempt in (lambda: open(path, 'w'), lambda: os.chmod(path, 0o666), lambda: os.truncate(path, 0)):
        try: attempt(); print('DONE', path)
        except OSError: pass
)";
  const std::string machine = std::to_string(sysconf(_SC_NPROCESSORS_ONLN));
  sandbox::JailRequest assign = driver_.AssignRequest(driver_.MakeCage().report.cage, 1);
  assign.memory_bytes = 300ull << 20;
  ASSERT_EQ(driver_.Call(assign).report.error, 0);
  const ProcessEnd whole = driver_.Python(assign.cage, program);
  const std::string memory = "['307200', 'kB'] ['307200', 'kB'] ['0', 'kB']\n";
  EXPECT_EQ(whole.out, memory + machine + " " + machine + " " + machine + " " + machine + " True\n") << whole.err;
  assign = driver_.AssignRequest(driver_.MakeCage().report.cage, 1);
  assign.memory_bytes = 300ull << 20;
  assign.processors = 1;
  ASSERT_EQ(driver_.Call(assign).report.error, 0);
  EXPECT_EQ(driver_.Python(assign.cage, program).out, memory + "1 1 1 1 True\n");
  assign = driver_.AssignRequest(driver_.MakeCage().report.cage, 1);
  assign.processors = 5000;  // what a machine has not is not shown
  ASSERT_EQ(driver_.Call(assign).report.error, 0);
  EXPECT_NE(driver_.Python(assign.cage, program).out.find("\n" + machine + " " + machine + " "), std::string::npos);
}

TEST_F(JailTest, FunctionsStayFirstInLineForTheOutOfMemoryKiller) {  // else a function lets the machine's own programs be killed in its place
  if (!HasResourceCapability()) GTEST_SKIP() << "needs CAP_SYS_RESOURCE";
  const ProcessEnd end = driver_.Python(driver_.MakeAssignedCage(), kLowerOwnScore);
  EXPECT_EQ(end.out, kScoreStays) << end.err;
}

TEST_F(JailTest, TmpHasItsSize) {  // else a function fills the machine's memory
  const ProcessEnd end = driver_.Python(driver_.MakeAssignedCage(512ull << 20, 16ull << 20), R"(
import errno, os
written = 0
try:
    with open('/tmp/big', 'wb', buffering=0) as f:
        while True: written += f.write(b'x' * 65536)
except OSError as e: print(errno.errorcode[e.errno], written)
os.unlink('/tmp/big')
made = 0
try:
    while True:
        open('/tmp/f%d' % made, 'w').close(); made += 1
except OSError as e: print(errno.errorcode[e.errno], made > 1000)
)");
  EXPECT_EQ(end.out, "ENOSPC " + std::to_string(16 << 20) + "\nENOSPC True\n") << end.err;
}

TEST_F(JailTest, ProcessesAreLimited) {  // else a fork bomb takes the machine
  const uint32_t cage = driver_.MakeAssignedCage(256ull << 20, 64ull << 20, 20);
  const ProcessEnd counted = driver_.Python(cage, R"(
import os, time
made = 0
try:
    for i in range(100):
        if os.fork() == 0:
            os.close(1); os.close(2); time.sleep(60)
        made += 1
except OSError as e: print(e.errno, 10 < made < 20)
)");
  EXPECT_EQ(counted.out, "11 True\n");
}

TEST_F(JailTest, MemoryIsLimitedAndCounted) {  // else out-of-memory is not reported as AWS does
  DriverReport made = driver_.MakeCage();
  const uint32_t cage = made.report.cage;
  sandbox::JailRequest assign = driver_.AssignRequest(cage, 1);
  assign.memory_bytes = 64ull << 20;
  ASSERT_EQ(driver_.Call(assign).report.error, 0);
  EXPECT_NE(ReadHere(made.descriptors[sandbox::kOomCounter]).find("oom_kill 0"), std::string::npos);
  const ProcessEnd end = driver_.Python(cage, "x = bytearray(200 << 20)\nprint('alive', flush=True)\ny = bytearray(200 << 20)");
  EXPECT_EQ(end.signal, SIGKILL);
  EXPECT_NE(ReadHere(made.descriptors[sandbox::kOomCounter]).find("oom_kill 1"), std::string::npos);
  const uint64_t peak = strtoull(ReadHere(made.descriptors[sandbox::kMemoryPeak]).c_str(), nullptr, 10);
  EXPECT_GT(peak, 48ull << 20);  // what it shares with the machine counts too
  EXPECT_LT(peak, 120ull << 20) << "the warden was late";
  EXPECT_EQ(driver_.Python(cage, "print('pid 1 lives')").out, "pid 1 lives\n");
}

TEST_F(JailTest, TmpIsNotMemory) {  // else a small function cannot use the /tmp that Lambda gives it
  DriverReport made = driver_.MakeCage();
  const uint32_t cage = made.report.cage;
  sandbox::JailRequest assign = driver_.AssignRequest(cage, 1);
  assign.memory_bytes = 48ull << 20;
  assign.tmp_bytes = 200ull << 20;
  ASSERT_EQ(driver_.Call(assign).report.error, 0);
  const ProcessEnd writer = driver_.Python(cage, R"(
import errno, os
block, written = b'x' * (1 << 20), 0
try:
    with open('/tmp/big', 'wb', buffering=0) as f:
        while True: written += f.write(block)
except OSError as e: print(errno.errorcode[e.errno], written >> 20)
)");
  EXPECT_EQ(writer.out, "ENOSPC 200\n") << writer.signal;
  const ProcessEnd hog = driver_.Python(cage, "import os\nos.truncate('/tmp/big', 20 << 20)\nx = [bytearray(1 << 20) for i in range(150)]");
  EXPECT_EQ(hog.signal, SIGKILL) << "with /tmp almost empty again, memory has its own limit";
  EXPECT_NE(ReadHere(made.descriptors[sandbox::kOomCounter]).find("oom_kill 1"), std::string::npos);
  EXPECT_EQ(driver_.Python(cage, "x = bytearray(25 << 20); print('fits')").out, "fits\n");
}

TEST_F(JailTest, KillAllKeepsTmp) {  // else a reset loses what AWS keeps, or leaves processes
  const uint32_t cage = driver_.MakeAssignedCage();
  const TestProcess runtime = driver_.Exec(cage, {kPython, "-I", "-S", "-c", R"(
import os, signal, time
for s in range(1, 32):
    try: signal.signal(s, signal.SIG_IGN)
    except OSError: pass
open('/tmp/kept', 'w').write('kept')
for i in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: time.sleep(100)
        time.sleep(100)
print('up', flush=True)
time.sleep(100)
)"});
  char up[3] = {};
  ASSERT_EQ(read(runtime.out.get(), up, 3), 3);
  EXPECT_EQ(driver_.Operate(JailOperation::KillAll, cage), 0);
  const auto exited = driver_.WaitEvent(JailReportKind::ProcessExited, cage);
  ASSERT_TRUE(exited);
  EXPECT_EQ(exited->signal, SIGKILL);
  const ProcessEnd end = driver_.Python(cage, "import os; print(open('/tmp/kept').read(), [p for p in os.listdir('/proc') if p.isdigit()] == ['1', str(os.getpid())])");
  EXPECT_EQ(end.out, "kept True\n") << end.err;
}

TEST_F(JailTest, ExecFailuresAreTold) {  // else Runtime.InvalidEntrypoint looks like a crash
  std::ofstream(driver_.PackagePath(1) + "/plain") << "no program";
  std::ofstream(driver_.PackagePath(1) + "/senseless") << "no program";
  std::filesystem::permissions(driver_.PackagePath(1) + "/senseless", std::filesystem::perms(0755));
  const uint32_t cage = driver_.MakeAssignedCage();
  EXPECT_EQ(driver_.Exec(cage, {"/var/task/bootstrap"}).error, ENOENT);
  EXPECT_EQ(driver_.Exec(cage, {"/var/task/plain"}).error, EACCES);
  EXPECT_EQ(driver_.Exec(cage, {"/var/task/senseless"}).error, ENOEXEC);
  EXPECT_EQ(driver_.Exec(cage, {}).error, EINVAL);
  EXPECT_EQ(driver_.Exec(cage, {""}).error, EINVAL);
  EXPECT_EQ(driver_.Finish(cage, driver_.Exec(cage, {"/bin/sh", "-c", "echo $A$#; exit 7"}, {"A=b"})).exit_code, 7);
}

TEST_F(JailTest, NamesAreLookedForInPath) {  // else an image's ENTRYPOINT ["python3", …] does not start
  std::ofstream(driver_.PackagePath(1) + "/plain") << "no program";
  std::ofstream(driver_.PackagePath(1) + "/senseless") << "no program";
  std::filesystem::permissions(driver_.PackagePath(1) + "/senseless", std::filesystem::perms(0755));
  const uint32_t cage = driver_.MakeAssignedCage();
  EXPECT_EQ(driver_.Exec(cage, {"sh"}).error, ENOENT) << "no PATH";
  EXPECT_EQ(driver_.Exec(cage, {"nothing"}, {"PATH=/bin:/usr/bin"}).error, ENOENT);
  EXPECT_EQ(driver_.Exec(cage, {"plain"}, {"PATH=/bin:/var/task:/usr/bin"}).error, EACCES);
  EXPECT_EQ(driver_.Exec(cage, {"senseless"}, {"PATH=/bin:/var/task"}).error, ENOEXEC);
  EXPECT_EQ(driver_.Exec(cage, {"sh"}, {"PATH=" + std::string(5000, 'x')}).error, ENOENT) << "a folder that is too long";
  EXPECT_EQ(driver_.Finish(cage, driver_.Exec(cage, {"sh", "-c", "echo; exit 7"}, {"XPATH=/nowhere", "PATH=/nowhere::/etc/hosts:/bin"})).exit_code, 7);
}

TEST_F(JailTest, ConfigurationsThatLieAreRefused) {  // else bytes from outside crash pid 1
  const uint32_t cage = driver_.MakeAssignedCage();
  const std::string texts[] = {"", "abc", std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8) + '\0', std::string("\1\0\0\0\5\0\0\0/x\0/\0", 13),
                               std::string("\1\0\0\0\0\0\0\0/x\0/", 12), std::string((1 << 20) + 1, 'x')};
  for (const std::string& text : texts) {
    char name[] = "/tmp/mayfly-configuration-XXXXXX";
    const UniqueFd file(mkstemp(name));
    unlink(name);
    ASSERT_EQ(write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    sandbox::JailRequest request{};
    request.operation = JailOperation::Exec;
    request.cage = cage;
    request.process = 1;
    const int error = driver_.Call(request, {file.get(), file.get(), file.get()}).report.error;
    EXPECT_TRUE(error == EINVAL || error == E2BIG) << error;
  }
  EXPECT_EQ(driver_.Python(cage, "print(1)").out, "1\n");
}

TEST_F(JailTest, OtherDescriptorsStayOutside) {  // else a function reaches the jail or other functions
  const ProcessEnd end = driver_.Python(driver_.MakeAssignedCage(), R"(
import os
print(sorted(int(f) for f in os.listdir('/proc/self/fd'))[:3], len(os.listdir('/proc/self/fd')))
for path in ('/proc/1/fd', '/proc/1/mem', '/proc/1/exe', '/proc/1/root', '/proc/1/environ'):
    try: (os.listdir if path.endswith('fd') else open)(path); print('OPENED', path)
    except OSError: pass
try: os.kill(1, 9)
except OSError as e: print(e)
)");
  EXPECT_EQ(end.out, "[0, 1, 2] 4\n") << "descriptors 0, 1, 2 and the listing itself";
}

TEST_F(JailTest, RuntimeApiListenerIsInside) {  // else no runtime reaches the daemon
  DriverReport made = driver_.MakeCage(sandbox::kWantEndpoint);
  ASSERT_EQ(driver_.Call(driver_.AssignRequest(made.report.cage, 1)).report.error, 0);
  const TestProcess client = driver_.Exec(made.report.cage, {kPython, "-I", "-S", "-c", R"(
import socket
for address in (('127.0.0.1', 9001), ('169.254.100.2', 80)):
    s = socket.create_connection(address, 5); print(s.recv(10)); s.close()
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'segment', ('169.254.100.1', 2000))
try: socket.create_connection(('192.0.2.1', 80), 2)
except OSError as e: print(e.errno)
)"});
  for (const uint32_t which : {sandbox::kListener, sandbox::kEndpoint}) {
    pollfd source{made.descriptors[which].get(), POLLIN, 0};
    ASSERT_EQ(poll(&source, 1, 10'000), 1);
    const UniqueFd connection(accept(source.fd, nullptr, nullptr));
    ASSERT_EQ(write(connection.get(), "hi", 2), 2);
  }
  EXPECT_EQ(ReadToEnd(client.out.get()), "b'hi'\nb'hi'\n101\n") << ReadToEnd(client.err.get());
  char datagram[16];
  EXPECT_EQ(recv(made.descriptors[sandbox::kTraces].get(), datagram, sizeof datagram, 0), 7);
}

TEST_F(JailTest, ForbiddenCallsFail) {  // else the kernel's whole surface is open to functions
  const ProcessEnd end = driver_.Python(driver_.MakeAssignedCage(), R"(
import ctypes, errno, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(name, number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(number, *arguments)
    print(name, errno.errorcode.get(ctypes.get_errno()) if result < 0 else 'DONE')
call('mount', 165, b'none', b'/tmp', b'tmpfs', 0, None)
call('unshare', 272, 0x10000000)
call('setns', 308, 0, 0)
call('ptrace', 101, 0, 0, 0, 0)
call('bpf', 321, 0, None, 0)
call('keyctl', 250, 0, 0)
call('userfaultfd', 323, 0)
call('perf', 298, None, 0, -1, -1, 0)
call('io_uring', 425, 1, None)
call('clone-newuser', 56, 0x10000000 | 17, 0, 0, 0, 0)
call('clone3', 435, None, 0)
call('mknod', 133, b'/tmp/d', 0o020666, 259)
call('personality', 135, 0x0400000)
call('chroot', 161, b'/tmp')
call('open_tree', 428, -100, b'/', 0)
call('handle', 304, -100, None, 0)
call('kexec', 246, 0, 0, 0, 0)
call('unknown', 999)
for family, kind, protocol in ((socket.AF_INET, socket.SOCK_RAW, 1), (17, socket.SOCK_RAW, 0), (socket.AF_INET, socket.SOCK_DGRAM, 1),
                               (socket.AF_NETLINK, socket.SOCK_RAW, 9), (socket.AF_NETLINK, socket.SOCK_RAW, 0), (40, 1, 0), (38, 5, 0)):
    try: socket.socket(family, kind, protocol); print(int(family), int(kind), 'DONE')
    except OSError as e: print(int(family), int(kind), errno.errorcode[e.errno])
)");
  EXPECT_EQ(end.out,
            "mount EPERM\nunshare EPERM\nsetns EPERM\nptrace EPERM\nbpf EPERM\nkeyctl EPERM\nuserfaultfd EPERM\nperf EPERM\nio_uring EPERM\n"
            "clone-newuser EPERM\nclone3 ENOSYS\nmknod EPERM\npersonality EPERM\nchroot EPERM\nopen_tree EPERM\nhandle EPERM\nkexec EPERM\nunknown ENOSYS\n"
            "2 3 EPERM\n17 3 EAFNOSUPPORT\n2 2 EPERM\n16 3 EPERM\n16 3 DONE\n40 1 EAFNOSUPPORT\n38 5 EAFNOSUPPORT\n")
      << end.err;
}

TEST_F(JailTest, BadMessagesChangeNothing) {  // else a bug in the daemon becomes a bug of root
  const uint32_t cage = driver_.MakeAssignedCage();
  sandbox::JailRequest good = driver_.AssignRequest(cage, 1);
  EXPECT_EQ(driver_.Call(good).report.error, EALREADY);
  auto refuse = [&](auto change) {
    sandbox::JailRequest bad = good;
    change(bad);
    EXPECT_EQ(driver_.Call(bad).report.error, EINVAL);
  };
  refuse([](auto& r) { r.version = 77; });
  refuse([](auto& r) { r.operation = static_cast<JailOperation>(99); });
  refuse([](auto& r) { r.flags = 0x80; });
  refuse([](auto& r) { r.file_system = 1; });
  refuse([](auto& r) { r.mount_name[0] = 'a'; });
  refuse([](auto& r) { r.flags |= sandbox::kHasFileSystem; });
  refuse([](auto& r) { r.flags |= sandbox::kImageRoot | sandbox::kHasLayers; });  // layers only in the image of a runtime
  for (const std::string_view name : {"", ".", "..", "a/b", "a b", "\xc3\xa4"}) {
    refuse([name](auto& r) {
      r.flags |= sandbox::kHasFileSystem;
      r.file_system = 1;
      name.copy(r.mount_name, sizeof r.mount_name);
    });
  }
  refuse([](auto& r) {
    r.flags |= sandbox::kHasFileSystem;
    r.file_system = 1;
    memset(r.mount_name, 'a', sizeof r.mount_name);  // no end
  });
  refuse([](auto& r) {
    r.flags |= sandbox::kHasFileSystem;
    r.file_system = 1;
    memcpy(r.mount_name, "a\0b", 4);
  });
  refuse([](auto& r) { r.memory_bytes = 1; });
  refuse([](auto& r) { r.tmp_bytes = ~0ull; });
  refuse([](auto& r) { r.processes_max = 0; });
  refuse([](auto& r) { r.root_index = 64; });
  refuse([](auto& r) { r.layers[3] = 1; });
  refuse([](auto& r) { r.operation = JailOperation::Exec; });
  send(driver_.socket(), "short", 5, 0);
  EXPECT_EQ(driver_.WaitAnswer(0).report.error, EINVAL);
  EXPECT_EQ(driver_.Operate(JailOperation::KillAll, 4711), ESRCH);
  EXPECT_EQ(driver_.Operate(JailOperation::Destroy, 4711), 0);
  EXPECT_EQ(driver_.Python(cage, "print(1)").out, "1\n");
}

TEST_F(JailTest, PackagesAreRealFolders) {  // else a link in the store shows the machine's files
  std::filesystem::create_directory_symlink("/etc", driver_.PackagePath(2));
  std::ofstream(driver_.PackagePath(3)) << "a file";
  const uint32_t cage = driver_.MakeCage().report.cage;
  EXPECT_EQ(driver_.Call(driver_.AssignRequest(cage, 2)).report.error, ENOTDIR);
  EXPECT_EQ(driver_.Call(driver_.AssignRequest(cage, 3)).report.error, ENOTDIR);
  EXPECT_EQ(driver_.Call(driver_.AssignRequest(cage, 4)).report.error, ENOENT);
  sandbox::JailRequest request = driver_.AssignRequest(cage, 1);
  request.root_index = 5;
  EXPECT_EQ(driver_.Call(request).report.error, ENOENT);
  EXPECT_EQ(driver_.Call(driver_.AssignRequest(cage, 1)).report.error, 0);
}

TEST_F(JailTest, LayersAndInterpreterAreMounted) {  // else layers and own interpreters do not work
  driver_.Stop();
  std::filesystem::create_directories(driver_.PackagePath(6));
  std::ofstream(driver_.PackagePath(6) + "/layer.txt") << "layer";
  const std::string root = driver_.folder() + "/root";
  std::filesystem::create_directories(root + "/bin");
  std::filesystem::copy_file("/bin/echo", root + "/bin/say");
  ASSERT_TRUE(driver_.Start({"--root-dir", "7=" + root}));
  const uint32_t cage = driver_.MakeCage().report.cage;
  sandbox::JailRequest request = driver_.AssignRequest(cage, 1);
  request.root_index = 7;
  request.flags = sandbox::kHasLayers;
  memset(request.layers, 6, sizeof request.layers);
  ASSERT_EQ(driver_.Call(request).report.error, 0);
  EXPECT_EQ(driver_.Finish(cage, driver_.Exec(cage, {"/var/lang/bin/say", "hello"})).out, "hello\n");
  EXPECT_EQ(driver_.Python(cage, "print(open('/opt/layer.txt').read())").out, "layer\n");
}

TEST_F(JailTest, TerminateReachesTheProcess) {  // else a shutdown phase has no effect
  const uint32_t cage = driver_.MakeAssignedCage();
  const TestProcess process = driver_.Exec(cage, {kPython, "-I", "-S", "-c", "import time; print('up', flush=True); time.sleep(100)"});
  char up[3] = {};
  ASSERT_EQ(read(process.out.get(), up, 3), 3);
  EXPECT_EQ(driver_.Operate(JailOperation::Terminate, cage, process.number), 0);
  EXPECT_EQ(driver_.WaitEvent(JailReportKind::ProcessExited, cage)->signal, SIGTERM);
}

TEST_F(JailTest, KillReachesOnlyTheProcess) {  // else ending an extension ends the function
  const uint32_t cage = driver_.MakeAssignedCage();
  const TestProcess process = driver_.Exec(cage, {kPython, "-I", "-S", "-c", "import time; time.sleep(100)"});
  const TestProcess other = driver_.Exec(cage, {kPython, "-I", "-S", "-c", "print(input('up '))"});
  sandbox::JailRequest request{};
  request.operation = JailOperation::Terminate;
  request.cage = cage;
  request.process = process.number;
  request.flags = sandbox::kWithKill;
  EXPECT_EQ(driver_.Call(request).report.error, 0);
  const auto event = driver_.WaitEvent(JailReportKind::ProcessExited, cage);
  ASSERT_TRUE(event);
  if (event->process == process.number) EXPECT_EQ(event->signal, SIGKILL);
  else EXPECT_EQ(event->process, other.number);  // its input is empty: it may end first, by itself
}

TEST_F(JailTest, SocketsReachOnlyWhatListensInTheCage) {  // else telemetry goes nowhere, or to a server of the host
  const uint32_t cage = driver_.MakeAssignedCage();
  const UniqueFd host(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(host.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(host.get(), 1), 0);
  ASSERT_EQ(getsockname(host.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  auto make = [&] {
    sandbox::JailRequest request{};
    request.operation = JailOperation::MakeSocket;
    request.cage = cage;
    DriverReport made = driver_.Call(request);
    EXPECT_EQ(made.report.error, 0);
    UniqueFd socket = std::move(made.descriptors[sandbox::kSocket]);
    fcntl(socket.get(), F_SETFL, fcntl(socket.get(), F_GETFL) & ~O_NONBLOCK);
    return socket;
  };
  const UniqueFd refused = make();
  EXPECT_EQ(connect(refused.get(), reinterpret_cast<sockaddr*>(&address), size), -1);
  EXPECT_EQ(errno, ECONNREFUSED);
  const TestProcess server = driver_.Exec(cage, {kPython, "-I", "-S", "-c",
                                                 "import socket; s = socket.create_server(('sandbox.localdomain', 8080)); print('up', flush=True)\n"
                                                 "c, _ = s.accept(); print(c.recv(5).decode())"});
  char up[3] = {};
  ASSERT_EQ(read(server.out.get(), up, 3), 3);
  address.sin_port = htons(8080);
  const UniqueFd inside = make();
  EXPECT_EQ(connect(inside.get(), reinterpret_cast<sockaddr*>(&address), size), 0) << strerror(errno);
  EXPECT_EQ(write(inside.get(), "hello", 5), 5);
  EXPECT_EQ(ReadToEnd(server.out.get()), "hello\n");
  EXPECT_NE(driver_.MakeCage().report.cage, 0u) << "the jail stayed in the cage's network";
}

TEST_F(JailTest, FramedLogsHaveTheirDescriptor) {  // else AWS's runtime clients cannot keep lines of one message together
  const uint32_t cage = driver_.MakeAssignedCage();
  const UniqueFd configuration = MakeConfiguration({kPython, "-I", "-S", "-c", "import os; os.write(62, b'framed'); print(sorted(os.listdir('/proc/self/fd')))"},
                                                   {}, "/tmp");
  int pipes[3][2];
  for (auto& ends : pipes) ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  sandbox::JailRequest request{};
  request.operation = JailOperation::Exec;
  request.cage = cage;
  request.process = 7;
  request.flags = sandbox::kWithLogPipe;
  EXPECT_EQ(driver_.Call(request, {configuration.get(), pipes[0][1], pipes[1][1], pipes[2][1]}).report.error, 0);
  for (auto& ends : pipes) close(ends[1]);
  EXPECT_EQ(ReadToEnd(pipes[0][0]), "['0', '1', '2', '3', '62']\n");  // 3 is the listing's own
  EXPECT_EQ(ReadToEnd(pipes[2][0]), "framed");
  for (auto& ends : pipes) close(ends[0]);
}

TEST_F(JailTest, DestroyTakesFrozenCagesAndGivesSlotsBack) {  // else cages leak until none is left
  for (int round = 0; round < 3; ++round) {
    std::vector<uint32_t> sequences;
    for (int i = 0; i < 40; ++i) {
      sandbox::JailRequest request{};
      request.operation = JailOperation::MakeCage;
      sequences.push_back(driver_.SendRequest(request));
    }
    for (const uint32_t sequence : sequences) {
      DriverReport made = driver_.WaitAnswer(sequence);
      ASSERT_EQ(made.report.error, 0);
      if (sequence % 2 == 0) {
        ASSERT_EQ(driver_.Call(driver_.AssignRequest(made.report.cage, 1)).report.error, 0);
      }
      if (made.descriptors[sandbox::kFreeze]) {
        EXPECT_EQ(write(made.descriptors[sandbox::kFreeze].get(), "1", 1), 1);
      }
      EXPECT_EQ(driver_.Operate(JailOperation::Destroy, made.report.cage), 0);
    }
    ASSERT_TRUE(Eventually([&] {
      for (const std::string& folder : CgroupFolders("jailtest")) {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
          if (entry.is_directory()) return false;
        }
      }
      return true;
    })) << "cgroups are left";
  }
}

TEST_F(JailTest, CagesAreBounded) {  // else a flood of functions takes all memory
  driver_.Stop();
  ASSERT_TRUE(driver_.Start({"--cages-max", "2"}));
  EXPECT_EQ(driver_.MakeCage().report.error, 0);
  const uint32_t second = driver_.MakeCage().report.cage;
  EXPECT_EQ(driver_.MakeCage().report.error, ENOSPC);
  driver_.Operate(JailOperation::Destroy, second);
  EXPECT_TRUE(Eventually([&] { return driver_.MakeCage().report.error == 0; }));
}

TEST_F(JailTest, DeathOfPidOneIsTold) {  // else an environment waits for a runtime that is gone
  const uint32_t cage = driver_.MakeAssignedCage();
  const TestProcess process = driver_.Exec(cage, {kPython, "-I", "-S", "-c", "import time; time.sleep(100)"});
  ASSERT_EQ(process.error, 0);
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const int pid = atoi(entry.path().filename().c_str());
    if (pid <= 1) continue;
    const std::string status = ReadAt(AT_FDCWD, entry.path().string() + "/status");
    if (status.find("Name:\tmayfly-init") != std::string::npos && status.find("PPid:\t" + std::to_string(driver_.jail_pid()) + "\n") != std::string::npos) {
      kill(pid, SIGKILL);
    }
  }
  EXPECT_TRUE(driver_.WaitEvent(JailReportKind::CageDied, cage));
  EXPECT_EQ(ReadToEnd(process.out.get()), "");
  EXPECT_EQ(driver_.Operate(JailOperation::KillAll, cage), ESRCH);
}

}  // namespace
}  // namespace mayfly::jail
