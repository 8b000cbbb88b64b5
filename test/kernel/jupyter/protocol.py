"""What a plain jupyter_client sees of input, history, silence, expressions, aborts and comms. Run by conformance.test.ts."""

import base64
import time
import unittest

from jupyter_client.manager import start_new_kernel


class Protocol(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.manager, cls.client = start_new_kernel(kernel_name="autoagent", startup_timeout=60)

    @classmethod
    def tearDownClass(cls):
        cls.client.stop_channels()
        cls.manager.shutdown_kernel()

    def until_idle(self, msg_id):
        seen = []
        while True:
            message = self.client.get_iopub_msg(timeout=20)
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if message["msg_type"] == "status":
                if message["content"]["execution_state"] == "idle":
                    return seen
            else:
                seen.append(message)

    def reply(self, msg_id):
        while True:
            message = self.client.get_shell_msg(timeout=20)
            if message["parent_header"].get("msg_id") == msg_id:
                return message["content"]

    def run_cell(self, code, answers=(), **options):
        msg_id = self.client.execute(code, allow_stdin=len(answers) > 0, **options)
        asked = []
        for answer in answers:
            request = self.client.get_stdin_msg(timeout=20)
            asked.append((request["content"]["prompt"], request["content"]["password"]))
            self.client.input(answer)
        return self.until_idle(msg_id), self.reply(msg_id), asked

    def text(self, seen):
        return "".join(m["content"]["text"] for m in seen if m["msg_type"] == "stream")

    def test_input_is_asked_and_question_and_answer_are_kept(self):
        seen, reply, asked = self.run_cell("const who = await input('Who?'); who", ["Ada"])
        self.assertEqual(asked, [("Who?", False)])
        self.assertEqual(self.text(seen), "Who? Ada\n")
        self.assertEqual(seen[-1]["content"]["data"]["text/plain"], "'Ada'")
        seen, _, asked = self.run_cell("await input('Secret', { password: true })", ["pw-7"])
        self.assertEqual(asked, [("Secret", True)])
        self.assertNotIn("pw-7", self.text(seen))

    def test_prompt_and_confirm_block_the_cell_until_they_are_answered(self):
        seen, _, asked = self.run_cell("[prompt('Name'), confirm('Sure?')]", ["Bo", "y"])
        self.assertEqual(asked, [("Name", False), ("Sure? [y/N]", False)])
        self.assertEqual(seen[-1]["content"]["data"]["text/plain"], "[ 'Bo', true ]")

    def test_a_question_nobody_can_answer_is_an_error(self):
        for code in ["await input('Who?')", "prompt('Who?')"]:
            _, reply, _ = self.run_cell(code)
            self.assertEqual(reply["ename"], "InputFailure", code)
            self.assertIn("takes no input", reply["evalue"])

    def test_an_interrupt_gives_up_a_question(self):
        for code in ["await input('Who?')", "prompt('Who?')"]:
            msg_id = self.client.execute(code, allow_stdin=True)
            self.client.get_stdin_msg(timeout=20)
            self.manager.interrupt_kernel()
            self.assertEqual(self.until_idle(msg_id)[-1]["content"]["ename"], "Interrupted", code)
            self.assertEqual(self.reply(msg_id)["status"], "error")

    def test_silent_cells_show_nothing_and_are_not_counted(self):
        _, before, _ = self.run_cell("1")
        seen, reply, _ = self.run_cell("console.log('x'); globalThis.quiet = 3; 4", silent=True)
        self.assertEqual((seen, reply["status"]), ([], "ok"))
        seen, reply, _ = self.run_cell("quiet", store_history=False)
        self.assertEqual(seen[-1]["content"]["data"]["text/plain"], "3")
        self.assertEqual(reply["execution_count"], before["execution_count"])

    def test_user_expressions_are_evaluated_after_the_cell(self):
        _, reply, _ = self.run_cell("const e1 = 20;", user_expressions={"a": "e1 + 1", "b": "nowhere", "c": "e1 +"})
        told = reply["user_expressions"]
        self.assertEqual(told["a"]["data"]["text/plain"], "21")
        self.assertEqual(told["b"]["ename"], "ReferenceError")
        self.assertEqual(told["c"]["ename"], "SyntaxError")

    def test_cells_behind_an_error_are_aborted_unless_told_otherwise(self):
        for stop, statuses in [(True, ["error", "aborted"]), (False, ["error", "ok"])]:
            first = self.client.execute("await new Promise((r) => setTimeout(r, 200)); throw 1", stop_on_error=stop)
            second = self.client.execute("2")
            self.assertEqual([self.reply(first)["status"], self.reply(second)["status"]], statuses)
            self.until_idle(second)
            _, reply, _ = self.run_cell("3")
            self.assertEqual(reply["status"], "ok", "a cell sent after the error runs")

    def test_completion_answers_while_a_cell_is_busy(self):
        self.run_cell("const someLongName = 1;")
        busy = self.client.execute("const end = Date.now() + 3000; while (Date.now() < end);")
        time.sleep(0.3)
        asked = self.client.complete("someLo", 6)
        told = self.client.get_shell_msg(timeout=20)
        self.assertEqual(told["parent_header"]["msg_id"], asked, "the completion comes before the cell's end")
        self.assertIn("someLongName", told["content"]["matches"])
        self.until_idle(busy)
        self.reply(busy)

    def test_comms_are_listed_while_they_are_open(self):
        send = lambda kind, **content: self.client.shell_channel.send(self.client.session.msg(kind, content))
        self.run_cell('comms.onOpen("slider", (comm) => comm.onMessage(({ data }) => comm.send({ got: data })));')
        send("comm_open", comm_id="c1", target_name="slider", data={})
        send("comm_msg", comm_id="c1", data={"value": 2})
        comms = self.reply(self.client.comm_info())["comms"]
        self.assertEqual(comms, {"c1": {"target_name": "slider"}})
        send("comm_close", comm_id="c1", data={})
        self.assertEqual(self.reply(self.client.comm_info())["comms"], {})

    def test_late_output_lands_under_its_own_cell(self):
        first = self.client.execute("setTimeout(() => console.log('late'), 200); 1")
        self.reply(first)
        second = self.client.execute("await new Promise((r) => setTimeout(r, 500)); 2")
        parents = []
        while True:
            message = self.client.get_iopub_msg(timeout=20)
            if message["msg_type"] == "stream":
                parents.append(message["parent_header"]["msg_id"])
            if message["msg_type"] == "status" and message["parent_header"].get("msg_id") == second:
                if message["content"]["execution_state"] == "idle":
                    break
        self.reply(second)
        self.assertEqual(parents, [first])

    def test_cells_written_for_tslab_run(self):
        code = """
import * as tslab from "tslab";
tslab.display.html("<b>1</b>");
tslab.display.png(new Uint8Array([1, 2]));
const place = tslab.newDisplay();
place.text("a");
place.text("b");"""
        seen, reply, _ = self.run_cell(code)
        self.assertEqual(reply["status"], "ok")
        shown = [(m["msg_type"], m["content"]["data"]) for m in seen if "data" in m["content"]]
        image = base64.b64encode(bytes([1, 2])).decode()
        expected = [
            ("display_data", {"text/html": "<b>1</b>"}),
            ("display_data", {"image/png": image}),
            ("display_data", {"text/plain": "a"}),
            ("update_display_data", {"text/plain": "b"}),
        ]
        self.assertEqual(shown, expected)

    def test_text_that_nests_too_deep_is_refused_by_every_request_and_ends_nothing(self):
        self.assertEqual(self.run_cell("let outlived = 1;")[1]["status"], "ok")
        for text in ["[" * 30000, "(" * 30000, "a=>" * 30000 + "1", "`${" * 30000, "let a: " + "A<" * 30000]:
            _, reply, _ = self.run_cell(text)
            self.assertEqual(reply["ename"], "SyntaxError", text[:9])
            self.assertIn("levels deep: split it up", reply["evalue"])
            self.assertEqual(self.reply(self.client.complete(text, len(text)))["status"], "ok")
            self.assertEqual(self.reply(self.client.is_complete(text))["status"], "invalid")
            self.assertEqual(self.reply(self.client.inspect(text + "a", len(text)))["found"], False)
        seen, _, _ = self.run_cell("console.log(outlived)")
        self.assertEqual(self.text(seen), "1\n", "the user process is the same")

    def test_is_complete_as_ipython_answers(self):
        def status(code):
            return self.reply(self.client.is_complete(code))["status"]

        for code in ["'abc", "/abc", "else", "\\", "}", "f(]", "x = = 3", '"a\nb']:
            self.assertEqual(status(code), "invalid", code)
        for code in ["`abc", "/* x", "1 +", "if (x)", "f(", "[1, 2", "{ a: 1,", "'abc\\", "try {}", "x =>", "class A"]:
            self.assertEqual(status(code), "incomplete", code)
        for code in ["{ a: 1, b: 2 }", "<T>(x: T) => x", "#!/usr/bin/env node\n1", "let a = 1"]:
            self.assertEqual(status(code), "complete", code)


if __name__ == "__main__":
    unittest.main()
