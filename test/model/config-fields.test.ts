/** Which fields of a model's config are passed over, and how one that cannot be is named. */

import assert from "node:assert/strict";
import { checkFields } from "../../src/model/config-fields.ts";

describe("the fields of a config", () => {
  const refused = (field: string, value: unknown) => () => checkFields("a/config.json", "llama", { [field]: value });

  it("that say nothing pass, whatever they are called", () => {
    for (const value of [null, false, {}, []]) assert.doesNotThrow(refused("some_new_switch", value));
  });

  it("that would change the model are refused by name, with a short value whole and a long one cut", () => {
    assert.throws(refused("some_new_switch", true), /some_new_switch.*true/s);
    const short = "x".repeat(78);
    assert.throws(refused("some_new_switch", short), (error: Error) => error.message.includes(`"${short}"`));
    const long = "x".repeat(79);
    assert.throws(
      refused("some_new_switch", long),
      (error: Error) => error.message.includes(`"${"x".repeat(76)}...`) && !error.message.includes(long),
    );
  });

  it("of a quantised model name the method, or that there is none", () => {
    assert.throws(refused("quantization_config", { quant_method: "gptq" }), /gptq/);
    assert.throws(refused("quantization_config", {}), /a method without a name/);
  });
});
