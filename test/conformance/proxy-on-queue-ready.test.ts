import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_queue_ready", () => {
  itIsMadeAsItsRowSays("proxy_on_queue_ready", { rest: [9] });
});
