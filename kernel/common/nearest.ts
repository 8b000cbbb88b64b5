/** The known name that a misspelt one was meant to be. Word for word `src/data/nearest.ts`: kernel and library share no code. */

/** The nearest of `known` to `name`, by letters alone (`learning_rate` is `learningRate`); null where none is near. */
export function nearestName(name: string, known: readonly string[]): string | null {
  const wanted = fold(name);
  const most = Math.max(1, Math.floor(wanted.length / 3));
  const near = known
    .map((one) => ({ one, edits: editsBetween(wanted, fold(one)) }))
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits);
  if (near.length > 0) return near[0]!.one;
  // `rate` for `learningRate`: a part of one name alone.
  const holding = wanted.length < 3 ? [] : known.filter((one) => fold(one).includes(wanted));
  return holding.length === 1 ? holding[0]! : null;
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** Letters to put in, take out, replace or swap with the next (Damerau 1964, each place edited once). */
function editsBetween(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
