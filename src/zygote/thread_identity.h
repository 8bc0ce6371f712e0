// What the C library remembers about the calling thread, and must be told after a clone3 that it did not make itself.
#pragma once

#include <cstdint>

namespace mayfly::zygote {

// Made before the clone, in the parent's only thread. The child's copy of the library then knows its own thread id (raise, abort,
// recursive locks) and its robust locks are registered again.
class ThreadIdentity {
 public:
  ThreadIdentity();
  // CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID, or 0 when the place is unknown (a kernel without checkpoint support).
  uint64_t clone_flags() const;
  uint64_t address() const { return reinterpret_cast<uint64_t>(thread_id_); }
  void RestoreInChild() const;

 private:
  int* thread_id_ = nullptr;
  void* robust_list_ = nullptr;
  unsigned long robust_list_bytes_ = 0;
};

}  // namespace mayfly::zygote
