/* libmayfly_zygote: turns a trusted interpreter into one that forks into cages. Plain C ABI, for ctypes and the like. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* Serves `control_fd` (sandbox/zygote_protocol.h): tells the jail that this process is ready, then forks for every request.
 *
 * Returns in each child, which is then inside its cage, without any privilege, with its standard descriptors in place and no
 * others but the returned one: the configuration memfd (jail_protocol.h, ProcessConfiguration), not close-on-exec.
 * Returns -1 in the calling process when the jail has gone or has said something senseless.
 *
 * The caller holds the interpreter's lock (ctypes.PyDLL) and has one thread. Python's PyOS_BeforeFork and
 * PyOS_AfterFork_* are called when the process has them. */
int mayfly_zygote_serve(int control_fd);

#ifdef __cplusplus
}
#endif
