import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { serial as kernelSerial } from "../../kernel/common/serial.ts";
import { serial } from "../../src/data/serial.ts";

const files = { "src/data/serial.ts": serial, "kernel/common/serial.ts": kernelSerial };

for (const [file, make] of Object.entries(files))
  describe(`a serial queue (${file})`, () => {
    it("runs one piece at a time, in the order in which they were asked for", async () => {
      const queue = make();
      const log: string[] = [];
      const piece = (name: string, ms: number) => async (): Promise<string> => {
        log.push(`${name} begins`);
        await sleep(ms);
        log.push(`${name} ends`);
        return name;
      };
      const results = [queue.run(piece("slow", 20)), queue.run(piece("fast", 0)), queue.run(() => "at once")];
      assert.equal(queue.pending, 3);
      assert.deepEqual(await Promise.all(results), ["slow", "fast", "at once"]);
      assert.deepEqual(log, ["slow begins", "slow ends", "fast begins", "fast ends"]);
      assert.equal(queue.pending, 0);
    });

    it("goes on after a piece that throws, which only its own caller hears of", async () => {
      const queue = make();
      const bad = queue.run(() => {
        throw new Error("no");
      });
      const worse = queue.run(() => Promise.reject(new Error("never")));
      const good = queue.run(() => 3);
      await assert.rejects(bad, /^Error: no$/);
      await assert.rejects(worse, /^Error: never$/);
      assert.equal(await good, 3);
    });

    it("is idle when all that was asked for until then has ended, failures included", async () => {
      const queue = make();
      let ended = 0;
      const one = queue.run(() => sleep(5));
      const failing = queue.run(async () => {
        ended++;
        throw new Error("no");
      });
      await Promise.all([queue.idle(), one, assert.rejects(failing)]);
      assert.equal(ended, 1);
      await make().idle();
    });

    it("does not swallow an error that nobody awaits", () => {
      const program = `import { serial } from "./${file}"; void serial().run(() => { throw new Error("nobody listens"); });`;
      const options = { encoding: "utf8", stdio: "pipe" } as const;
      assert.throws(
        () => execFileSync(process.execPath, ["--input-type=module", "-e", program], options),
        /nobody listens/,
      );
    });
  });

for (const [what, own, other] of [
  ["serial queue", "src/data/serial.ts", "kernel/common/serial.ts"],
  ["way to the nearest name", "src/data/nearest.ts", "kernel/common/nearest.ts"],
] as const)
  it(`the kernel's ${what} is the library's, word for word below its opening comment`, () => {
    const [ours, theirs] = [own, other].map((file) => readFileSync(file, "utf8").replace(/^\/\*\*[\s\S]*?\*\/\n/, ""));
    assert.equal(ours, theirs);
  });
