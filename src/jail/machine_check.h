#pragma once

#include <string>

namespace mayfly::jail {

// Whether this kernel lets the jail make user namespaces, tried once before anybody waits for a sandbox: "" or what is wrong, with a hint.
//
// Refused to everybody below a chroot, whatever their capabilities (unshare(2), EPERM): its root is not that of the mount namespace.
// Called by main, single-threaded, after the jail has moved into its house. Takes a child process; some 0.3 ms.
std::string CheckUserNamespaces();

}  // namespace mayfly::jail
