/** Messages into a cell's outputs: streams joined, displays updated in place wherever they stand, clear_output obeyed. */

import type { Message } from "../wire/index.ts";
import type { Cell, Output } from "./format.ts";

/** Makes a collector for one notebook: display ids are the notebook's, not the cell's. */
export function collectOutputs(): (cell: Cell, message: Message) => void {
  const places = new Map<string, Output[]>();
  const clearNext = new Set<Cell>();
  const add = (cell: Cell, output: Output): void => {
    cell.outputs ??= [];
    if (clearNext.delete(cell)) cell.outputs = [];
    cell.outputs.push(output);
  };
  return (cell, { header, content }) => {
    switch (header.msg_type) {
      case "stream": {
        const last = clearNext.has(cell) ? undefined : cell.outputs?.at(-1);
        if (last?.output_type === "stream" && last.name === content.name) last.text = `${last.text}${content.text}`;
        else add(cell, { output_type: "stream", name: content.name, text: content.text });
        break;
      }
      case "display_data":
      case "execute_result": {
        const output: Output = { output_type: header.msg_type, data: content.data, metadata: content.metadata ?? {} };
        if (header.msg_type === "execute_result") output.execution_count = content.execution_count;
        const id = (content.transient as { display_id?: string } | undefined)?.display_id;
        if (id !== undefined) places.set(id, [...(places.get(id) ?? []), output]);
        add(cell, output);
        break;
      }
      case "update_display_data": {
        const id = (content.transient as { display_id?: string } | undefined)?.display_id;
        for (const output of places.get(id!) ?? [])
          Object.assign(output, { data: content.data, metadata: content.metadata ?? {} });
        break;
      }
      case "error":
        add(cell, { output_type: "error", ename: content.ename, evalue: content.evalue, traceback: content.traceback });
        break;
      case "clear_output":
        if (content.wait === true) clearNext.add(cell);
        else cell.outputs = [];
        break;
    }
  };
}
