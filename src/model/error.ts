/** Why a model cannot be opened or run: data first, the text in one place. */

/** What is wrong. */
export type ModelError =
  | { kind: "missing"; path: string; what: string }
  | { kind: "damaged"; path: string; reason: string }
  | { kind: "unsupported"; path: string; what: string; value: string; supported: string }
  | { kind: "field"; path: string; field: string; value: string }
  | { kind: "quantised"; path: string; method: string }
  | { kind: "unused"; path: string; names: string[] }
  | { kind: "template"; path: string; reason: string }
  | { kind: "adapter"; path: string; reason: string }
  | { kind: "file"; path: string; found: string }
  | { kind: "weight"; path: string; name: string; expected: string; found: string }
  | { kind: "absent"; path: string; known: string[] }
  | { kind: "disk"; path: string; neededMiB: number; freeMiB: number }
  | { kind: "memory"; path: string; neededMiB: number; freeMiB: number }
  | { kind: "runtime"; reason: string; cure?: string };

/** Thrown for a model that cannot be opened or run; `detail` says why. */
export class ModelFailure extends Error {
  readonly detail: ModelError;

  constructor(detail: ModelError, options?: ErrorOptions) {
    super(describeModelError(detail), options);
    this.name = "ModelFailure";
    this.detail = detail;
  }
}

/** The text of each error. */
export function describeModelError(error: ModelError): string {
  switch (error.kind) {
    case "missing":
      return `The model ${error.path} has no ${error.what}: give the folder of a Hugging Face model, with config.json and model.safetensors`;
    case "damaged":
      return `The model file ${error.path} is damaged: ${error.reason}`;
    case "unsupported":
      return `The model ${error.path} has ${error.what} ${error.value}, which is not supported: ${error.supported}`;
    case "field":
      return `The model ${error.path} has ${error.field} set to ${error.value}, which is not supported and could change its numbers: take another model, or remove the field if you know that it changes nothing`;
    case "quantised":
      return `The model ${error.path} is quantised by ${error.method}, which is not supported: take the model that it was made from, or a GGUF file`;
    case "adapter":
      return `The adapter ${error.path} cannot be used: ${error.reason}`;
    case "unused": {
      const { names } = error;
      const shown = names.slice(0, 5).join(", ");
      const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
      return `The model ${error.path} has weights that its family has no place for, so it would answer wrongly: ${shown}${more}`;
    }
    case "template":
      return `The chat template of ${error.path} does not take this conversation: ${error.reason}`;
    case "file":
      return `The file ${error.path} is ${error.found}, which is not opened by itself: give a GGUF file, or the folder of a Hugging Face model, with config.json and model.safetensors`;
    case "weight":
      return `The model ${error.path} does not fit its config.json: weight ${error.name} is ${error.found}, expected ${error.expected}`;
    case "absent":
      return `There is no model ${error.path}: give a folder, a GGUF file or a name${error.known.length > 0 ? ` (${error.known.join(", ")})` : ""}; \`npm run setup:smollm2\` fetches one by the name smollm2`;
    case "disk":
      return `The folder ${error.path} has ${error.freeMiB} MiB free, and the converted model needs ${error.neededMiB}: make room, or set AUTOAGENT_CACHE to another folder`;
    case "memory":
      return `The model ${error.path} needs about ${error.neededMiB} MiB of memory, and ${error.freeMiB} MiB are free: close something, or take a smaller model`;
    case "runtime":
      return `ONNX Runtime cannot be used: ${error.reason}. ${error.cure ?? "Install it with: npm install --ignore-scripts onnxruntime-node"}`;
    default:
      return error satisfies never;
  }
}
