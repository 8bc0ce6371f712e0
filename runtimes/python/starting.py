"""The start of Mayfly's Python runtime client, for bootstrap.py and for the zygote.

By exec: `python3.x -S /var/runtime/python/bootstrap.py` (`-I -S` works too, and then ignores PYTHON* variables other than
PYTHONPATH), with the environment variables of a Lambda function. `-S` saves the 5 ms of site; what functions use of it (exit(),
sitecustomize.py on a PYTHONPATH of their own) is done here.

sys.path afterwards: the function's folder, the layers' folders, PYTHONPATH, the standard library, boto3. The client itself stands neither
there nor in sys.modules: a function may have modules of any name.
"""

import os
import sys

RUNTIME_FOLDER = os.path.dirname(os.path.abspath(__file__))
LAYER_FOLDER = "/opt/python"
CLIENT = "mayfly_client"
# What AWS's client has imported when it loads a function. These modules and those that they load are the standard library's, whatever
# the function packs; every other name is the function's own first.
IMPORTED_BEFORE_FUNCTIONS = ("__future__", "site", "json", "logging", "decimal", "enum", "importlib", "math", "time", "traceback")


def _sdk_folder():
    """Where boto3 is: of this version, where the newest one does not support it any more, else everybody's."""
    folder = os.path.join(os.path.dirname(RUNTIME_FOLDER), "sdk", "python")
    own = folder + "%d.%d" % sys.version_info[:2]
    return own if os.path.isdir(own) else folder


SDK_FOLDER = _sdk_folder()  # last on sys.path: every other version wins


def standard_library(variables):
    """The entries of the interpreter's own path: no script folder, no PYTHONPATH, no site-packages."""
    given = set(_python_path(variables)) | {RUNTIME_FOLDER, SDK_FOLDER, ""}
    return [entry for entry in sys.path if entry not in given and not entry.endswith("-packages")]


def package_folders(variables):
    """Where the function and its layers keep packages."""
    own = "python%d.%d" % sys.version_info[:2]
    named = variables.get("AWS_EXECUTION_ENV", "").rpartition("_")[2]
    # A layer made for the identifier that the function names is found although another version runs.
    versions = [named, own] if named.startswith("python3.") and named != own else [own]
    layers = [LAYER_FOLDER + "/lib/" + version + "/site-packages" for version in versions]
    return [variables.get("LAMBDA_TASK_ROOT", "/var/task")] + layers + [LAYER_FOLDER]


def _python_path(variables):
    return [entry for entry in variables.get("PYTHONPATH", "").split(os.pathsep) if entry]


def _names_in(folder):
    if not os.access(folder, os.R_OK):  # far cheaper than an exception
        return ()
    try:
        return os.listdir(folder)
    except OSError:  # not a folder
        return ()


def add_site_builtins():
    """exit, quit and help, which functions may call and which site would have made."""
    import builtins
    if hasattr(builtins, "exit"):
        return
    import _sitebuiltins
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()


def import_before_functions():
    for name in IMPORTED_BEFORE_FUNCTIONS:
        __import__(name)


def import_client(*names):
    """The client's modules of these names, of which no trace is left where functions look for theirs."""
    sys.path.insert(0, RUNTIME_FOLDER)
    package = __import__(CLIENT, fromlist=names)
    sys.path.remove(RUNTIME_FOLDER)
    for name in [name for name in sys.modules if name.partition(".")[0] == CLIENT]:
        del sys.modules[name]
    for path in [path for path in sys.path_importer_cache if path.startswith(RUNTIME_FOLDER)]:
        del sys.path_importer_cache[path]
    return [getattr(package, name) for name in names]


def _is_standard(name, library):
    known = getattr(sys, "stdlib_module_names", None)  # from 3.10 on
    if known is not None:
        return name in known
    return any(os.path.exists(os.path.join(folder, name + ".py")) or os.path.isdir(os.path.join(folder, name)) for folder in library)


def _packs_standard_names(listings, library):
    return any(_is_standard(name.partition(".")[0], library) for names in listings for name in names)


def _run_site_customization(listings):
    """Imports sitecustomize if the function puts one on its PYTHONPATH, as instrumentation layers do."""
    if sys.flags.no_site and any("sitecustomize.py" in names for names in listings):
        import site
        site.execsitecustomize()


def _obey_path_files(folder, names):
    """Does what *.pth files beside the packages say, as in site-packages; AWS's runtime does it for these folders, too."""
    for name in names:
        if name.endswith(".pth"):
            import site
            site.addsitedir(folder)
            return


def open_standard_streams():
    """Line-buffered UTF-8 text on descriptors 1 and 2, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def forget_coerced_locale():
    """CPython sets LC_CTYPE by itself (PEP 538) where the locale that LANG names is not installed. What the function reads and
    hands on to its children are the variables that it was given."""
    if "LC_CTYPE" not in os.environ:
        return
    with open("/proc/self/environ", "rb") as file:
        if b"\0LC_CTYPE=" not in b"\0" + file.read():
            del os.environ["LC_CTYPE"]


def run(invoke_loop, library, variables, logs=None):
    """Runs the function of this environment, whose streams are open; ends by SystemExit. `invoke_loop` is the client's module of that name,
    `variables` are the environment's, `library` and `logs` as in invoke_loop.run."""
    packages = package_folders(variables)
    named = _python_path(variables)
    folders = dict.fromkeys(packages + named)
    for folder in folders:
        folders[folder] = _names_in(folder)
    # The slow part of what AWS's client imports waits until a function does, unless a module of its own could get in between.
    if "logging" not in sys.modules and _packs_standard_names(folders.values(), library):
        import_before_functions()
    sys.path[:] = [*folders, *library, SDK_FOLDER]
    _run_site_customization([folders.get(folder, ()) for folder in named])
    for folder in packages:
        _obey_path_files(folder, folders.get(folder, ()))
    invoke_loop.run(library, variables, logs)


def main():
    forget_coerced_locale()
    variables = dict(os.environ)
    library = standard_library(variables)
    sys.path[:] = library
    invoke_loop, = import_client("invoke_loop")  # with json and its needs: before the function can shadow them
    add_site_builtins()
    open_standard_streams()
    run(invoke_loop, library, variables)
