/** Every field of a supported family's config, against Transformers; what is not supported is refused by name. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createDecoder } from "../../src/model/decoder.ts";
import { decoderGraph } from "../../src/model/graph.ts";
import { type Decoder, generate, openModel, packSafetensors, runPrefix } from "../../src/model/index.ts";
import { readSource } from "../../src/model/open.ts";
import { weightsOf } from "../../src/model/source.ts";
import { createRandom } from "../../src/random/index.ts";
import { distanceOf, families, familyTable, formatsOf, openCase } from "./families.ts";
import { endId, ggufOf, packGguf, reference, temporaryFolder, weightOf, writeFolder } from "./shared.ts";

const one = { threads: 1 };
const root = join(import.meta.dirname, "..", "..");

describe("a model of each family with each field set", () => {
  for (const family of families.cases)
    it(`computes what Transformers does: ${family.family}, ${family.what}`, async () => {
      for (const format of formatsOf(family)) {
        const decoder = await openCase(family, format);
        const far = await distanceOf(family, decoder);
        assert.ok(far < 1e-5, `${format}: ${far} of the largest logit away`);
        await decoder.dispose();
      }
    });

  it("is told in docs/models.md as the command prints it", async () => {
    const words = (line: string) => line.split("|").map((cell) => cell.trim());
    const isFigure = (cell: string) => /^\de-\d+( ✓)?$/.test(cell);
    const told = readFileSync(join(root, "docs", "models.md"), "utf8")
      .split("\n")
      .map(words);
    const [head, , ...lines] = (await familyTable()).map(words);
    for (const line of [head!, ...lines]) {
      const [, family, what] = line;
      const row = told.find(([, a, b]) => a === family && b === what);
      // The last digits of a difference are the machine's own.
      const plain = (cells: string[] | undefined) =>
        cells?.map((cell) => (isFigure(cell) ? `a figure${cell.slice(4)}` : cell));
      assert.deepEqual(plain(row), plain(line));
    }
    const { torch, transformers, gguf } = families.versions;
    const versions = `Transformers ${transformers}, PyTorch ${torch}, gguf ${gguf}`;
    assert.ok(
      told.flat().some((text) => text.includes(versions)),
      versions,
    );
  });

  for (const what of ["rope dynamic", "sliding window from layer 1", "sliding window in layer_types"])
    it(`gives a row the same bits in every batch, and step by step: ${what}`, async () => {
      const decoder = await openCase(families.cases.find((known) => known.what === what)!, "safetensors");
      const prompts = Array.from({ length: 9 }, (_, i) => families.rows[2]!.slice(i, 3 + 2 * i));
      const prefix = await runPrefix(decoder, [3, 1, 4, 1, 5]);
      const draw = (some: number[]) =>
        generate(decoder, {
          prefix,
          prompts: some.map((i) => prompts[i]!),
          streams: some.map((i) => createRandom(1, "row", i)),
          maxTokens: 30,
          padTo: 12,
        });
      const all = await draw(prompts.map((_, i) => i));
      for (const some of [[0], [3], [5, 2], [8, 1, 0, 7]])
        assert.deepEqual(
          await draw(some),
          some.map((i) => all[i]),
        );
      await decoder.dispose();
    });

  it("with a window computes the same in parts as in one pass", async () => {
    for (const family of families.cases.filter(({ what }) => what.startsWith("sliding"))) {
      const decoder = await openCase(family, "safetensors");
      const ids = families.rows[2]!;
      const prefix = (await runPrefix(decoder, ids.slice(0, 9))).past;
      const { past } = await decoder.forward({ tokens: Int32Array.from(ids.slice(9, 20)), batch: 1, prefix });
      const { logits } = await decoder.forward({ tokens: Int32Array.from(ids.slice(20)), batch: 1, prefix, past });
      const whole = await decoder.forward({ tokens: Int32Array.from(ids), batch: 1 });
      for (const [i, logit] of whole.logits.entries()) assert.ok(Math.abs(logits[i]! - logit) < 1e-4, `logit ${i}`);
      await decoder.dispose();
    }
  });

  it("with every bias is rotated for 8 bits without a change", async () => {
    using folder = temporaryFolder();
    const model = reference.models.llama!;
    const biases = { q_proj: 32, k_proj: 16, v_proj: 16, o_proj: 32 };
    const own = [
      ...Object.entries(biases).map(([name, size]) => [`self_attn.${name}.bias`, size] as const),
      ...([
        ["mlp.gate_proj.bias", 64],
        ["mlp.up_proj.bias", 64],
        ["mlp.down_proj.bias", 32],
      ] as const),
    ];
    const shapes = Object.fromEntries(
      [0, 1].flatMap((i) => own.map(([name, n]) => [`model.layers.${i}.${name}`, [n]])),
    );
    writeFolder(folder.path, {
      ...{ rows: [], shapes: { ...model.shapes, ...shapes } },
      config: { ...model.config, attention_bias: true, mlp_bias: true },
    });
    const decoders: Decoder[] = [];
    for (const rotated of [false, true]) {
      const source = await readSource(folder.path);
      const { config } = source;
      const graph = Buffer.concat(await decoderGraph(config, weightsOf(source), { rotated }).chunks());
      decoders.push(await createDecoder({ graph, config, tokenizer: await source.openTokenizer(), hash: "" }, one));
    }
    const input = { tokens: Int32Array.of(5, 1, 30, 2, 9), batch: 1 };
    const [plain, rotated] = [await decoders[0]!.forward(input), await decoders[1]!.forward(input)];
    for (const [i, logit] of plain.logits.entries())
      assert.ok(Math.abs(rotated.logits[i]! - logit) < 1e-4, `logit ${i}`);
    for (const decoder of decoders) await decoder.dispose();
  });
});

describe("the sliding window of Qwen2", () => {
  /** The window that a folder's config makes. */
  const windowOf = async (fields: { [field: string]: unknown }) => {
    using folder = temporaryFolder();
    const model = reference.models.qwen2!;
    writeFolder(folder.path, { ...model, config: { ...model.config, ...fields } });
    return (await readSource(folder.path)).config.window;
  };

  it("is there where it is turned on, from the layer on that the file says, and is smaller than the context", async () => {
    const used = { use_sliding_window: true, sliding_window: 5 };
    assert.deepEqual(await windowOf({ ...used, max_window_layers: 1 }), { size: 5, layers: [1] });
    assert.deepEqual(await windowOf({ ...used, max_window_layers: 0 }), { size: 5, layers: [0, 1] });
    for (const fields of [
      used, // from layer 28 on
      { sliding_window: 5, max_window_layers: 0 },
      { ...used, use_sliding_window: false, max_window_layers: 0 },
      { ...used, sliding_window: null, max_window_layers: 0 },
      { ...used, sliding_window: 1 << 20, max_window_layers: 0 },
    ])
      assert.equal(await windowOf(fields), undefined, JSON.stringify(fields));
  });
});

