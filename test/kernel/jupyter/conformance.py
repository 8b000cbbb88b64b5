"""jupyter_kernel_test with every sample set, so that nothing is skipped. Run by conformance.test.ts."""

import unittest

import jupyter_kernel_test as jkt


class KernelTests(jkt.KernelTests):
    kernel_name = "autoagent"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    completion_samples = [{"text": "Number.isSafeI", "matches": {"isSafeInteger"}}]
    complete_code_samples = ["1 + 1", "const f = (x: number): number => {\n  return x;\n}"]
    incomplete_code_samples = ["function f() {", "const text = `one\n", "f("]
    invalid_code_samples = ["let let = 3 +* 2", "x y z", ")"]
    code_page_something = "parseInt?"
    code_generate_error = "throw new RangeError('boom')"
    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "[1, 2, 3].map((n) => n * n)", "result": "[ 1, 4, 9 ]"},
    ]
    code_display_data = [{"code": "await display(html`<b>test</b>`)", "mime": "text/html"}]
    code_history_pattern = "1?+?2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "parseInt"
    code_clear_output = "clear()"


class WelcomeTests(jkt.IopubWelcomeTests):
    kernel_name = "autoagent"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
