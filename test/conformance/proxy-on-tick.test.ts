import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_tick", () => {
  itIsMadeAsItsRowSays("proxy_on_tick", { rest: [] });
});
