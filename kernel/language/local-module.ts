/**
 * A reader's own .ts file, where Node's stripping of types is not enough: enums, namespaces, parameter properties, decorators
 * and `accessor`. Those few are compiled here, with a source map in the code; everything else is left to Node, which
 * keeps each line and column where it is. Not here: which files are the reader's own (`kernel/session/user/modules.ts`).
 */

import { parseSync } from "oxc-parser";
import { transformSync } from "oxc-transform";
import { lower, needsLowering } from "./lower.ts";

/** What may need more than stripping, by its looks. */
const suspicious =
  /@|\b(?:accessor|enum|namespace|module|import\s+\w+\s*=)\b|\b(?:public|private|protected|readonly|override)\s/;

/**
 * JavaScript for a TypeScript module that Node cannot strip, and whether it is an ES module; null for one that it can, or
 * that does not parse, which Node says best. Throws an Error when decorators are there and no compiler.
 */
export function compileLocalModule(
  source: string,
  { file, directory }: { file: string; directory: string },
): { code: string; isModule: boolean } | null {
  if (!suspicious.test(source)) return null;
  const { program, errors, module } = parseSync(file, source, { lang: "ts", sourceType: "module" });
  if (errors.length > 0) return null;
  const isModule = module.hasModuleSyntax;
  if (needsLowering(source, program)) {
    const { code, map } = lower(source, [], { directory });
    return { code: withMap(code, map, file, source), isModule };
  }
  if (!leavesCode(program)) return null;
  const done = transformSync(file, source, {
    lang: "ts",
    sourceType: "module",
    sourcemap: true,
    target: "esnext",
    typescript: { onlyRemoveTypeImports: true },
  });
  return done.errors.length > 0 ? null : { code: withMap(done.code, done.map!, file, source), isModule };
}

/** Whether the syntax leaves code behind that is not in the text. */
function leavesCode(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(leavesCode);
  if (typeof node !== "object" || node === null) return false;
  const { type, declare, importKind } = node as { type?: string; declare?: boolean; importKind?: string };
  if (declare === true) return false;
  if (type === "TSEnumDeclaration" || type === "TSModuleDeclaration" || type === "TSParameterProperty") return true;
  if (type === "TSExportAssignment" || (type === "TSImportEqualsDeclaration" && importKind !== "type")) return true;
  return Object.values(node).some(leavesCode);
}

function withMap(code: string, map: object, file: string, source: string): string {
  const text = JSON.stringify({ ...map, sources: [file], sourcesContent: [source] });
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(text).toString("base64")}\n`;
}
