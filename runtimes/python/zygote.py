"""The Python zygote: a trusted parent that forks execution environments with the standard library already loaded.

Run as `<interpreter> -I -S /var/runtime/python/zygote.py <control_fd>` with LC_ALL=C.UTF-8. It stays single-threaded and runs no
function code. libmayfly_zygote.so serves the control descriptor: it forks for every request and returns in the child, which is then
inside its cage, without privileges and with its standard descriptors in place, the descriptor of the configuration:

    u32 argc, u32 envc (little-endian), then NUL-terminated strings: argc arguments, envc "NAME=value", working directory

In the parent it returns -1 when the control descriptor ends. The child makes itself equal to a fresh interpreter that
was started with these arguments, and runs starting.run().

What a function sees in sys.modules is what AWS's client would have loaded. The other preloads are put aside: the finder of the folder that
one comes from hands it out when it is asked, so that every folder in front of the standard library, whenever the function adds it,
wins as it would over a module that has to be loaded.
Variables that an interpreter reads while it starts (PYTHONHASHSEED, PYTHONMALLOC, LD_PRELOAD …) have no effect here; the
platform starts functions that set one by exec.
"""

import sys

sys.path.insert(0, __file__.rpartition("/")[0])
import starting  # noqa: E402
sys.path.pop(0)
del sys.modules["starting"]  # a function may have one
# What preloads want done when a process forks is for forks of the function: it would cost each child much, and all of it is fresh.
FORK_HANDLERS = []
register_at_fork = starting.os.register_at_fork
starting.os.register_at_fork = lambda **handlers: FORK_HANDLERS.append(handlers)
starting.import_before_functions()
VISIBLE = frozenset(sys.modules)  # to functions; the imports below are not

import gc  # noqa: E402
import os  # noqa: E402
import struct  # noqa: E402
from importlib.machinery import FileFinder, ModuleSpec  # noqa: E402

LIBRARY = "/var/runtime/zygote/libmayfly_zygote.so"
CONFIGURATION_BYTES_MAX = 1 << 20
DEFAULT_TIME_ZONE = ":UTC"  # of functions that set none

# Chosen by what handlers import most against 0.055 µs of fork for each resident page. Not here: asyncio (2.9 MB, few
# handlers), multiprocessing (its import draws an authentication key, which children must not share).
PRELOADS = (
    "json", "logging", "re", "datetime", "time", "base64", "hashlib", "hmac", "uuid", "random", "secrets", "decimal",
    "math", "string", "struct", "copy", "collections", "collections.abc", "functools", "itertools", "operator", "contextlib",
    "typing", "dataclasses", "enum", "pathlib", "traceback", "importlib", "importlib.util", "warnings", "weakref", "types",
    "io", "gzip", "zlib", "tempfile", "shutil", "subprocess", "signal", "threading", "queue", "concurrent.futures",
    "socket", "ssl", "http.client", "urllib.parse", "urllib.request", "urllib.error", "email.utils", "textwrap", "inspect", "csv",
    "calendar", "zoneinfo", "_strptime", "encodings.idna", "encodings.utf_8", "encodings.latin_1", "encodings.ascii",
)


class Configuration(object):
    """What a child is to become: `arguments` and `working_directory` as str, `environment` as a dict."""

    def __init__(self, arguments, environment, working_directory):
        self.arguments = arguments
        self.environment = environment
        self.working_directory = working_directory


def parse_configuration(data):
    """The Configuration in `data` (bytes). Raises ValueError when it is cut off or has something left over."""
    if len(data) < 8:
        raise ValueError("configuration cut off")
    argument_count, variable_count = struct.unpack_from("<II", data)
    texts = data[8:].decode("utf-8", "surrogateescape").split("\0")
    if len(texts) != argument_count + variable_count + 2 or texts[-1]:
        raise ValueError("configuration has %d strings, not %d" % (len(texts) - 1, argument_count + variable_count + 1))
    variables = [text.partition("=")[::2] for text in texts[argument_count:-2]]
    return Configuration(texts[:argument_count], dict(variables), texts[-2])


