import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_foreign_function", () => {
  itIsMadeAsItsRowSays("proxy_on_foreign_function", { rest: [9, 16] });
});
