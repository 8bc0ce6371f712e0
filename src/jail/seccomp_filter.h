// The system calls that a function may make.
//
// An allow-list: what Python, Node.js, the JVM, Go, Rust and Ruby need. Nothing is killed: what is known and dangerous
// fails with EPERM, everything else (also calls newer than this file) with ENOSYS, so that libraries fall back.
// Built once at the jail's start as classic BPF: a binary search over ranges of numbers, then a check of arguments for the
// few calls that need one.
#pragma once

#include <linux/filter.h>

#include <vector>

namespace mayfly::jail {

// The program for this machine's architecture, at most BPF_MAXINSNS instructions.
std::vector<sock_filter> BuildSeccompFilter();

}  // namespace mayfly::jail
