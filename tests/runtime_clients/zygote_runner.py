"""Starts a function by the zygote without its C library: the fork is os.fork, the configuration a memory file.

Usage: <interpreter> -I -S zygote_runner.py <runtimes/python> <working directory>; the environment of the function is this
process's own. The exit code is that of the function.
"""

import os
import struct
import sys

sys.path.insert(0, sys.argv[1])
import zygote  # noqa: E402
sys.path.pop(0)


def configuration(arguments, variables, folder):
    strings = list(arguments) + ["%s=%s" % pair for pair in variables.items()] + [folder]
    return struct.pack("<II", len(arguments), len(variables)) + b"".join(os.fsencode(s) + b"\0" for s in strings)


def main():
    variables, folder = dict(os.environ), sys.argv[2]
    os.environ.clear()
    os.environ["ZYGOTE_ONLY"] = "must not be seen by the function"
    os.chdir("/")
    parent = zygote.Zygote()
    parent.preload()
    children = []

    def fork_for_requests(control_descriptor):
        child = os.fork()
        if child:
            children.append(child)
            return -1
        descriptor = os.memfd_create("configuration")
        os.write(descriptor, configuration([sys.executable, "/var/runtime/python/bootstrap.py"], variables, folder))
        return descriptor

    parent.serve(0, fork_for_requests)
    _, status = os.waitpid(children[0], 0)
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    main()
