import type { JSX } from "preact";

import type { Problem } from "../api.ts";

/** An error as the registry gave it: what was tried, what to do next, the code to look up. */
export function ProblemNote({ problem }: { problem: Problem }): JSX.Element {
  return (
    <div class="problem" role="alert">
      <strong>! {problem.message}</strong>
      {problem.hint !== "" && <span>{problem.hint}</span>}
      {problem.code !== "" && <code>{problem.code}</code>}
    </div>
  );
}