def read_configuration(descriptor):
    """Reads the configuration from a memory file and closes it."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size > CONFIGURATION_BYTES_MAX:
        raise ValueError("configuration larger than %d bytes" % CONFIGURATION_BYTES_MAX)
    data = os.pread(descriptor, size, 0)
    os.close(descriptor)
    return parse_configuration(data)


class AsideLoader(object):
    """Hands out a module that is loaded already."""

    def __init__(self, modules, module):
        self._modules = modules
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec):
        return self._module

    def exec_module(self, module):
        module.__spec__ = self._spec
        self._modules.pop(self._spec.name, None)

    def __getattr__(self, name):
        return getattr(self._spec.loader, name)


class AsideFinder(FileFinder):
    """The finder of one folder, with the modules from there that are loaded and put aside. Each is handed out once: what is imported again,
    after the function has removed it, is loaded again."""

    def __init__(self, finder):
        self.__dict__.update(finder.__dict__)
        self.modules = {}

    def find_spec(self, fullname, target=None):
        module = self.modules.get(fullname)
        if module is None:
            return super().find_spec(fullname, target)
        own = module.__spec__
        spec = ModuleSpec(fullname, AsideLoader(self.modules, module), origin=own.origin)
        spec.submodule_search_locations = own.submodule_search_locations
        spec.has_location = own.has_location
        return spec


class Zygote(object):
    """One per process. Preload() once, then Serve()."""

    def __init__(self):
        self.invoke_loop = None
        self.logs = None
        self.main = None  # the module of the script that a fresh interpreter would run
        self.library = []  # the standard library's part of sys.path
        self.own = {}  # modules by name that a child needs before the function runs

    def preload(self):
        """Loads everything that children share, makes what is the same in each of them, and keeps the collector from touching
        (and so copying) it. What a child touches first costs it a page fault and a page: so little as possible is left to do there."""
        gc.disable()
        _reset_signals()
        self.library = list(sys.path)
        self.invoke_loop, function_logs, rehearsal = starting.import_client("invoke_loop", "function_logs", "rehearsal")
        self.logs = function_logs.FunctionLogs()
        self.logs.set_up(sys.modules["logging"])
        starting.add_site_builtins()
        for name in PRELOADS:
            _import_if_there(name)
        os.register_at_fork = register_at_fork
        _make_standard_streams()
        _clear_environment()
        for folder in starting.package_folders({}) + [os.path.dirname(starting.RUNTIME_FOLDER)]:
            _prepare_finder(folder)
        rehearsal.rehearse(self.logs)
        self.own = {name: sys.modules[name] for name in ("random", "uuid", "tempfile")}
        self.main = type(sys)("__main__")
        self.main.__file__ = os.path.join(starting.RUNTIME_FOLDER, "bootstrap.py")
        _put_aside()
        gc.collect()
        gc.freeze()

    def serve(self, control_descriptor, fork_for_requests):
        """Returns in the parent when `control_descriptor` ends; becomes the function in each child.

        `fork_for_requests(control_descriptor)` returns the configuration's descriptor in a child, -1 in the parent.
        """
        descriptor = fork_for_requests(control_descriptor)
        if descriptor < 0:
            return
        configuration = read_configuration(descriptor)
        self.become(configuration)
        starting.run(self.invoke_loop, self.library, configuration.environment, self.logs)

    def become(self, configuration):
        """Makes this child what a fresh interpreter would be."""
        gc.enable()
        sys.modules["_signal"].pthread_sigmask(sys.modules["_signal"].SIG_SETMASK, ())
        _take_environment(configuration.environment)
        for handlers in FORK_HANDLERS:
            os.register_at_fork(**handlers)
        self._reseed()
        self._forget_clock_and_identity()
        sys.argv[:] = _script_arguments(configuration.arguments)
        if hasattr(sys, "orig_argv"):
            sys.orig_argv[:] = configuration.arguments
        sys.dont_write_bytecode = bool(configuration.environment.get("PYTHONDONTWRITEBYTECODE"))
        sys.modules["__main__"] = self.main
        os.chdir(configuration.working_directory)

    def _reseed(self):
        # OpenSSL seeds itself at its first use, and no preload uses it: a generator that was seeded here would give every child the same
        # numbers, because OpenSSL notices a fork by its process id and every child is the same small number in its own namespace.
        self.own["random"].seed()

    def _forget_clock_and_identity(self):
        import time
        uuid = self.own["uuid"]
        uuid._node = None
        uuid._last_timestamp = None
        tempfile = self.own["tempfile"]
        tempfile._name_sequence = None
        tempfile.tempdir = None
        logging = sys.modules["logging"]
        logging._startTime = type(logging._startTime)(time.time_ns() if isinstance(logging._startTime, int) else time.time())


def _import_if_there(name):
    try:
        __import__(name)
    except ImportError:  # newer than this interpreter, or left out of its build
        pass


def _put_aside():
    """Leaves in sys.modules what functions would find there in a fresh interpreter."""
    sys.modules.pop("zygote", None)
    for name, module in list(sys.modules.items()):
        if name in VISIBLE or name in sys.builtin_module_names or name == "__main__":
            continue
        finder = _finder_of(module)
        if finder is not None:
            finder.modules[name] = module
            del sys.modules[name]


def _finder_of(module):
    """The finder that would load it; None for modules that come from no folder."""
    spec = getattr(module, "__spec__", None)
    if spec is None or not spec.has_location or not spec.origin:
        return None
    folder = os.path.dirname(spec.origin)
    if spec.submodule_search_locations is not None:
        folder = os.path.dirname(folder)
    finder = sys.path_importer_cache.get(folder)
    if not isinstance(finder, FileFinder):
        return None
    if not isinstance(finder, AsideFinder):
        finder = sys.path_importer_cache[folder] = AsideFinder(finder)
    return finder


def _script_arguments(arguments):
    for index, argument in enumerate(arguments):
        if argument.endswith("bootstrap.py"):
            return arguments[index:]
    return arguments


def _clear_environment():
    """Leaves DEFAULT_TIME_ZONE alone, as most functions have it: for them the zone's file is read only once, here."""
    for name in list(os.environ):
        del os.environ[name]
    os.environ["TZ"] = DEFAULT_TIME_ZONE
    sys.modules["time"].tzset()


