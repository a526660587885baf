import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_new_connection", () => {
  itIsMadeAsItsRowSays("proxy_on_new_connection", {
    rest: [],
    results: [
      [0, 0],
      [1, 1],
      [2, 1],
      [-1, 1],
    ],
  });
});
