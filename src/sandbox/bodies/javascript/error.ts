/** A program's error in its own terms: the child counts a line of its own above it, and its parser names a place in words. */

import type { Body } from "../../host/body.ts";

/** See `Body.readError`. A guest can throw the parser's words too, but only where our parser said them first. */
export const readError: Body["readError"] = ({ name, message, line }, { program, refused }) => {
  // The child wraps a program below one line of its own; the parser counts the program's lines as they are.
  const parsed = /\((\d+):\d+\)$/.exec(message);
  const own = parsed ? Number(parsed[1]) : line === null ? null : line - 1;
  const lines = program.split("\n").length;
  return {
    error: { name, message, line: own !== null && own >= 1 && own <= lines ? own : null },
    isSyntax: name === "SyntaxError" && message === refused,
  };
};
