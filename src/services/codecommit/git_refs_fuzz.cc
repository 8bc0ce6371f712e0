// Files of repositories come from whoever pushes: whatever stands in them, references are read or passed over.
#include "services/codecommit/git_refs.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly::codecommit;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Refs refs;
  ReadPackedRefs(text, refs);
  for (const auto& [name, commit] : refs) {
    if (!IsRefName(name) || !IsCommitId(commit)) __builtin_trap();
  }
  if (const auto commit = ReadLooseRef(text); commit && !IsCommitId(*commit)) __builtin_trap();
  if (const std::string head = ReadHead(text); !head.empty() && !IsRefName(head)) __builtin_trap();
  return 0;
}
