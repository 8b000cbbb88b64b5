/**
 * Writes ONNX graphs: the few protobuf messages of onnx.proto3 that a decoder needs, and a builder that names values. Not
 * here: which operations a decoder is made of (`graph.ts`).
 */

/** Element types as onnx.proto3 numbers them. */
const onnxTypes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 } as const;

/** An attribute of a node: a whole number, a float, a text, whole numbers, or a graph that the node runs. */
export type Attribute = { int: number } | { float: number } | { text: string } | { ints: number[] } | { graph: Inner };

/** A dimension: a size, or a name for one that is known when the graph runs. */
export type Dimension = number | string;

/** What adds to a graph that is being built. Values are names. */
export interface GraphParts {
  /** A tensor that the graph holds; one of floats or bytes may be read when the model is written. */
  constant(values: TensorValues | LoadFloats | LoadBytes, shape: readonly number[]): string;
  int64(...values: number[]): string;
  /** A single whole number. */
  int64Scalar(value: number): string;
  /** A name that no other value has. */
  name(): string;
  /** A single float. */
  float(value: number): string;
  /** A shape of null says nothing of the shape: of a value that changes it from round to round of a loop. */
  input(name: string, type: keyof typeof onnxTypes, shape: readonly Dimension[] | null): string;
  output(name: string, type: keyof typeof onnxTypes, shape: readonly Dimension[] | null): void;
  /**
   * Adds an operation; gives the names of its outputs. An operation of ONNX Runtime's own is named with its domain:
   * com.microsoft.QuickGelu.
   */
  node(op: string, inputs: readonly string[], attributes?: { [name: string]: Attribute }, outputs?: string[]): string[];
  /** The same for an operation with one output. */
  op(op: string, inputs: readonly string[], attributes?: { [name: string]: Attribute }, output?: string): string;
}

/** A graph that is being built, with its model. */
export interface GraphBuilder extends GraphParts {
  /** A graph for a node of this one to run (a loop's body); it sees this one's values, and large constants are held here. */
  inner(name: string): InnerBuilder;
  /** The model with all its tensors, as chunks of bytes, in order. */
  chunks(): Promise<Uint8Array[]>;
  /** The model with the read-when-written tensors in a file beside it, of that name, in the order of `tensors`. */
  external(file: string): { model: Uint8Array; tensors: StoredTensor[] };
}

/** Builds a graph that a node runs. */
export interface InnerBuilder extends GraphParts {
  /** A graph for a node of this one, which sees this one's values too. */
  inner(name: string): InnerBuilder;
  /** The graph as an attribute. */
  attribute(): Attribute;
}

/** A graph within a graph, as the fields of its message. */
interface Inner {
  fields: readonly Uint8Array[];
}

/** What a graph is made of. */
interface Content {
  nodes: Uint8Array[][];
  tensors: { fields: Uint8Array[]; value: string; bytes: number; data: Uint8Array | StoredTensor["load"] }[];
  inputs: Uint8Array[][];
  outputs: Uint8Array[][];
}

/** The values of a tensor; the kind of array says its type. */
export type TensorValues = Float32Array | BigInt64Array | Uint8Array | Int8Array;

/** Reads the values of a float tensor. */
export type LoadFloats = () => Promise<Float32Array>;

/** Makes the values of an int8 tensor. */
export interface LoadBytes {
  bytes: () => Promise<Int8Array>;
}

/** A tensor that lies in a file beside the model. */
export interface StoredTensor {
  value: string;
  load: () => Promise<Float32Array | Int8Array>;
  /** First byte in that file, and number of bytes. */
  at: number;
  bytes: number;
}

/** External tensors begin at multiples of this, so that the runtime can map them into memory. */
const alignment = 4096;

/** Constants of more numbers than this are held by the outermost graph. */
const largeConstant = 1024;

