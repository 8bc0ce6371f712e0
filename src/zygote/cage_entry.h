// A zygote's child on its way into a cage.
#pragma once

#include <linux/filter.h>

#include "sandbox/packet.h"

namespace mayfly::zygote {

// `descriptors`: pidfd of the cage's pid 1, configuration, stdout, stderr (and the cgroup folder). Joins the cage's
// namespaces, puts the standard descriptors in place, closes all others, and becomes the function's user. Returns the
// configuration's descriptor. A failure is written to the function's stderr and ends the process with code 126.
int BecomeFunction(const sandbox::PacketDescriptors& descriptors, const sock_fprog& filter);

}  // namespace mayfly::zygote
