/** What the kernel says of itself. Spec: Jupyter messaging 5.4, "Kernel info". */

import { readFileSync } from "node:fs";

/** The content of a `kernel_info_reply`. */
export function kernelInfo(): object {
  const version = packageVersion();
  return {
    status: "ok",
    protocol_version: "5.4",
    implementation: "autoagent",
    implementation_version: version,
    language_info: {
      name: "typescript",
      version: "7.0",
      mimetype: "text/x-typescript",
      file_extension: ".ts",
      codemirror_mode: { name: "javascript", typescript: true },
      pygments_lexer: "typescript",
      nbconvert_exporter: "script",
    },
    banner: `TypeScript on Node ${process.versions.node}: AutoAgent Lab ${version}`,
    help_links: [
      { text: "TypeScript", url: "https://www.typescriptlang.org/docs/" },
      { text: "Node.js", url: "https://nodejs.org/api/" },
    ],
    supported_features: ["iopub_welcome"],
    debugger: false,
  };
}

/** The version in the package's package.json: two folders up in the repository, three in the built package. */
function packageVersion(): string {
  for (const up of ["../..", "../../.."]) {
    try {
      const text = readFileSync(new URL(`${up}/package.json`, import.meta.url), "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch {} // not there: try the next place
  }
  return "0";
}