/** Begins a graph of the given version of the standard operations. */
export function createGraph(name: string, opset: number): GraphBuilder {
  let next = 0;
  const fresh = (): string => `v${next++}`;
  const content = emptyContent();
  const domains = new Set<string>();
  const outer = createParts(content, fresh, domains);
  const model = (held: readonly Uint8Array[][]): Uint8Array[] => {
    const versions = [message(8, [text(1, ""), number(2, opset)])];
    for (const domain of domains) versions.push(message(8, [text(1, domain), number(2, 1)]));
    return [number(1, 10), text(2, "autoagent-lab"), ...nested(7, graphFields(name, content, held)), ...versions];
  };
  const inner = (own: string): InnerBuilder => {
    const inside = emptyContent();
    const parts = createParts(inside, fresh, domains, outer.constant);
    const fields = () => graphFields(own, inside, inside.tensors.map(inModel));
    return { ...parts, inner, attribute: () => ({ graph: { fields: fields() } }) };
  };
  return {
    ...outer,
    inner,
    async chunks() {
      const held: Uint8Array[][] = [];
      for (const { fields, data } of content.tensors)
        held.push(withBytes(fields, typeof data === "function" ? bytesOf(await data()) : data));
      return model(held);
    },
    external(file) {
      const stored: StoredTensor[] = [];
      let at = 0;
      const held = content.tensors.map((tensor) => {
        const { fields, value, bytes, data } = tensor;
        if (typeof data !== "function") return inModel(tensor);
        stored.push({ value, load: data, at, bytes });
        const place = { location: file, offset: String(at), length: String(bytes) };
        at = Math.ceil((at + bytes) / alignment) * alignment;
        const entries = Object.entries(place).map(([name, held]) => message(13, [text(1, name), text(2, held)]));
        return [...fields, ...entries, number(14, 1)];
      });
      return { model: join(model(held)), tensors: stored };
    },
  };
}

function emptyContent(): Content {
  return { nodes: [], tensors: [], inputs: [], outputs: [] };
}

/** What adds to a graph. `domains` gathers those of its operations; `hold` takes the constants that are too large for it. */
function createParts(
  { nodes, tensors, inputs, outputs }: Content,
  fresh: () => string,
  domains: Set<string>,
  hold?: GraphParts["constant"],
): GraphParts {
  const node: GraphParts["node"] = (op, from, attributes = {}, to = [fresh()]) => {
    const dot = op.lastIndexOf(".");
    if (dot > 0) domains.add(op.slice(0, dot));
    nodes.push([
      ...from.map((value) => text(1, value)),
      ...to.map((value) => text(2, value)),
      text(4, op.slice(dot + 1)),
      ...(dot > 0 ? [text(7, op.slice(0, dot))] : []),
      ...Object.entries(attributes).map(([key, value]) => message(5, attributeFields(key, value))),
    ]);
    return to;
  };
  const constant: GraphParts["constant"] = (values, shape) => {
    const isLarge = typeof values === "function" || "bytes" in values || values.length > largeConstant;
    if (hold && isLarge) return hold(values, shape);
    const own = fresh();
    const { type, data, width } = describe(values);
    const bytes = width * shape.reduce((product, size) => product * size, 1);
    const fields = [...shape.map((size) => number(1, size)), number(2, type), text(8, own)];
    tensors.push({ fields, value: own, bytes, data });
    return own;
  };
  return {
    constant,
    name: fresh,
    int64: (...values) => constant(BigInt64Array.from(values, BigInt), [values.length]),
    int64Scalar: (value) => constant(BigInt64Array.of(BigInt(value)), []),
    float: (value) => constant(Float32Array.of(value), []),
    input(own, type, shape) {
      inputs.push(valueInfo(own, type, shape));
      return own;
    },
    output: (own, type, shape) => void outputs.push(valueInfo(own, type, shape)),
    node,
    op: (op, from, attributes, output) => node(op, from, attributes, output === undefined ? undefined : [output])[0]!,
  };
}

