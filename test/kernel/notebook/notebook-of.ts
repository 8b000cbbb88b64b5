/** A notebook of code cells, as a front end saves it. */

/** One cell a source; `tagsOf` gives a cell's tags by its source. */
export function notebookOf(
  sources: readonly string[],
  {
    kernelspec = { name: "autoagent", language: "typescript" },
    tagsOf,
  }: { kernelspec?: object; tagsOf?: (source: string) => string[] } = {},
) {
  const cells = sources.map((source, i) => {
    const tags = tagsOf?.(source) ?? [];
    const metadata = tags.length > 0 ? { tags } : {};
    return { cell_type: "code", id: `cell-${i}`, metadata, execution_count: null, outputs: [], source };
  });
  return { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
}