describe("a model that is not supported", () => {
  const llama = reference.models.llama!;
  /** The error's text for a folder whose config has these fields. */
  const refusal = async (fields: { [field: string]: unknown }, base = "llama"): Promise<string> => {
    using folder = temporaryFolder();
    const model = reference.models[base]!;
    writeFolder(folder.path, { ...model, config: { ...model.config, ...fields } });
    const error = await openModel(folder.path, one).then(
      async (decoder) => `opened ${await decoder.dispose()}`,
      (reason: Error) => reason.message,
    );
    return error.replaceAll(folder.path, "M");
  };
  const unknown = (field: string, value: string) =>
    `The model M has ${field} set to ${value}, which is not supported and could change its numbers: take another model, or remove the field if you know that it changes nothing`;

  it("is refused by the name of the field, and harmless fields are not", async () => {
    assert.equal(await refusal({ attention_multiplier: 0.5 }), unknown("attention_multiplier", "0.5"));
    assert.equal(await refusal({ num_local_experts: 8 }), unknown("num_local_experts", "8"));
    assert.equal(await refusal({ rope_interleaved: true }), unknown("rope_interleaved", "true"));
    assert.equal(await refusal({ add_cross_attention: true }, "gpt2"), unknown("add_cross_attention", "true"));
    assert.equal(await refusal({ partial_rotary_factor: 0.5 }), unknown("partial_rotary_factor", "0.5"));
    assert.equal(await refusal({ auto_map: { AutoModel: "m.M" } }), unknown("auto_map", '{"AutoModel":"m.M"}'));
    assert.equal(
      await refusal({ rope_scaling: { type: "linear", factor: 2, mrope_section: [1, 1] } }),
      unknown("rope_scaling.mrope_section", "[1,1]"),
    );
    const harmless = {
      ...{ is_llama_config: true, rope_interleaved: false, unsloth_fixed: true, pruned_heads: {}, pretraining_tp: 1 },
      ...{ "transformers.js_config": { dtype: "q4" }, torch_dtype: "float16", _name_or_path: "x", num_beams: 1 },
    };
    assert.equal(await refusal(harmless), "opened undefined");
  });

  it("says which rotary scaling there is, in either spelling, and which number cannot be", async () => {
    for (const field of ["rope_scaling", "rope_parameters"])
      assert.equal(
        await refusal({ [field]: { rope_type: "longrope", factor: 4 } }),
        'The model M has the rotary scaling "longrope", which is not supported: default, linear, dynamic, llama3 and yarn are',
      );
    for (const [fields, reason] of [
      [{ rope_scaling: { type: "linear" } }, "rope_scaling.factor is undefined"],
      [{ rope_parameters: { rope_type: "yarn", factor: "4" } }, 'rope_parameters.factor is "4"'],
      [{ rope_scaling: { type: "dynamic", factor: -1 } }, "rope_scaling.factor is -1"],
      [{ rope_theta: 0 }, "rope_theta is 0"],
      [{ attention_bias: "no" }, 'attention_bias is "no"'],
    ] as const)
      assert.equal(await refusal(fields), `The model file M is damaged: config.json says ${reason}`);
    assert.equal(
      await refusal({ layer_types: ["sliding_attention", "full_attention"] }, "qwen2"),
      "The model file M is damaged: config.json has sliding layers in layer_types, and use_sliding_window is not true",
    );
    for (const from of [-1, 0.5, "1"])
      assert.equal(
        await refusal({ max_window_layers: from }, "qwen2"),
        `The model file M is damaged: config.json says max_window_layers is ${JSON.stringify(from)}`,
      );
  });

  it("is refused for a quantisation before anything else of it is looked at", async () => {
    assert.equal(
      await refusal({ quantization_config: { quant_method: "gptq", bits: 4 } }),
      "The model M is quantised by gptq, which is not supported: take the model that it was made from, or a GGUF file",
    );
  });

  it("is refused for a tensor that it has no place for, whatever its type, and not for tables and masks", async () => {
    using folder = temporaryFolder();
    const { path } = folder;
    const extended = async (names: { [name: string]: number[] }, base = "llama"): Promise<string> => {
      const model = reference.models[base]!;
      writeFolder(path, { ...model, shapes: { ...model.shapes, ...names } });
      return openModel(path, one).then(
        async (decoder) => `opened ${await decoder.dispose()}`,
        (error: Error) => error.message.replace(path, "M"),
      );
    };
    const unused = (names: string) =>
      `The model M has weights that its family has no place for, so it would answer wrongly: ${names}`;
    assert.equal(
      await extended({ "model.layers.0.self_attn.o_proj.bias": [32] }),
      unused("model.layers.0.self_attn.o_proj.bias"),
    );
    assert.equal(await extended({ "score.weight": [2, 32] }, "gpt2"), unused("score.weight"));
    const many = Object.fromEntries([0, 1, 2, 3, 4, 5, 6].map((i) => [`extra.${i}`, [2]]));
    assert.equal(await extended(many), unused("extra.0, extra.1, extra.2, extra.3, extra.4 and 2 more"));
    assert.equal(await extended({ "model.layers.0.self_attn.rotary_emb.inv_freq": [4] }), "opened undefined");
    const masks = { "transformer.h.0.attn.bias": [1, 1, 4, 4], "transformer.h.1.attn.masked_bias": [1] };
    assert.equal(await extended({ ...masks, "lm_head.weight": [48, 32] }, "gpt2"), "opened undefined");
    // A type that no decoder has is named too: here one that should be a weight.
    const name = "model.norm.weight";
    const tensors = Object.entries(llama.shapes).map(([own, shape]) => ({
      name: own,
      shape,
      values: weightOf(own, shape),
    }));
    const bytes = packSafetensors(tensors);
    const header = bytes.toString("latin1").replace(`"${name}":{"dtype":"F32"`, `"${name}":{"dtype":"I32"`);
    writeFolder(path, llama);
    writeFileSync(join(path, "model.safetensors"), Buffer.from(header, "latin1"));
    await assert.rejects(openModel(path, one), {
      message: `The model ${path} does not fit its config.json: weight ${name} is of the type I32, expected [32]`,
    });
  });

  it("of a GGUF file is refused by its architecture first, then by its keys", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "model.gguf");
    const refused = async (bytes: Uint8Array, message: string) => {
      writeFileSync(file, bytes);
      await assert.rejects(openModel(file, one), { message: message.replace("M ", `${file} `) });
    };
    const odd = { name: "blk.0.attn_k.weight", shape: [32], type: 99, data: new Uint8Array(64) };
    await refused(
      packGguf({ "general.architecture": "gemma3" }, [odd]),
      'The model M has the architecture "gemma3", which is not supported: gpt2, llama and qwen2 are',
    );
    await refused(
      packGguf({ "general.architecture": "llama", "split.count": 3 }, [odd]),
      "The model M has weights in several files, 3 of them, which is not supported: join them with llama.cpp's `llama-gguf-split --merge`",
    );
    const known = "F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, BF16 are";
    await refused(
      packGguf({ "general.architecture": "llama" }, [odd]),
      `The model M has in "blk.0.attn_k.weight" the block type 99, which is not supported: ${known}`,
    );
    const cure =
      "which is not supported and could change its numbers: take another model, or remove the field if you know that it changes nothing";
    await refused(
      ggufOf(llama, 0, { "llama.expert_count": 8 }),
      `The model M has llama.expert_count set to 8, ${cure}`,
    );
    await refused(
      ggufOf(llama, 0, { "llama.attention.sliding_window": 64 }),
      `The model M has llama.attention.sliding_window set to 64, ${cure}`,
    );
    await refused(
      ggufOf(llama, 0, { "llama.rope.scaling.type": "longrope" }),
      'The model M has the rotary scaling "longrope", which is not supported: none, linear and yarn are, and llama3\'s frequencies as a tensor',
    );
    await refused(
      ggufOf(llama, 0, { "llama.rope.dimension_count": 4, "llama.attention.key_length": 8 }),
      "The model M has as rope.dimension_count 4, which is not supported: 8, the width of its heads, is",
    );
    writeFileSync(file, ggufOf(llama, 0, { "llama.expert_count": 0, "llama.vocab_size": 48 }));
    const decoder = await openModel(file, one);
    assert.deepEqual(decoder.tokenizer.end, [endId]);
    await decoder.dispose();
  });

  it("as a single file that is no GGUF is told to come as a folder", async () => {
    using folder = temporaryFolder();
    for (const [name, found] of [
      ["model.safetensors", "a file of weights without the model's config.json"],
      ["model.onnx", "an ONNX graph"],
      ["pytorch_model.bin", "a PyTorch file"],
    ] as const) {
      const path = join(folder.path, name);
      writeFileSync(path, "x");
      await assert.rejects(openModel(path, one), {
        message: `The file ${path} is ${found}, which is not opened by itself: give a GGUF file, or the folder of a Hugging Face model, with config.json and model.safetensors`,
      });
    }
  });
});