function graphFields(name: string, { nodes, inputs, outputs }: Content, held: readonly Uint8Array[][]): Uint8Array[] {
  return [
    ...nodes.flatMap((fields) => nested(1, fields)),
    text(2, name),
    ...held.flatMap((fields) => nested(5, fields)),
    ...inputs.flatMap((fields) => nested(11, fields)),
    ...outputs.flatMap((fields) => nested(12, fields)),
  ];
}

function withBytes(fields: readonly Uint8Array[], bytes: Uint8Array): Uint8Array[] {
  return [...fields, key(9, 2), varint(bytes.length), bytes];
}

/** A tensor whose bytes are here, within the model. */
function inModel({ fields, data }: Content["tensors"][number]): Uint8Array[] {
  if (typeof data === "function") throw new Error("A tensor that is read later cannot be held by an inner graph");
  return withBytes(fields, data);
}

/** A constant's type, its bytes or what reads them, and the bytes of one number. */
function describe(values: TensorValues | LoadFloats | LoadBytes): {
  type: number;
  data: Uint8Array | StoredTensor["load"];
  width: number;
} {
  const { float32, int64, uint8, int8 } = onnxTypes;
  if (typeof values === "function") return { type: float32, data: values, width: 4 };
  if ("bytes" in values) return { type: int8, data: values.bytes, width: 1 };
  const data = bytesOf(values);
  if (values instanceof Float32Array) return { type: float32, data, width: 4 };
  if (values instanceof BigInt64Array) return { type: int64, data, width: 8 };
  return { type: values instanceof Uint8Array ? uint8 : int8, data, width: 1 };
}

function bytesOf(values: TensorValues): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function attributeFields(name: string, value: Attribute): Uint8Array[] {
  if ("int" in value) return [text(1, name), number(3, value.int), number(20, 2)];
  if ("float" in value) {
    const bytes = new Uint8Array(Float32Array.of(value.float).buffer);
    return [text(1, name), key(2, 5), bytes, number(20, 1)];
  }
  if ("graph" in value) return [text(1, name), ...nested(6, value.graph.fields), number(20, 5)];
  if ("text" in value) return [text(1, name), text(4, value.text), number(20, 3)];
  return [text(1, name), ...value.ints.map((int) => number(8, int)), number(20, 7)];
}

function valueInfo(name: string, type: keyof typeof onnxTypes, shape: readonly Dimension[] | null): Uint8Array[] {
  const dims = shape?.map((size) => message(1, [typeof size === "number" ? number(1, size) : text(2, size)]));
  const tensor = message(1, [number(1, onnxTypes[type]), ...(dims ? [message(2, dims)] : [])]);
  return [text(1, name), message(2, [tensor])];
}

/** Protobuf wire format: a key is the field's number and its wire type; whole numbers are seven bits a byte. */
function key(field: number, wire: number): Uint8Array {
  return varint((field << 3) | wire);
}

function varint(value: number): Uint8Array {
  if (value < 0) {
    // Ten bytes, as 64 bits in two's complement.
    let left = BigInt.asUintN(64, BigInt(value));
    return Uint8Array.from({ length: 10 }, (_, i) => {
      const seven = Number(left & 127n);
      left >>= 7n;
      return i < 9 ? seven | 128 : seven;
    });
  }
  const bytes: number[] = [];
  let left = value;
  while (left >= 128) {
    bytes.push((left % 128) | 128);
    left = Math.floor(left / 128);
  }
  return Uint8Array.from([...bytes, left]);
}

function number(field: number, value: number): Uint8Array {
  return join([key(field, 0), varint(value)]);
}

function text(field: number, value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return join([key(field, 2), varint(bytes.length), bytes]);
}

function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  return join(nested(field, parts));
}

/** A message as chunks: weights are not copied. */
function nested(field: number, parts: readonly Uint8Array[]): Uint8Array[] {
  return [key(field, 2), varint(parts.reduce((sum, part) => sum + part.length, 0)), ...parts];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
