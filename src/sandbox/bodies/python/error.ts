/** A program's error in its own terms. CPython's own words for a program that it refuses are known from its compiler. */

import type { Body } from "../../host/body.ts";

/** See `Body.readError`. A guest can throw the compiler's words too, but only where the compiler said them first. */
export const readError: Body["readError"] = ({ name, message, line }, { program, refused }) => {
  const lines = program.split("\n").length;
  const isMissing = name === "ModuleNotFoundError" && /^No module named /.test(message);
  const told = isMissing ? `${message} (an agent has Python's own library and no packages)` : message;
  return {
    error: { name, message: told, line: line !== null && line >= 1 && line <= lines ? line : null },
    isSyntax: refused !== null && message === refused,
  };
};
