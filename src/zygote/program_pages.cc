#include "zygote/program_pages.h"

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>

namespace mayfly::zygote {
namespace {

constexpr uintptr_t kPageBytes = 4096;

void Touch(uintptr_t begin, uintptr_t end, int protection) {
  auto* first = reinterpret_cast<volatile char*>(begin);
  if (mprotect(reinterpret_cast<void*>(begin), end - begin, protection | PROT_WRITE) != 0) return;
  *first = *first;
  mprotect(reinterpret_cast<void*>(begin), end - begin, protection);
}

bool Holds(const dl_phdr_info& object, const void* address) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object.dlpi_phdr[i];
    if (segment.p_type == PT_LOAD && reinterpret_cast<uintptr_t>(address) - (object.dlpi_addr + segment.p_vaddr) < segment.p_memsz) return true;
  }
  return false;
}

int TouchObject(dl_phdr_info* object, size_t, void* interpreter) {
  if (!Holds(*object, interpreter) && !Holds(*object, reinterpret_cast<void*>(&mallinfo2))) return 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
    Touch(begin / kPageBytes * kPageBytes, (begin + segment.p_memsz + kPageBytes - 1) / kPageBytes * kPageBytes,
          PROT_READ | ((segment.p_flags & PF_X) != 0 ? PROT_EXEC : 0));
  }
  return 0;
}

}  // namespace

void ShareProgramPages() { dl_iterate_phdr(TouchObject, dlsym(RTLD_DEFAULT, "PyObject_Malloc")); }

}  // namespace mayfly::zygote
