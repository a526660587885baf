import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_request_trailers", () => {
  itIsMadeAsItsRowSays("proxy_on_request_trailers", {
    rest: [3],
    results: [
      [0, 0],
      [1, 1],
      [2, 1],
      [-1, 1],
    ],
  });
});
