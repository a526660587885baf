import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_request_headers", () => {
  itIsMadeAsItsRowSays("proxy_on_request_headers", {
    rest: [3, 1],
    results: [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 4],
      [-1, 4],
    ],
  });
});
