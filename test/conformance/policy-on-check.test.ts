import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("policy_on_check", () => {
  itIsMadeAsItsRowSays("policy_on_check", {
    rest: [],
    results: [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 3],
      [-1, 3],
    ],
  });
});
