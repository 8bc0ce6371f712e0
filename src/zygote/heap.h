// The heap of an interpreter that is about to be forked again and again.
#pragma once

namespace mayfly::zygote {

// Takes what is free between living objects, for good: what a child allocates then lies together in pages of its own, instead
// of in gaps all over pages that it shares and would have to copy, one by one. Costs a few hundred KiB, shared by all children.
void FillHeapGaps();

}  // namespace mayfly::zygote
