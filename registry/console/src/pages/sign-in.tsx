import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { ApiError, type Problem } from "../api.ts";
import { ProblemNote } from "../parts/problem-note.tsx";

export function SignInPage({ signIn }: { signIn: (token: string) => Promise<void> }): JSX.Element {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await signIn(token.trim());
    } catch (error) {
      setProblem(
        error instanceof ApiError
          ? error.problem
          : { code: "", message: "The registry does not answer.", hint: "Is `sluice registry` running?" },
      );
    }
  };
  return (
    <form class="card sign-in" onSubmit={(event) => void submit(event)}>
      <h1>Sign in</h1>
      <label>
        Token
        <input
          type="password"
          name="token"
          autocomplete="off"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={token.trim() === ""}>
        Open the console
      </button>
      {problem !== null && <ProblemNote problem={problem} />}
      <p class="quiet">
        The first start of the registry wrote one to <code>.sluice/admin.token</code>. It is kept in this browser as a
        cookie that scripts cannot read.
      </p>
    </form>
  );
}
