#include "zygote/thread_identity.h"

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mayfly::zygote {

ThreadIdentity::ThreadIdentity() {
  // The kernel clears the thread id at exit, so it knows where the library keeps it.
  if (prctl(PR_GET_TID_ADDRESS, &thread_id_, 0, 0, 0) != 0) thread_id_ = nullptr;
  if (thread_id_ != nullptr && *thread_id_ != static_cast<int>(syscall(SYS_gettid))) thread_id_ = nullptr;
  if (syscall(SYS_get_robust_list, 0, &robust_list_, &robust_list_bytes_) != 0) robust_list_ = nullptr;
}

uint64_t ThreadIdentity::clone_flags() const { return thread_id_ == nullptr ? 0 : CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID; }

void ThreadIdentity::RestoreInChild() const {
  if (robust_list_ != nullptr) syscall(SYS_set_robust_list, robust_list_, robust_list_bytes_);
}

}  // namespace mayfly::zygote
