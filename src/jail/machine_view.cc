#include "jail/machine_view.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.h"
#include "jail/kernel_files.h"

namespace mayfly::jail {
namespace {

constexpr const char* kMemory = "/proc/meminfo";
constexpr const char* kProcessors = "/proc/cpuinfo";
constexpr const char* kStatistics = "/proc/stat";
constexpr const char* kMaking = "/dev/shm/made";  // a name for as long as it takes to mount the file elsewhere
constexpr uint32_t kUsualProcessors = 2;          // of most functions: with more in the machine the files are made ahead

int MakeFile(const char* place, uint32_t owner) {
  const UniqueFd file(open(kMaking, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444));
  if (!file) return errno;
  int error = fchown(file.get(), owner, owner) == 0 ? 0 : errno;
  if (error == 0 && mount(kMaking, place, nullptr, MS_BIND, nullptr) != 0) error = errno;
  unlink(kMaking);
  return error;
}

// For good: the mount is read-only then.
int Fill(const char* place, const std::string& text) {
  UniqueFd file(open(place, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return errno;
  if (const int error = WriteTo(file.get(), text)) return error;
  file.Reset();  // what is open for writing keeps a mount writable
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  return mount_setattr(AT_FDCWD, place, AT_SYMLINK_NOFOLLOW, &read_only, sizeof read_only) == 0 ? 0 : errno;
}

void AddLine(std::string& text, std::string name, uint64_t kibibytes) {
  const std::string value = std::to_string(kibibytes);
  name += ':';
  name.resize(std::max<size_t>(24 - std::min<size_t>(value.size(), 8), name.size() + 1), ' ');
  text += name + value + " kB\n";
}

std::string Memory(uint64_t bytes) {
  const uint64_t all = bytes >> 10;
  std::string text;
  for (const char* name : {"MemTotal", "MemFree", "MemAvailable"}) AddLine(text, name, all);
  for (const char* name : {"Buffers", "Cached", "SwapCached", "Active", "Inactive", "SwapTotal", "SwapFree", "Dirty", "Writeback", "AnonPages",
                           "Mapped", "Shmem", "Slab", "SReclaimable", "SUnreclaim", "PageTables"}) {
    AddLine(text, name, 0);
  }
  return text;
}

// Blocks of lines, each with the empty line behind it.
std::vector<std::string> Blocks(const std::string& text) {
  std::vector<std::string> blocks;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find("\n\n", start), text.size() - 1);
    blocks.push_back(text.substr(start, end + 2 - start));
    start = end + 2;
  }
  return blocks;
}

}  // namespace

MachineView::MachineView(int proc_folder) : descriptions_(Blocks(ReadAt(proc_folder, "cpuinfo"))) {
  count_ = static_cast<uint32_t>(std::max<long>(1, sysconf(_SC_NPROCESSORS_ONLN)));
  const std::string statistics = ReadAt(proc_folder, "stat");
  const size_t boot_time = statistics.find("btime ");
  if (boot_time != std::string::npos) boot_time_ = statistics.substr(boot_time, statistics.find('\n', boot_time) + 1 - boot_time);
}

int MachineView::MakeFiles(uint32_t owner) const {
  if (const int error = MakeFile(kMemory, owner)) return error;
  if (count_ <= kUsualProcessors) return 0;
  if (const int error = MakeFile(kProcessors, owner)) return error;
  return MakeFile(kStatistics, owner);
}

int MachineView::Show(uint64_t memory_bytes, uint32_t processors, uint32_t owner) const {
  if (const int error = Fill(kMemory, Memory(memory_bytes))) return error;
  const bool has_files = count_ > kUsualProcessors;
  for (const char* place : {kProcessors, kStatistics}) {
    if (has_files && !HidesProcessors(processors) && umount2(place, MNT_DETACH | UMOUNT_NOFOLLOW) != 0) return errno;
    if (!HidesProcessors(processors)) continue;
    if (const int error = has_files ? 0 : MakeFile(place, owner)) return error;
    if (const int error = Fill(place, place == kProcessors ? Processors(processors) : Statistics(processors))) return error;
  }
  return 0;
}

std::string MachineView::Processors(uint32_t processors) const {
  std::string text;
  for (size_t i = 0; i < processors && i < descriptions_.size(); ++i) text += descriptions_[i];
  return text;
}

std::string MachineView::Statistics(uint32_t processors) const {
  constexpr const char* kTimes = " 0 0 0 0 0 0 0 0 0 0\n";
  std::string text = std::string("cpu ") + kTimes;
  for (uint32_t i = 0; i < processors; ++i) text += "cpu" + std::to_string(i) + kTimes;
  return text + "intr 0\nctxt 0\n" + boot_time_ + "processes 0\nprocs_running 1\nprocs_blocked 0\nsoftirq 0\n";
}

void MachineView::Confine(pid_t pid, uint32_t processors, uint32_t slot) const {
  cpu_set_t all, chosen;
  if (!HidesProcessors(processors) || sched_getaffinity(0, sizeof all, &all) != 0) return;
  std::vector<int> numbers;
  for (int number = 0; number < CPU_SETSIZE; ++number) {
    if (CPU_ISSET(number, &all)) numbers.push_back(number);
  }
  CPU_ZERO(&chosen);
  for (uint64_t i = 0; i < processors; ++i) CPU_SET(numbers[(uint64_t{slot} * processors + i) % numbers.size()], &chosen);
  sched_setaffinity(pid, sizeof chosen, &chosen);
}

}  // namespace mayfly::jail
