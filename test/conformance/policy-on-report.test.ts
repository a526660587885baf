import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("policy_on_report", () => {
  itIsMadeAsItsRowSays("policy_on_report", { rest: [] });
});
