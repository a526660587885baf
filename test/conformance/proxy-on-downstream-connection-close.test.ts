import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_downstream_connection_close", () => {
  itIsMadeAsItsRowSays("proxy_on_downstream_connection_close", { rest: [2] });
});
