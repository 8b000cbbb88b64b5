/** The page's style sheet: one column of prose and code, light and dark as the reader's system is. */

/** CSS of the page. */
export const pageStyle = `
:root { color-scheme: light dark; --text: #1f2328; --soft: #59636e; --back: #ffffff; --block: #f6f8fa; --line: #d8dee4;
  --accent: #0b62a4; --red: #b3261e; --k: #a0309a; --s: #0a6640; --c: #6a737d; --n: #0550ae; --f: #7a4a00; }
@media (prefers-color-scheme: dark) { :root { --text: #e2e4e8; --soft: #9aa4af; --back: #15181c; --block: #1e2227;
  --line: #343a42; --accent: #6cb6ff; --red: #ff8a80; --k: #dda0f0; --s: #8fd9a8; --c: #8b949e; --n: #79c0ff; --f: #f0b86e; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--text); background: var(--back); font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 54rem; margin: 0 auto; padding: 2rem 1.25rem 6rem; }
nav { position: fixed; top: 2.5rem; left: max(1rem, calc(50vw - 44rem)); width: 13rem; font-size: 0.85rem; }
nav ol { list-style: none; margin: 0; padding: 0; border-left: 2px solid var(--line); }
nav li { padding: 0.2rem 0 0.2rem 0.8rem; line-height: 1.35; }
nav a { color: var(--soft); text-decoration: none; }
nav a:hover { color: var(--accent); }
@media (max-width: 88rem) { nav { display: none; } }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0.5rem 0 1rem; letter-spacing: -0.02em; }
h2 { font-size: 1.4rem; line-height: 1.3; margin: 3rem 0 0.75rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 1.5rem 0 0.5rem; }
a { color: var(--accent); }
.prose p { margin: 0.75rem 0; max-width: 46rem; }
.prose code { background: var(--block); border-radius: 4px; padding: 0.1em 0.35em; font-size: 0.88em; }
.prose blockquote { margin: 1rem 0; padding: 0.1rem 1rem; border-left: 3px solid var(--accent); color: var(--soft); }
pre, code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.prose pre code { background: none; padding: 0; }
.cell { position: relative; margin: 1.1rem 0 1.6rem; }
.number { position: absolute; right: 100%; margin-right: 0.6rem; top: 0.75rem; color: var(--soft); font: 0.75rem ui-monospace, monospace; }
@media (max-width: 60rem) { .number { display: none; } }
pre { margin: 0; overflow-x: auto; font-size: 0.84rem; line-height: 1.5; }
pre.code, .prose pre { background: var(--block); border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem 0.9rem; }
.output { margin-top: 0.7rem; padding-left: 0.9rem; border-left: 3px solid var(--line); overflow-x: auto; }
.output:has(> .figure) { padding-left: 0; border-left: 0; overflow: visible; }
.output pre.error { color: var(--red); }
.output pre.stderr { color: var(--red); opacity: 0.85; }
.figure { width: 100%; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: 0.3rem; }
th, td { padding: 0.25rem 0.9rem 0.25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; }
details > summary { cursor: pointer; color: var(--soft); font-size: 0.85rem; }
img { max-width: 100%; }
.hljs-keyword, .hljs-built_in, .hljs-type { color: var(--k); }
.hljs-string, .hljs-regexp, .hljs-subst { color: var(--s); }
.hljs-comment { color: var(--c); font-style: italic; }
.hljs-number, .hljs-literal { color: var(--n); }
.hljs-title, .hljs-attr, .hljs-property { color: var(--f); }
@media print { nav { display: none; } .cell, .figure { break-inside: avoid; } }
`;
