#include "init/process_configuration.h"

#include <errno.h>
#include <sys/mman.h>

#include "init/system_calls.h"

namespace mayfly::init {
namespace {

constexpr long kBytesMax = 1 << 20;  // kConfigBytesMax

char* MapMemory(long bytes) {
  const long address = SystemCall(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return address < 0 && address > -4096 ? nullptr : reinterpret_cast<char*>(address);
}

// The file's bytes, copied so that nobody can change them while they are read. Sets `size`.
int ReadAll(int fd, char*& bytes, long& size) {
  bytes = MapMemory(kBytesMax + 1);
  if (bytes == nullptr) return ENOMEM;
  size = 0;
  while (size <= kBytesMax) {
    const long count = SystemCall(SYS_pread64, fd, Address(bytes + size), kBytesMax + 1 - size, size);
    if (count == 0) return 0;
    if (count < 0) return static_cast<int>(-count);
    size += count;
  }
  return E2BIG;
}

uint32_t ReadLittleEndian(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

int ReadProcessConfiguration(int fd, ProcessImage& image) {
  char* bytes = nullptr;
  long size = 0;
  if (const int error = ReadAll(fd, bytes, size)) return error;
  if (size < 8 || bytes[size - 1] != 0) return EINVAL;
  const uint64_t argument_count = ReadLittleEndian(bytes);
  const uint64_t variable_count = ReadLittleEndian(bytes + 4);
  // Every string takes a byte at least, so this also bounds the table of pointers.
  const uint64_t strings = argument_count + variable_count + 1;
  if (argument_count < 1 || strings > static_cast<uint64_t>(size - 8)) return EINVAL;

  char** table = reinterpret_cast<char**>(MapMemory(static_cast<long>((strings + 2) * sizeof(char*))));
  if (table == nullptr) return ENOMEM;
  image.arguments = table;
  image.environment = table + argument_count + 1;  // each list ends with a null, which fresh memory holds already
  uint64_t index = 0;
  long position = 8;
  for (; position < size && index < strings; ++index) {
    char* text = bytes + position;
    while (bytes[position] != 0) ++position;
    ++position;
    if (index < argument_count) image.arguments[index] = text;
    else if (index + 1 < strings) image.environment[index - argument_count] = text;
    else image.working_directory = text;
  }
  if (index != strings || position != size || image.arguments[0][0] == 0) return EINVAL;
  return 0;
}

}  // namespace mayfly::init
