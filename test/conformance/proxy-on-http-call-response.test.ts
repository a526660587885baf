import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_http_call_response", () => {
  itIsMadeAsItsRowSays("proxy_on_http_call_response", { rest: [4, 3, 100, 2] });
});
