"""Finds the handler that _HANDLER names: "module.function", "package.module.function" or "folder/module.function"."""

import sys

from .function_errors import RuntimeFault


def load(name):
    """Imports the module and returns the handler.

    Raises RuntimeFault for the failures that have a name of the runtime (Runtime.ImportModuleError and so on); whatever else
    the module raises while it is imported passes through, SystemExit included.
    """
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise RuntimeFault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (name, error))
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise RuntimeFault("Runtime.BuiltInModuleConflict",
                           "Cannot use built-in module %s as a handler module" % module_name)
    module = _import(module_name)
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise RuntimeFault("Runtime.HandlerNotFound",
                           "Handler '%s' missing on module '%s'" % (function_name, module_name))


def _import(module_name):
    import importlib
    try:
        return importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise RuntimeFault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error))
    except SyntaxError as error:
        place = '  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)
        raise RuntimeFault("Runtime.UserCodeSyntaxError",
                           "Syntax error in module '%s': %s" % (module_name, error), [place])
