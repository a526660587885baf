import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_downstream_data", () => {
  itIsMadeAsItsRowSays("proxy_on_downstream_data", {
    rest: [7, 1],
    results: [
      [0, 0],
      [1, 1],
      [2, 1],
      [-1, 1],
    ],
  });
});
