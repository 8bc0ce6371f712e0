"""Starts Mayfly's Python runtime client.

Run as `python3.x -S /var/runtime/python/bootstrap.py` (`-I -S` works too, and then ignores PYTHON* variables other than
PYTHONPATH), with the environment variables of a Lambda function. `-S` saves the 5 ms of site; what functions use of it (exit(),
sitecustomize.py on a PYTHONPATH of their own) is done here.

sys.path afterwards: the function's folder, the layers' folders, PYTHONPATH, this folder, the standard library, boto3.
"""

import os
import sys

RUNTIME_FOLDER = os.path.dirname(os.path.abspath(__file__))
LAYER_FOLDER = "/opt/python"
SDK_FOLDER = os.path.join(os.path.dirname(RUNTIME_FOLDER), "sdk", "python")  # boto3, last: every other version wins


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


def _forget_shadowed_modules(names, preloaded):
    shadowed = {name.partition(".")[0] for name in names} & preloaded
    if shadowed:
        for name in [name for name in sys.modules if name.partition(".")[0] in shadowed]:
            del sys.modules[name]


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


def run(library, variables, logs=None, preloaded=frozenset()):
    """Runs the function of this environment, whose streams are open; ends by SystemExit. `variables` are the environment's,
    `library` and `logs` as in invoke_loop.run. Of the modules in `preloaded` (top-level names) those that the function packs
    itself are forgotten."""
    from mayfly_client import invoke_loop
    packages = package_folders(variables)
    named = _python_path(variables)
    folders = dict.fromkeys(packages + named)
    folders.pop(RUNTIME_FOLDER, None)
    for folder in folders:
        folders[folder] = names = _names_in(folder)
        _forget_shadowed_modules(names, preloaded)
    sys.path[:] = [*folders, RUNTIME_FOLDER, *library, SDK_FOLDER]
    _run_site_customization([folders.get(folder, ()) for folder in named])
    for folder in packages:
        _obey_path_files(folder, folders.get(folder, ()))
    invoke_loop.run(library, variables, logs)


def main():
    forget_coerced_locale()
    variables = dict(os.environ)
    library = standard_library(variables)
    sys.path[:] = [RUNTIME_FOLDER] + library
    from mayfly_client import invoke_loop  # with json and its needs: before the function can shadow them
    add_site_builtins()
    open_standard_streams()
    run(library, variables)


if __name__ == "__main__":
    main()
