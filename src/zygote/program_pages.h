// What children need of the interpreter's program and of the C library.
//
// A fork does not copy the page tables of what is only read from a file: each child finds those pages again, one fault after the
// other. It copies those of a mapping in which a page was written.
#pragma once

namespace mayfly::zygote {

// Writes what is there already into one page of each such mapping, so that children begin with the pages that this process has
// used. Once, before the first fork; where the system refuses it, children take faults.
void ShareProgramPages();

}  // namespace mayfly::zygote