def _take_environment(variables):
    """In a child, after _clear_environment in its parent."""
    environment = os.environ
    for name in variables:
        environment[name] = variables[name]
    if variables.get("TZ") != DEFAULT_TIME_ZONE:
        if "TZ" not in variables:
            del environment["TZ"]
        sys.modules["time"].tzset()


def _prepare_finder(folder):
    """What the first import from `folder` would make; it looks into the folder when it is asked."""
    machinery = sys.modules["importlib.machinery"]
    sys.path_importer_cache[folder] = machinery.FileFinder(
        folder, (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES), (machinery.SourceFileLoader, machinery.SOURCE_SUFFIXES),
        (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES))


def _reset_signals():
    """Every signal as in a fresh interpreter, also where whoever started the zygote ignored one. Children inherit it."""
    import _signal
    own = (_signal.SIGINT, _signal.SIGPIPE, getattr(_signal, "SIGXFSZ", 0))
    for number in range(1, _signal.NSIG):
        if number not in own and _signal.getsignal(number) not in (_signal.SIG_DFL, None):
            _signal.signal(number, _signal.SIG_DFL)
    _signal.signal(_signal.SIGINT, _signal.default_int_handler)


def _make_standard_streams():
    """The objects of the three streams, as they are on a null device and on pipes, which are not there yet: the child's descriptors
    have the same numbers."""
    saved = [os.dup(descriptor) for descriptor in range(3)]
    null = os.open(os.devnull, os.O_RDONLY)
    reading, writing = os.pipe()
    for descriptor, source in enumerate((null, writing, writing)):
        os.dup2(source, descriptor)
    for name, descriptor, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        stream = open(descriptor, mode, encoding="utf-8", closefd=False,
                      errors="strict" if name == "stdin" else "backslashreplace", buffering=1 if mode == "w" else -1)
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)
    for descriptor, copy in enumerate(saved):
        os.dup2(copy, descriptor)
    for descriptor in saved + [null, reading, writing]:
        os.close(descriptor)


def main(arguments):
    """The program. Exits 0 when the control descriptor ends."""
    import ctypes
    library = ctypes.PyDLL(LIBRARY)  # PyDLL keeps the interpreter's lock: the fork happens with it held
    fork_for_requests = library.mayfly_zygote_serve
    fork_for_requests.argtypes = [ctypes.c_int]
    fork_for_requests.restype = ctypes.c_int
    zygote = Zygote()
    zygote.preload()
    zygote.serve(int(arguments[1]), fork_for_requests)


if __name__ == "__main__":
    main(sys.argv)
