# SPDX-License-Identifier: BSD-2-Clause
"""hopsonde_schema: the JSON Schema of hopsonde's reports, for the test programs in this folder."""
import json
import os
import sys

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PATH = os.path.join(TOP, "src", "report", "json", "hopsonde.schema.json")


def is_root():
    """Whether packages can be installed here: root, and not of a user namespace only."""
    try:
        with open("/proc/self/uid_map") as uid_map:
            return os.getuid() == 0 and uid_map.read().split() == ["0", "0", "4294967295"]
    except OSError:
        return os.getuid() == 0


try:
    import jsonschema
except ImportError:
    jsonschema = None


def require(status):
    """Ends the program if the validator is missing: as a failure where scripts/test would have installed it, else as a
    test that is skipped, with this exit status."""
    if jsonschema:
        return
    if is_root():
        print("Bail out! python3-jsonschema is missing (apt-get install python3-jsonschema)")
        sys.exit(1)
    print("1..0 # SKIP needs python3-jsonschema")
    sys.exit(status)


def load():
    with open(PATH) as file:
        return json.load(file)


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


def unique_keys(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return members


def parse(text):
    return json.loads(text, parse_constant=no_constant, object_pairs_hook=unique_keys)


def documents(text):
    """Yields line number and value: one of a document, one a line of jsonl. A document spreads over several lines, and
    each line of jsonl is an object with a type."""
    if text.startswith('{"type"'):
        for number, line in enumerate(text.splitlines(), 1):
            yield number, parse(line)
    else:
        yield 1, parse(text)


class Validator:
    def __init__(self, schema):
        jsonschema.Draft202012Validator.check_schema(schema)
        self.validator = jsonschema.Draft202012Validator(schema)

    def error_of(self, value):
        """The first error, with its path, or None."""
        for error in self.validator.iter_errors(value):
            path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
            message = error.message
            if len(message) > 200:
                message = f"{message[:100]} ... {message[-100:]}"
            return f"${path}: {message}"
        return None

    def error_in(self, text):
        """The first error in a document or in lines, or None."""
        try:
            for line, value in documents(text):
                error = self.error_of(value)
                if error:
                    return f"line {line}, {error}" if "type" in value else error
        except ValueError as error:
            return f"not well-formed: {error}"
        return None
