import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { ApiError, type Problem } from "../api.ts";
import { ProblemNote } from "../parts/problem-note.tsx";

export interface SignInProps {
  readonly signIn: (token: string) => Promise<void>;
  /** Why a token that is known was not let in. */
  readonly refusal: Problem | null;
}

export function SignInPage({ signIn, refusal }: SignInProps): JSX.Element {
  const [token, setToken] = useState("");
  const [failure, setProblem] = useState<Problem | null>(null);
  const problem = failure ?? refusal;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setProblem(null);
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
      <button type="submit" class="primary" disabled={token.trim() === ""}>
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
