// What the AssemblyScript compiler says, as one line per problem that an editor's terminal makes a link of.

const problem = /(?:ERROR|WARNING) ([A-Z]+\d+): ([^\n]*)\n[\s\S]*?└─ in ([^\n(]+)\((\d+),(\d+)\)/g;

/** `assembly/index.ts:21:12  Cannot find name 'x'. (TS2304)`; the whole text when it has no such problem in it. */
export function compilerProblems(said: string): string[] {
  const problems = [...said.matchAll(problem)].map(
    ([, code, sentence, file, line, column]) => `${file}:${line}:${column}  ${sentence} (${code})`,
  );
  return problems.length > 0 ? [...new Set(problems)] : said.trim().split("\n");
}
