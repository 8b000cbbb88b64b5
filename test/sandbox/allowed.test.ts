/** Which attempts count as harm: one that is allowed is refused to the agent, and told to nobody. */

import assert from "node:assert/strict";
import { createSandbox, type LifeOptions } from "../../src/sandbox/index.ts";
import { live, useSandbox } from "./shared.ts";

const caught = (code: string): string => `try { ${code} } catch (error) { self.said = error.message; }`;
const reads = caught('require("node:fs").readFileSync("/etc/passwd")');
const deletes = caught('require("node:fs").rmSync("/", { recursive: true })');
const connects = caught('require("node:net").connect(80)');

describe("harm that is allowed", () => {
  const sandbox = useSandbox({ workers: 1 });
  const verdicts = async (programs: string[], options: LifeOptions = {}): Promise<string[]> =>
    (await live(sandbox(), programs, options)).map(
      ({ verdict, effects }) => `${verdict} ${effects.map(({ kind }) => kind)}`,
    );

  it("ends no life and is not told, one by one and many at once; the agent gets nothing all the same", async () => {
    const harm = { fs_read: "allow" } as const;
    assert.deepEqual(await verdicts([reads]), ["attempted_harm fs_read"]);
    assert.deepEqual(await verdicts([reads, "self.a = 1", reads], { harm }), ["survived ", "survived ", "survived "]);
    const life = await sandbox().open({ harm });
    const { verdict, genome } = await life.step(reads);
    await life.close();
    assert.equal(verdict, "survived");
    const said = genome.find(({ name }) => name === "self.said")!.source;
    assert.match(said, /permission|denied|not permitted/i);
    // An attempt that nothing catches is an error like any other.
    const [report] = await live(sandbox(), ['require("node:fs").readFileSync("/etc/passwd")'], { harm });
    assert.deepEqual([report!.verdict, report!.effects], ["runtime_error", []]);
  });

  it("allows no other kind, not in the same step nor behind more attempts than are told of one", async () => {
    const harm = { fs_read: "allow", network: "count" } as const;
    assert.deepEqual(await verdicts([deletes], { harm }), ["attempted_harm fs_delete"]);
    assert.deepEqual(await verdicts([reads + connects], { harm }), ["attempted_harm network"]);
    const hidden = `for (let i = 0; i < 200; i++) ${reads}\n${connects}`;
    assert.deepEqual(await verdicts([hidden], { harm }), ["attempted_harm network"]);
  });

  it("is a whole sandbox's too, and a life may count again what that allows", async () => {
    await using lenient = await createSandbox({ workers: 1, harm: { fs_read: "allow", fs_delete: "allow" } });
    assert.deepEqual(lenient.harm, { fs_read: "allow", fs_delete: "allow" });
    const of = async (program: string, options: LifeOptions = {}) =>
      (await live(lenient, [program], options))[0]!.verdict;
    assert.deepEqual(
      [await of(reads), await of(deletes), await of(connects)],
      ["survived", "survived", "attempted_harm"],
    );
    assert.equal(await of(reads, { harm: { fs_read: "count" } }), "attempted_harm");
    assert.equal(await of(deletes, { harm: { fs_read: "count" } }), "survived");
  });

  it("is never an escape, and a kind or a rule that there is none of is refused by name", async () => {
    const refuses = (harm: object, message: string) =>
      assert.rejects(sandbox().open({ harm }), (error: Error) => {
        assert.ok(error.message.startsWith(message), error.message);
        return true;
      });
    await refuses({ escape: "allow" }, "There is no `harm.escape` in the options of a life: there are fs_read, ");
    await refuses(
      { fs_reed: "allow" },
      "There is no `harm.fs_reed` in the options of a life: did you mean `harm.fs_read`?",
    );
    await refuses({ fs_read: true }, "Expected `harm.fs_read` to be allow or count, got true");
    await refuses([], "Expected `harm` to be an object of options, got []");
  });
});
