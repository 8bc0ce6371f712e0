"""If one of these fails, function code can make a system call that widens its power or the kernel's attack surface."""

import platform

import pytest

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="arguments below are those of x86-64")

CLONE_FLAGS = {"mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000, "pid": 0x20000000,
               "net": 0x40000000}
SIGCHLD = 17

# What is tried (attacker/raw_calls.c explains the words), and with what it must fail. All would be well-formed calls.
FORBIDDEN = [
    ("mount a file system", "mount s:none s:/tmp s:tmpfs 0 0", "EPERM"),
    ("remount the root writable", "mount s:none s:/ s:none 0x1020 0", "EPERM"),
    ("unmount what covers /proc", "umount2 s:/proc/sys 2", "EPERM"),
    ("pivot_root", "pivot_root s:/tmp s:/tmp", "EPERM"),
    ("chroot", "chroot s:/tmp", "EPERM"),
    ("fsopen", "fsopen s:tmpfs 0", "EPERM"),
    ("open_tree", "open_tree -100 s:/ 1", "EPERM"),
    ("move_mount", "move_mount -100 s:/tmp -100 s:/var/tmp 0", "EPERM"),
    ("mount_setattr", "mount_setattr -100 s:/ 0 z:0 32", "EPERM"),
    ("join a network namespace", "setns o:/proc/self/ns/net 0", "EPERM"),
    ("join a user namespace", "setns o:/proc/self/ns/user 0x10000000", "EPERM"),
    ("clone3, whose flags no filter can see", "clone3 z:0x10000000 88", "ENOSYS"),
    ("a character device", "mknodat -100 s:/tmp/mem 0x21b6 0x101", "EPERM"),
    ("a block device", "mknodat -100 s:/tmp/disk 0x61b6 0x800", "EPERM"),
    ("a device by the old call", "mknod s:/tmp/kmsg 0x21b6 0x10b", "EPERM"),
    ("limits of pid 1", "prlimit64 1 7 z:0 0", "EPERM"),
    ("ptrace its own pid 1", "ptrace 16 1 0 0", "EPERM"),
    ("ptrace at all", "ptrace 0 0 0 0", "EPERM"),
    ("read the memory of pid 1", "process_vm_readv 1 z:0 0 z:0 0 0", "EPERM"),
    ("write the memory of pid 1", "process_vm_writev 1 z:0 0 z:0 0 0", "EPERM"),
    ("bpf", "bpf 0 z:1 128", "EPERM"),
    ("keyctl", "keyctl 0 -3 1", "EPERM"),
    ("add_key", "add_key s:user s:name s:value 5 -3", "EPERM"),
    ("request_key", "request_key s:user s:name 0 -3", "EPERM"),
    ("userfaultfd", "userfaultfd 1", "EPERM"),
    ("perf_event_open", "perf_event_open z:0x7000000001 0 -1 -1 0", "EPERM"),
    ("init_module", "init_module z:0 4096 s:", "EPERM"),
    ("finit_module", "finit_module o:/var/task/bootstrap s: 0", "EPERM"),
    ("delete_module", "delete_module s:nf_tables 0", "EPERM"),
    ("kexec_load", "kexec_load 0 0 z:0 0", "EPERM"),
    ("reboot", "reboot 0xfee1dead 672274793 0 0", "EPERM"),
    ("swapon", "swapon s:/tmp/swap 0", "EPERM"),
    ("swapoff", "swapoff s:/tmp/swap", "EPERM"),
    ("io_uring", "io_uring_setup 8 z:0", "EPERM"),
    ("name_to_handle_at", "name_to_handle_at -100 s:/ z:128 z:0 0", "EPERM"),
    ("open a file by its handle", "open_by_handle_at -100 z:8 0", "EPERM"),
    ("a raw socket", "socket 2 3 1", "EPERM"),
    ("an ICMP socket", "socket 2 2 1", "EPERM"),
    ("a raw IPv6 socket", "socket 10 3 58", "EPERM"),
    ("SCTP", "socket 2 1 132", "EPERM"),
    ("a packet socket", "socket 17 3 0x300", "EAFNOSUPPORT"),
    ("an old packet socket", "socket 2 10 0x300", "EPERM"),
    ("a netlink socket for kernel events", "socket 16 3 15", "EPERM"),
    ("a netlink socket for audit", "socket 16 3 9", "EPERM"),
    ("a netlink socket for netfilter", "socket 16 3 12", "EPERM"),
    ("a VSOCK to the hypervisor", "socket 40 1 0", "EAFNOSUPPORT"),
    ("the kernel's crypto sockets", "socket 38 5 0", "EAFNOSUPPORT"),
    ("a key management socket", "socket 15 3 2", "EAFNOSUPPORT"),
    ("a Bluetooth socket", "socket 31 3 1", "EAFNOSUPPORT"),
    ("push input to a terminal", "ioctl 0 0x5412 s:x", "EPERM"),
    ("the console's ioctl", "ioctl 0 0x541c z:2", "EPERM"),
    ("switch address randomisation off", "personality 0x0040000", "EPERM"),
    ("settimeofday", "settimeofday z:1 0", "EPERM"),
    ("clock_settime", "clock_settime 0 z:1", "EPERM"),
    ("adjtimex", "adjtimex z:0x8000", "EPERM"),
    ("sethostname", "sethostname s:evil 4", "EPERM"),
    ("setdomainname", "setdomainname s:evil 4", "EPERM"),
    ("quotactl", "quotactl 0x800001 s:/ 0 0", "EPERM"),
    ("acct", "acct s:/tmp/acct", "EPERM"),
    ("iopl", "iopl 3", "EPERM"),
    ("ioperm", "ioperm 0 1 1", "EPERM"),
    ("modify_ldt", "modify_ldt 0 z:0 64", "EPERM"),
    ("read the kernel's log", "syslog 3 z:0 4096", "EPERM"),
    ("compare processes", "kcmp 1 1 0 0 0", "EPERM"),
    ("take a descriptor of pid 1", "pidfd_getfd o:/proc/self 3 0", "EPERM"),
    ("fanotify", "fanotify_init 0 0", "EPERM"),
    ("move_pages of pid 1", "move_pages 1 0 0 0 0 0", "EPERM"),
    ("migrate_pages of pid 1", "migrate_pages 1 64 z:1 z:1", "EPERM"),
    ("secret memory", "memfd_secret 0", "EPERM"),
    ("lookup_dcookie", "lookup_dcookie 0 z:0 4096", "EPERM"),
    ("vhangup", "vhangup", "EPERM"),
    ("become root", "setuid 0", "EPERM"),
    ("become root in all ids", "setresuid 0 0 0", "EPERM"),
    ("the group root", "setgid 0", "EPERM"),
    ("another id of its range", "setuid 1000", "EPERM"),
    ("supplementary groups", "setgroups 1 z:0", "EPERM"),
    ("get capabilities back", "capset z:0x20080522 z:0xffffffffffffffff", "EPERM"),
    ("lift no_new_privs", "prctl 38 0 0 0 0", "EINVAL"),
    ("give a file to root", "fchownat -100 s:/tmp 0 0 0", "EPERM"),
    ("a better priority", "setpriority 0 0 -20", "EACCES"),
    ("real-time scheduling", "sched_setscheduler 0 1 z:99", "EPERM"),
    ("a 32-bit mount", "i386 21 s:none s:/tmp s:tmpfs 0 0", "ENOSYS"),
    ("a 32-bit unshare", "i386 310 0x10000000", "ENOSYS"),
    ("a 32-bit ptrace", "i386 26 16 1 0 0", "ENOSYS"),
    ("an x32 mount", "x32 165 s:none s:/tmp s:tmpfs 0 0", "ENOSYS"),
    ("an x32 ptrace", "x32 521 16 1 0 0", "ENOSYS"),
    ("a call that is newer than the filter", "number 999", "ENOSYS"),
    ("a negative number", "number -5", "ENOSYS"),
]
FORBIDDEN += [("unshare: " + kind, "unshare 0x%x" % flag, "EPERM") for kind, flag in CLONE_FLAGS.items()]
FORBIDDEN += [("clone: " + kind, "clone 0x%x 0 0 0 0" % (flag | SIGCHLD), "EPERM") for kind, flag in CLONE_FLAGS.items()]

# The same program, by the same way, can do what functions may: otherwise the failures above would prove nothing.
ALLOWED = [
    ("getpid", "getpid"),
    ("a routing netlink socket", "socket 16 3 0"),
    ("a TCP socket", "socket 2 1 0"),
    ("a Unix socket", "socket 1 1 0"),
    ("ask for the personality", "personality 0xffffffff"),
    ("its own limits", "prlimit64 0 7 0 z:0"),
    ("a child", "clone 17 0 0 0 0"),
]


@pytest.mark.parametrize("call, error", [row[1:] for row in FORBIDDEN], ids=[row[0] for row in FORBIDDEN])
def test_forbidden(raw_caller, call, error):
    """A call that only a privileged process may make, or that nobody needs, got through or failed in an unforeseen way."""
    assert raw_caller.call(call) == (None, error)


@pytest.mark.parametrize("call", [row[1] for row in ALLOWED], ids=[row[0] for row in ALLOWED])
def test_allowed(raw_caller, call):
    """The instrument is broken: it cannot even make calls that are allowed."""
    result, error = raw_caller.call(call)
    assert error is None and result >= 0
