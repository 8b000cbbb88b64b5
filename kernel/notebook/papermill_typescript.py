"""papermill with TypeScript notebooks: its `-p` needs a translator, and it has no plug-in for one.

Use it in the place of the `papermill` command, with the same arguments:

    python papermill_typescript.py in.ipynb out.ipynb -k autoagent -p steps 9 -p name Ada

or `import papermill_typescript` before `papermill.execute_notebook(...)`. Values are assigned after the cell tagged
"parameters", which declares them with `let`; the types of that cell hold. Source: papermill 2, translators.py.
"""

import json
import math

from papermill.translators import Translator, papermill_translators


class TypeScriptTranslator(Translator):
    """Python values as TypeScript."""

    @classmethod
    def translate_none(cls, val):
        return "null"

    @classmethod
    def translate_int(cls, val):
        # Above this a number would be rounded.
        return str(val) if abs(val) <= 2**53 else f"{val}n"

    @classmethod
    def translate_float(cls, val):
        if math.isnan(val):
            return "NaN"
        if math.isinf(val):
            return "Infinity" if val > 0 else "-Infinity"
        return repr(val)

    @classmethod
    def translate_str(cls, val):
        return json.dumps(str(val))

    @classmethod
    def translate_list(cls, val):
        return "[" + ", ".join(cls.translate(item) for item in val) + "]"

    @classmethod
    def translate_tuple(cls, val):
        return cls.translate_list(val)

    @classmethod
    def translate_dict(cls, val):
        return "{ " + ", ".join(f"{json.dumps(str(key))}: {cls.translate(item)}" for key, item in val.items()) + " }"

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        return f"{name} = {str_val};"


for language in ("typescript", "autoagent"):
    papermill_translators.register(language, TypeScriptTranslator)

if __name__ == "__main__":
    from papermill.cli import papermill

    papermill()
