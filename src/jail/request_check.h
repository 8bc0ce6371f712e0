// Is a request of the daemon well-formed? (sandbox/jail_protocol.h says what each operation uses.)
#pragma once

#include "sandbox/jail_protocol.h"

namespace mayfly::jail {

// Every field: used ones in range, others zero, exactly the right number of descriptors. Says nothing about what exists.
bool IsWellFormed(const sandbox::JailRequest& request, int descriptors);

}  // namespace mayfly::jail
