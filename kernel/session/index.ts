/** The session: a protocol process, and the user process that runs cells. */

export { type Kernel, startKernel } from "./serve.ts";
