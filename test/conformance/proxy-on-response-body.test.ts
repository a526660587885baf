import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_response_body", () => {
  itIsMadeAsItsRowSays("proxy_on_response_body", {
    rest: [7, 1],
    results: [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 3],
      [-1, 3],
    ],
  });
});
