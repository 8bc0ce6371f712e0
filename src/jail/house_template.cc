#include "jail/house_template.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "jail/kernel_files.h"
#include "sandbox/router_protocol.h"

namespace mayfly::jail {
namespace {

constexpr const char* kFolders[] = {
    "template", "template/usr", "template/etc", "template/etc/ssl", "template/etc/pki", "template/etc/pki/tls", "template/etc/pki/ca-trust",
    "template/var", "template/var/task", "template/var/lang", "template/var/runtime", "template/var/tmp", "template/opt", "template/tmp", "template/mnt",
    "template/proc", "template/dev", "template/home", "template/home/sbx_user1051", "template/run", "store", "roots", "file-systems",
    "template/tmp/masks", "template/tmp/masks/folder", "template/tmp/masks/proc-sys", "template/tmp/masks/proc-sys/kernel",
    "template/tmp/masks/proc-sys/kernel/random", "template/tmp/masks/proc-sys/vm", "template/tmp/masks/proc-sys/net",
    "template/tmp/masks/proc-sys/net/core", "template/tmp/masks/proc-sys/fs",
};

struct MadeUpFile {
  const char* path;
  const char* text;
};
constexpr MadeUpFile kMadeUpFiles[] = {
    {"template/etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\n"
                            "sbx_user1051:x:993:993::/home/sbx_user1051:/sbin/nologin\n"
                            "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n"},
    {"template/etc/group", "root:x:0:\nsbx_user1051:x:993:\nnogroup:x:65534:\n"},
    {"template/etc/hosts", "127.0.0.1 localhost sandbox.localdomain sandbox\n::1 localhost ip6-localhost ip6-loopback\n"},
    {"template/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"},
    // Nobody listens there: names fail at once instead of after a timeout.
    {"template/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"},
    {"template/tmp/masks/file", ""},
};

// Copied from the machine where they exist; none of them says which machine it is.
constexpr const char* kCopiedFiles[] = {
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/services", "/etc/protocols",
    "/etc/ssl/openssl.cnf", "/etc/gai.conf", "/etc/host.conf", "/etc/locale.alias",
};
// Bound read-only where they exist: certificates, the alternatives' links, the JVM's configuration.
constexpr const char* kBoundFolders[] = {
    "/etc/ld.so.conf.d", "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted", "/etc/alternatives", "/etc/java-*-openjdk",
    "/etc/crypto-policies",
};
// What programs ask /proc/sys for, with the machine's values; everything else of it is not there.
constexpr const char* kCopiedSettings[] = {
    "kernel/osrelease", "kernel/ostype", "kernel/pid_max", "kernel/threads-max", "kernel/cap_last_cap", "kernel/ngroups_max",
    "kernel/random/entropy_avail", "kernel/random/poolsize", "vm/overcommit_memory", "vm/max_map_count", "net/core/somaxconn",
    "fs/file-max", "fs/nr_open", "fs/pipe-max-size",
};
constexpr const char* kMaskedFiles[] = {
    "cmdline", "config.gz", "consoles", "crypto", "devices", "diskstats", "dma", "interrupts", "iomem", "ioports", "kallsyms", "kcore", "key-users",
    "keys", "kmsg", "kpagecgroup", "kpagecount", "kpageflags", "latency_stats", "locks", "mdstat", "misc", "modules", "mtrr", "pagetypeinfo",
    "partitions", "sched_debug", "schedstat", "slabinfo", "softirqs", "swaps", "sysrq-trigger", "timer_list", "timer_stats", "vmallocinfo",
    "buddyinfo", "zoneinfo", "fb", "execdomains",
};
constexpr const char* kMaskedFolders[] = {"acpi", "asound", "bus", "driver", "dynamic_debug", "fs", "irq", "pressure", "scsi", "sysvipc", "tty"};

struct Device {
  const char* name;
  unsigned major_number, minor_number;
};
constexpr Device kDevices[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}};

std::string Failure(const std::string& what) { return what + ": " + strerror(errno); }

bool WriteFile(const std::string& path, std::string_view text) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  return file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool IsLink(const char* path) {
  struct stat status{};
  return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

bool Exists(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0;
}

// "" where it cannot be read; its first MiB otherwise.
std::string ReadFile(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));  // follows links: localtime is one
  if (!file) return "";
  std::string text(1 << 20, '\0');
  const ssize_t size = read(file.get(), text.data(), text.size());
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

void CopyFile(const std::string& source, const std::string& target) {
  if (Exists(source)) WriteFile(target, ReadFile(source));
}

std::string BindFolders(const std::string& site, const char* pattern) {
  glob_t found{};
  std::string failure;
  if (glob(pattern, GLOB_ONLYDIR, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc && failure.empty(); ++i) {
      const std::string source = found.gl_pathv[i];
      const std::string target = site + "/template" + source;
      const UniqueFd mount = CloneReadOnly(AT_FDCWD, source);
      if (!mount || (mkdir(target.c_str(), 0755) != 0 && errno != EEXIST) ||
          move_mount(mount.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
        failure = Failure("bind " + source);
      }
    }
  }
  globfree(&found);
  return failure;
}

// /bin, /lib … are links into /usr on a merged system, folders on others.
std::string AddSystemFolder(const std::string& site, const std::string& name) {
  const std::string source = "/" + name;
  const std::string target = site + "/template/" + name;
  struct stat status{};
  if (lstat(source.c_str(), &status) != 0) return "";
  if (S_ISDIR(status.st_mode)) return BindFolders(site, source.c_str());
  char link[PATH_MAX] = {};
  if (readlink(source.c_str(), link, sizeof link - 1) <= 0 || symlink(link, target.c_str()) != 0) return Failure("link " + name);
  return "";
}

// The last of a line NAME=value or NAME="value" of os-release; "" without one.
std::string ReleaseValue(const std::string& text, const std::string& name) {
  const size_t start = ("\n" + text).find("\n" + name + "=");
  if (start == std::string::npos) return "";
  std::string value = text.substr(start + name.size() + 1);
  value.resize(std::min(value.find('\n'), value.size()));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return value;
}

// What the root is: that of this machine, since /usr is.
std::string WriteRelease(const std::string& etc) {
  const bool is_in_usr = Exists("/usr/lib/os-release");
  const std::string text = ReadFile(is_in_usr ? "/usr/lib/os-release" : "/etc/os-release");
  if (text.empty()) return "";
  if (is_in_usr ? symlink("../usr/lib/os-release", (etc + "/os-release").c_str()) != 0 : !WriteFile(etc + "/os-release", text)) {
    return Failure("make os-release");
  }
  std::string name = ReleaseValue(text, "PRETTY_NAME");
  if (name.empty()) name = "Linux";
  return WriteFile(etc + "/system-release", name + "\n") ? "" : Failure("write system-release");
}

// The names under which programs that were written for Amazon Linux look for certificates, where this machine has others.
std::string LinkCertificates(const std::string& etc) {
  constexpr const char* kBundle = "/etc/ssl/certs/ca-certificates.crt";
  constexpr const char* kNames[] = {"/ssl/cert.pem", "/pki/tls/cert.pem", "/pki/tls/certs/ca-bundle.crt", "/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"};
  if (!Exists(kBundle)) return "";
  for (const char* name : kNames) {
    const std::string path = etc + name;
    if (Exists(path)) continue;
    for (size_t end = path.find('/', etc.size() + 1); end != std::string::npos; end = path.find('/', end + 1)) {
      if (mkdir(path.substr(0, end).c_str(), 0755) != 0 && errno != EEXIST) return Failure("make folders for " + path);
    }
    // A folder of the machine's is bound read-only: then its names are all there are.
    if (symlink(kBundle, path.c_str()) != 0 && errno != EROFS && errno != EEXIST) return Failure("link " + path);
  }
  return "";
}

std::string BuildDevices(const std::string& dev) {
  if (mount("mayfly-dev", dev.c_str(), "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k") != 0) return Failure("mount /dev");
  for (const Device& device : kDevices) {
    const std::string path = dev + "/" + device.name;
    if (mknod(path.c_str(), S_IFCHR | 0666, makedev(device.major_number, device.minor_number)) == 0) {
      if (chmod(path.c_str(), 0666) != 0) return Failure("make " + path);
      continue;
    }
    // Some containers forbid mknod: then the machine's own node.
    if (!WriteFile(path, "") || mount((std::string("/dev/") + device.name).c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      return Failure("make " + path);
    }
  }
  if (symlink("/proc/self/fd", (dev + "/fd").c_str()) != 0 || symlink("/proc/self/fd/0", (dev + "/stdin").c_str()) != 0 ||
      symlink("/proc/self/fd/1", (dev + "/stdout").c_str()) != 0 || symlink("/proc/self/fd/2", (dev + "/stderr").c_str()) != 0 ||
      mkdir((dev + "/shm").c_str(), 0755) != 0) {
    return Failure("make links of /dev");
  }
  return "";
}

std::string RandomUuid() {
  unsigned char bytes[16] = {};
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return "";
  std::string text;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text + "\n";
}

std::string BuildProcSys(const std::string& folder) {
  for (const char* setting : kCopiedSettings) CopyFile(std::string("/proc/sys/") + setting, folder + "/" + setting);
  WriteFile(folder + "/kernel/random/boot_id", RandomUuid());  // not the machine's
  return WriteFile(folder + "/kernel/random/uuid", "") ? "" : Failure("make uuid");  // each cage mounts its own there
}

}  // namespace

void FindMasks(House& house) {
  for (const char* name : kMaskedFiles) {
    if (Exists(std::string("/proc/") + name)) house.masked_files.emplace_back(name);
  }
  for (const char* name : kMaskedFolders) {
    if (Exists(std::string("/proc/") + name)) house.masked_folders.emplace_back(name);
  }
}

std::string BuildTemplate(const std::string& site) {
  umask(0);
  if (mkdir((site + "/template").c_str(), 0755) != 0) return Failure("make the template");
  if (mount("mayfly-root", (site + "/template").c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=4m") != 0) return Failure("mount the template");
  for (const char* folder : kFolders) {
    if (mkdir((site + "/" + folder).c_str(), 0755) != 0 && errno != EEXIST) return Failure(std::string("make ") + folder);
  }
  for (const MadeUpFile& file : kMadeUpFiles) {
    if (!WriteFile(site + "/" + file.path, file.text)) return Failure(std::string("write ") + file.path);
  }
  for (const char* file : kCopiedFiles) CopyFile(file, site + "/template" + file);
  for (const char* name : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
    if (std::string failure = AddSystemFolder(site, name); !failure.empty()) return failure;
  }
  for (const char* pattern : kBoundFolders) {
    if (std::string failure = BindFolders(site, pattern); !failure.empty()) return failure;
  }
  if (std::string failure = WriteRelease(site + "/template/etc"); !failure.empty()) return failure;
  if (std::string failure = LinkCertificates(site + "/template/etc"); !failure.empty()) return failure;
  if (symlink("/proc/self/mounts", (site + "/template/etc/mtab").c_str()) != 0) return Failure("link mtab");
  // Where ES modules of a package look after its own, in this order: they do not know NODE_PATH (runtimes/node/package_folders.cjs).
  if (symlink("../opt/nodejs/node_modules", (site + "/template/var/node_modules").c_str()) != 0 ||
      symlink("var/runtime/node_modules", (site + "/template/node_modules").c_str()) != 0) {
    return Failure("link node_modules");
  }
  if (std::string failure = BuildDevices(site + "/template/dev"); !failure.empty()) return failure;
  return BuildProcSys(site + "/template/tmp/masks/proc-sys");
}

// The file of bash is mounted on the name sh, which is a link to another shell: that one keeps its own name.
std::string LetShellBeBash(const std::string& site) {
  const char* bash = Exists("/usr/bin/bash") ? "/usr/bin/bash" : "/bin/bash";
  struct stat of_bash{}, of_shell{};
  if (stat(bash, &of_bash) != 0) return "";
  for (const char* shell : {"/usr/bin/sh", "/bin/sh"}) {
    const UniqueFd target(open((site + "/template" + shell).c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!target || stat(shell, &of_shell) != 0 || (of_shell.st_ino == of_bash.st_ino && of_shell.st_dev == of_bash.st_dev)) continue;
    if (shell[1] == 'b' && IsLink("/bin")) continue;  // into /usr: done
    const UniqueFd mount = CloneReadOnly(AT_FDCWD, bash);
    if (!mount || move_mount(mount.get(), "", target.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) {
      return Failure(std::string("mount bash on ") + shell);
    }
  }
  return "";
}

std::string WriteResolverFile(const std::string& site, const Options& options) {
  if (!options.has_network) return "";
  char text[1400];
  const char* search = options.search_domains.empty() ? "" : "search ";
  const uint32_t server = sandbox::kNameServerAddress;
  const int size = snprintf(text, sizeof text, "nameserver %u.%u.%u.%u\n%s%s%soptions timeout:3 attempts:2\n", server >> 24, server >> 16 & 255,
                            server >> 8 & 255, server & 255, search, options.search_domains.c_str(), *search ? "\n" : "");
  const UniqueFd file(open((site + "/template/etc/resolv.conf").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  return file && write(file.get(), text, static_cast<size_t>(size)) == size ? "" : Failure("write resolv.conf");
}

std::string CloseTemplate(const std::string& site) {
  umask(022);
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (mount_setattr(AT_FDCWD, site.c_str(), AT_RECURSIVE, &attributes, sizeof attributes) != 0) return Failure("make the house read-only");
  return "";
}

}  // namespace mayfly::jail
