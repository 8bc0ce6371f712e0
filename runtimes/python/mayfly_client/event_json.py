"""Events and responses as JSON, with the results that AWS's Python client gives.

AWS encodes with simplejson; where that differs from the standard library, this module follows it: Decimal is
written as its digits (NaN as NaN), a namedtuple (anything with `_asdict`) is an object, bytes are UTF-8 text, NaN and Infinity
are written and not accepted. From python3.12 on, text is not escaped to ASCII.

The C encoder does the work. It cannot see a namedtuple inside a structure (a tuple to it), so a structure first
passes `marshal`, which accepts exact built-in types only and runs at C speed; whatever it refuses is encoded
by the Python encoder below.

Nesting: events of a thousand levels come through the platform, more than an interpreter's usual stack lets json follow. What json
gives up on is decoded and encoded in Python, with room for DEEP_CALLS further calls.
"""

import json
import json.scanner
import marshal
import sys
from json.encoder import encode_basestring, encode_basestring_ascii

_FIRST_UNESCAPED_MINOR = 12
DEEP_CALLS = 6000  # three for each level; so many fit into the stack of 8 MiB on every version


def _escapes_to_ascii(variables):
    prefix = "AWS_Lambda_python3."
    environment = variables.get("AWS_EXECUTION_ENV", "")
    minor = environment[len(prefix):] if environment.startswith(prefix) else ""
    return not (minor.isdigit() and int(minor) >= _FIRST_UNESCAPED_MINOR)


def _refuse_constant(name):
    raise ValueError("Expecting value, found " + name)


def _with_deep_stack(work, value):
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + DEEP_CALLS)
    try:
        return work(value)
    finally:
        sys.setrecursionlimit(limit)


def _decode_in_python(text):
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    decoder.scan_once = json.scanner.py_make_scanner(decoder)
    return decoder.decode(text)


class EventJson(object):
    """Encoder and decoder for one process; any thread may use it. `variables` are the environment's."""

    def __init__(self, variables):
        escape = _escapes_to_ascii(variables)
        self._encode_fast = json.JSONEncoder(ensure_ascii=escape, check_circular=True, default=_default).encode
        self._encode_text = encode_basestring_ascii if escape else encode_basestring
        self._decode = json.JSONDecoder(parse_constant=_refuse_constant).decode

    def decode(self, body):
        """The value of a JSON event (bytes). Raises ValueError."""
        text = body.decode("utf-8")
        text = text[1:] if text[:1] == "\ufeff" else text
        try:
            return self._decode(text)
        except RecursionError:
            return _with_deep_stack(_decode_in_python, text)

    def encode(self, value):
        """The JSON of any value, as bytes. Raises TypeError, ValueError, RecursionError or what the value's own methods raise."""
        try:
            text = self._encode(value)
        except RecursionError:
            text = _with_deep_stack(self._encode_slowly, value)
        # Half of a surrogate pair, as a cut text has it, is an escape again.
        return text.encode("utf-8", "backslashreplace")

    def _encode(self, value):
        if type(value) is str:
            return self._encode_text(value)
        if type(value) is not dict and type(value) not in _PLAIN:
            return self._encode_slowly(value)
        try:
            marshal.dumps(value, 2)
        except ValueError:
            return self._encode_slowly(value)
        try:
            return self._encode_fast(value)
        except TypeError:  # bytes as a key; everything else fails again with the same text
            return self._encode_slowly(value)

    def _encode_slowly(self, value):
        pieces = []
        self._append(pieces, value, set())
        return "".join(pieces)

    def _append(self, pieces, value, open_ids):
        scalar = self._scalar(value)
        if scalar is not None:
            pieces.append(scalar)
            return
        identity = id(value)
        if identity in open_ids:
            raise ValueError("Circular reference detected")
        open_ids.add(identity)
        as_dict = None if isinstance(value, (list, dict)) else getattr(value, "_asdict", None)
        if callable(as_dict):
            self._append_object(pieces, as_dict(), open_ids)
        elif isinstance(value, (list, tuple)):
            self._append_array(pieces, value, open_ids)
        elif isinstance(value, dict):
            self._append_object(pieces, value, open_ids)
        else:
            self._append(pieces, _default(value), open_ids)
        open_ids.discard(identity)

    def _append_array(self, pieces, values, open_ids):
        separator = "["
        for value in values:
            pieces.append(separator)
            self._append(pieces, value, open_ids)
            separator = ", "
        pieces.append("]" if separator == ", " else "[]")

    def _append_object(self, pieces, mapping, open_ids):
        separator = "{"
        for key, value in mapping.items():
            pieces.append(separator)
            pieces.append(self._key(key))
            pieces.append(": ")
            self._append(pieces, value, open_ids)
            separator = ", "
        pieces.append("}" if separator == ", " else "{}")

    def _scalar(self, value):
        if isinstance(value, str):
            return self._encode_text(value)
        if value is None:
            return "null"
        if value is True:
            return "true"
        if value is False:
            return "false"
        if isinstance(value, int):
            return int.__repr__(value)
        if isinstance(value, float):
            return _float_text(value)
        if isinstance(value, bytes):
            return self._encode_text(value.decode("utf-8"))
        return _decimal_text(value)

    def _key(self, key):
        if isinstance(key, str):
            return self._encode_text(key)
        text = None if _is_decimal(key) else self._scalar(key)
        if text is None:
            raise TypeError("keys must be str, int, float, bool or None, not " + type(key).__name__)
        return text if isinstance(key, bytes) else '"' + text + '"'


_PLAIN = frozenset((str, int, float, bool, type(None), list, tuple))


def _default(value):
    if isinstance(value, bytes):
        return value.decode("utf-8")
    raise TypeError("Object of type " + type(value).__name__ + " is not JSON serializable")


def _float_text(value):
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return float.__repr__(value)


def _is_decimal(value):
    decimal = sys.modules.get("decimal")  # a value can only be a Decimal when somebody has loaded the module
    return decimal is not None and isinstance(value, decimal.Decimal)


def _decimal_text(value):
    if not _is_decimal(value):
        return None
    return "NaN" if value.is_nan() else str(value)
