/** Calls of tools by JSON-RPC, which OpenEnv's protocol has beside its own messages: this environment has no tools. */

/** JSON-RPC's answer, whatever was asked. */
export function mcpAnswer(request: unknown): object {
  const { id = null } = (request ?? {}) as { id?: unknown };
  const error = { code: -32601, message: "This environment has no tools: play it by reset and step" };
  return { jsonrpc: "2.0", id, error };
}
