#include "zygote/heap.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

namespace mayfly::zygote {
namespace {

constexpr int kBlocksMax = 100'000;  // of one size: an allocator of another kind is not searched for ever

// Python's allocator: blocks of up to 512 bytes in pools of one size; the first block of a pool tells that a new one was begun.
void FillPoolGaps(void* (*allocate)(size_t)) {
  constexpr size_t kStep = 16, kSizeMax = 512;
  constexpr uintptr_t kPoolBytes = 16 << 10, kPoolHeaderBytes = 48;
  for (size_t size = kStep; size <= kSizeMax; size += kStep) {
    for (int i = 0; i < kBlocksMax; ++i) {
      const auto block = reinterpret_cast<uintptr_t>(allocate(size));
      if (block == 0 || block % kPoolBytes == kPoolHeaderBytes) break;
    }
  }
}

// The C library's: whatever does not come from the end of its heap was a gap.
void FillMallocGaps() {
  constexpr size_t kStep = 16, kSmall = 4096, kSizeMax = 64 << 10, kChunkHeaderBytes = 64;
  for (size_t size = kSizeMax; size >= kStep; size = size > kSmall ? size / 2 : size - kStep) {
    for (int i = 0; i < kBlocksMax; ++i) {
      auto* block = static_cast<char*>(malloc(size));
      if (block == nullptr) return;
      const char* end_of_heap = static_cast<char*>(sbrk(0)) - mallinfo2().keepcost;
      if (block + size + kChunkHeaderBytes < end_of_heap) continue;
      free(block);
      break;
    }
  }
}

}  // namespace

void FillHeapGaps() {
  const auto python_allocate = reinterpret_cast<void* (*)(size_t)>(dlsym(RTLD_DEFAULT, "PyObject_Malloc"));
  if (python_allocate != nullptr) FillPoolGaps(python_allocate);
  FillMallocGaps();
}

}  // namespace mayfly::zygote
