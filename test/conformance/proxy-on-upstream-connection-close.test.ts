import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_upstream_connection_close", () => {
  itIsMadeAsItsRowSays("proxy_on_upstream_connection_close", { rest: [1] });
});
